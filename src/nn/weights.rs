//! The parameter store: named tensors in ordinal order. In: a graph and draws, arrays or
//! safetensors bytes. Out: [`Weights`], checked against the graph.

use super::archive::{Archive, Entry};
use super::blocks::{each_with, vectorised};
use super::buffer::Buffer;
use super::failure::Failure;
use super::graph::{Graph, Start, WeightSpec};
use super::scale::TargetScale;
use crate::draw::{Draws, Stream};

/// The weights of a network, or one number beside each of them (a gradient).
#[derive(Clone, Debug)]
pub struct Weights {
    pub(crate) specs: Vec<WeightSpec>,
    pub(crate) buffers: Vec<Buffer>,
}

impl Weights {
    /// Fresh weights. Each tensor is drawn by its ordinal alone, not by its name.
    pub fn start(graph: &Graph, draws: &Draws) -> Weights {
        Weights::fill(graph, |spec| match spec.start {
            Start::Constant(c) => vec![c; spec.count()],
            Start::Uniform { limit } => {
                let mut stream = draws.stream("start", &[spec.ordinal as u64]);
                let mut one = || stream.uniform(-limit, limit);
                (0..spec.count()).map(|_| one()).collect()
            }
            Start::Orthogonal => {
                let mut stream = draws.stream("start", &[spec.ordinal as u64]);
                orthogonal(&mut stream, &spec.sizes)
            }
        })
    }

    /// Weights of zero.
    pub(crate) fn zeros(graph: &Graph) -> Weights {
        Weights::fill(graph, |spec| vec![0.0; spec.count()])
    }

    /// Weights with the numbers that `values` gives for each of the graph's weights.
    fn fill(graph: &Graph, values: impl Fn(&WeightSpec) -> Vec<f32>) -> Weights {
        let fresh = |spec| Buffer::from_vec(values(spec));
        Weights {
            specs: graph.weights().to_vec(),
            buffers: graph.weights().iter().map(fresh).collect(),
        }
    }

    /// Weights from (name, shape, values) in any order. Every weight of the graph must be
    /// there once, and nothing else.
    pub fn from_arrays(
        graph: &Graph,
        arrays: Vec<(String, Vec<usize>, Vec<f32>)>,
    ) -> Result<Weights, Failure> {
        let archive = Archive::from_arrays(arrays).map_err(unfit)?;
        Weights::from_archive(graph, archive)
    }

    /// Weights from the bytes of a safetensors file of f32 tensors.
    pub fn from_safetensors(graph: &Graph, bytes: &[u8]) -> Result<Weights, Failure> {
        let archive = Archive::read(bytes).map_err(unfit)?;
        Weights::from_archive(graph, archive)
    }

    fn from_archive(graph: &Graph, mut archive: Archive) -> Result<Weights, Failure> {
        let weights = Weights::take(graph, &mut archive, "").map_err(unfit)?;
        archive.must_be_empty().map_err(unfit)?;
        Ok(weights)
    }

    /// Takes the graph's weights out of an archive, where their names begin with `prefix`.
    pub(crate) fn take(
        graph: &Graph,
        archive: &mut Archive,
        prefix: &str,
    ) -> Result<Weights, String> {
        let mut buffers = Vec::new();
        for spec in graph.weights() {
            let name = format!("{prefix}{}", spec.name);
            let values = archive.take_f32(&name, &spec.sizes)?;
            buffers.push(Buffer::from_vec(values));
        }
        Ok(Weights {
            specs: graph.weights().to_vec(),
            buffers,
        })
    }

    /// The bytes of a safetensors file with these weights.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, Failure> {
        Archive::write(self.entries("")).map_err(unfit)
    }

    /// The same, its header saying on what scale they see targets in that unit.
    pub fn to_file(&self, scale: TargetScale, unit: &str) -> Result<Vec<u8>, Failure> {
        Archive::write_with(self.entries(""), &scale.remarks(unit)).map_err(unfit)
    }

    /// The weights as entries of an archive.
    pub(crate) fn entries(&self, prefix: &str) -> Vec<Entry> {
        let entry = |(name, sizes, values): (&str, &[usize], &[f32])| {
            Entry::f32(format!("{prefix}{name}"), sizes, values)
        };
        self.iter().map(entry).collect()
    }

    /// The names in ordinal order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.specs.iter().map(|spec| spec.name.as_str())
    }

    /// Name, shape and values of each tensor in ordinal order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        let pairs = self.specs.iter().zip(&self.buffers);
        pairs.map(|(s, b)| (s.name.as_str(), s.sizes.as_slice(), b.values()))
    }

    /// Shape and values of the tensor called `name`.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        let found = self.iter().find(|(own, _, _)| *own == name);
        found.map(|(_, sizes, values)| (sizes, values))
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.specs.iter().map(WeightSpec::count).sum()
    }

    /// Takes over the numbers of `other`, which has the same tensors.
    pub(crate) fn copy_from(&mut self, other: &Weights) {
        for (own, other) in self.buffers.iter_mut().zip(&other.buffers) {
            each_with(own.values_mut(), other.values(), |y, x| {
                y.copy_from_slice(x)
            });
        }
    }

    /// The name of a tensor that holds a NaN or an infinity.
    pub(crate) fn not_finite(&self) -> Option<&str> {
        self.first_not_finite(|_| true)
    }

    /// The same, of those that are learnt.
    pub(crate) fn learnt_not_finite(&self) -> Option<&str> {
        self.first_not_finite(|spec| spec.trained)
    }

    fn first_not_finite(&self, asked: impl Fn(&WeightSpec) -> bool) -> Option<&str> {
        let mut all = self.specs.iter().zip(&self.buffers);
        let found = all.find(|(spec, buffer)| {
            asked(spec)
                && !vectorised(
                    #[inline(always)]
                    || all_finite(buffer.values()),
                )
        });
        found.map(|(spec, _)| spec.name.as_str())
    }

    /// An error unless these are weights of `graph`.
    pub(crate) fn must_fit(&self, graph: &Graph) -> Result<(), Failure> {
        let key = |spec: &WeightSpec| (spec.name.clone(), spec.sizes.clone());
        let (own, other) = (self.specs.iter().map(key), graph.weights().iter().map(key));
        if own.eq(other) {
            return Ok(());
        }
        let describe = |specs: &[WeightSpec]| {
            let names: Vec<String> = specs
                .iter()
                .map(|s| format!("{} {:?}", s.name, s.sizes))
                .collect();
            names.join(", ")
        };
        Err(unfit(format!(
            "the model has {}, but these are {}",
            describe(graph.weights()),
            describe(&self.specs)
        )))
    }
}

/// A matrix (the last axis against all before it) with orthonormal rows or columns,
/// whichever are fewer: what Gram and Schmidt make of normal draws.
fn orthogonal(stream: &mut Stream, sizes: &[usize]) -> Vec<f32> {
    let columns = sizes.last().copied().unwrap_or(1);
    let rows: usize = sizes.iter().rev().skip(1).product();
    let (many, few) = (rows.max(columns), rows.min(columns));
    let mut basis: Vec<Vec<f64>> = Vec::new();
    while basis.len() < few {
        let mut fresh: Vec<f64> = (0..many).map(|_| normal(stream)).collect();
        // Twice: the first pass leaves rounding behind where vectors are nearly parallel.
        for other in basis.iter().chain(&basis) {
            let along: f64 = fresh.iter().zip(other).map(|(a, b)| a * b).sum();
            let pairs = fresh.iter_mut().zip(other);
            pairs.for_each(|(x, other)| *x -= along * other);
        }
        let length = fresh.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 1e-6 {
            fresh.iter_mut().for_each(|x| *x /= length);
            basis.push(fresh);
        }
    }
    let place = |k: usize| {
        let (row, column) = (k / columns, k % columns);
        let (which, at) = match rows < columns {
            true => (row, column),
            false => (column, row),
        };
        basis
            .get(which)
            .and_then(|b| b.get(at))
            .map_or(0.0, |x| *x as f32)
    };
    (0..rows * columns).map(place).collect()
}

/// A draw from the normal distribution (Box and Muller 1958).
fn normal(stream: &mut Stream) -> f64 {
    let radius = (-2.0 * libm::log(1.0 - stream.next_f64())).sqrt();
    radius * libm::cos(std::f64::consts::TAU * stream.next_f64())
}

/// Whether no number is NaN or infinite: those have all bits of the exponent set. (A
/// maximum over integers vectorises, a search that may end early does not.)
#[inline(always)]
pub(crate) fn all_finite(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7F80_0000;
    let exponents = values.iter().map(|x| x.to_bits() & EXPONENT).max();
    exponents.is_none_or(|top| top < EXPONENT)
}

fn unfit(problem: String) -> Failure {
    Failure::WeightsDoNotFit { problem }
}

#[cfg(test)]
mod tests;
