//! Networks drawn at random: operations on whatever values are there, of any domain.

mod pieces;

use super::super::super::{Domain, Failure, Graph, GraphBuilder, Grouping, Init, NodeId};
use super::{
    Made, ROWS, conv, made_of, on_crystals, on_vectors, over, over_crystals, routes,
};
use crate::draw::Stream;
use pieces::Layer;

/// How many networks of each kind are tried.
pub(crate) const SEEDS: u64 = 200;

/// A network on its way: values that the next operation may read.
struct Growing<'a> {
    b: &'a mut GraphBuilder,
    stream: Stream,
    values: Vec<NodeId>,
    /// Layers that may be used again.
    layers: Vec<Layer>,
    /// For labels of their own.
    count: usize,
    crystals: bool,
    /// Whether rows are so long that chains read them where they lie.
    wide: bool,
}

impl Growing<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.stream.below(n as u64) as usize
    }

    /// A value, a late one rather than an early one.
    fn any(&mut self) -> NodeId {
        let (one, other) = (self.below(self.values.len()), self.below(self.values.len()));
        self.values[one.max(other)]
    }

    fn label(&mut self) -> String {
        self.count += 1;
        format!("layer{}", self.count)
    }

    /// How many numbers a layer makes.
    fn units(&mut self) -> usize {
        let least = if self.wide { 32 } else { 1 };
        least + self.below(4)
    }

    /// A value with at least one axis, between -1 and 1.
    fn tame(&mut self) -> Made {
        let x = self.any();
        self.tamed(x)
    }

    /// `x` between -1 and 1, with at least one axis.
    fn tamed(&mut self, x: NodeId) -> Made {
        let x = self.b.tanh("tame", x)?;
        match self.b.sizes(x).is_empty() {
            true => self.b.reshape("r", x, &[1]),
            false => Ok(x),
        }
    }

    /// One more value. What goes in is tamed first, here or in a piece, so that numbers
    /// stay within reach of single precision however long the chain is.
    fn grow(&mut self) -> Result<(), Failure> {
        let x = self.tame()?;
        let sizes = self.b.sizes(x).to_vec();
        let last = *sizes.last().unwrap();
        let label = self.label();
        let kinds = if self.crystals { 32 } else { 20 };
        let y = match self.below(kinds) {
            0 => {
                let units = self.units();
                self.b.dense(&label, x, units, true, Init::Kaiming)?
            }
            1 => self.b.relu("r", x)?,
            2 => self.b.silu("s", x)?,
            3 => self.b.softplus("s", x)?,
            4 => self.b.exp("e", x)?,
            5 => self.b.gaussians("g", x, 3, (-1.0, 1.0), 0.8)?,
            6 => self.b.layer_norm(&label, x, 1e-1)?,
            7 => self.b.batch_norm(&label, x, 1e-1, 0.2)?,
            8 => self.b.softmax_last("s", x)?,
            9 => {
                let start = self.below(last);
                let stop = start + 1 + self.below(last - start);
                self.b.slice("s", x, start, stop)?
            }
            10 if sizes.len() > 1 => self.b.transpose("t", x)?,
            10 => self.b.sum_last("s", x)?,
            11 if self.below(2) == 0 => self.b.max_last("m", x)?,
            11 => self.b.mean_last("m", x)?,
            12 => {
                let w = self.b.weight(&label, &sizes, Init::Kaiming)?;
                self.b.multiply("m", x, w)?
            }
            13 => {
                // Spread over an axis more, or over the first of three.
                let first = if sizes.len() == 3 { sizes[0] } else { 2 };
                let w = self.b.weight(&label, &[first, 1, 1], Init::Kaiming)?;
                let y = self.b.add("a", w, x)?;
                self.b.flatten("f", y)?
            }
            14 => match sizes.len() {
                2 => {
                    let conv = conv(2, 2, 1, 1);
                    self.b.conv1d(&label, x, conv, Init::Kaiming)?
                }
                _ => self.b.leaky_relu("l", x, 0.1)?,
            },
            15 => self.two(x)?,
            16..20 if self.crystals => self.moved(x)?,
            _ => self.piece()?,
        };
        // Axes do not grow without end.
        let width = self.b.sizes(y).iter().product::<usize>();
        let most = if self.wide { 96 } else { 24 };
        let y = match width > most || self.b.sizes(y).len() > 3 {
            true => {
                let flat = self.b.flatten("f", y)?;
                let label = self.label();
                let units = self.units();
                self.b.dense(&label, flat, units, false, Init::Kaiming)?
            }
            false => y,
        };
        self.values.push(y);
        Ok(())
    }

    /// An operation on `x` and another value of its domain, if shapes allow it.
    fn two(&mut self, x: NodeId) -> Made {
        let other = self.tame()?;
        if self.b.domain(x) != self.b.domain(other) {
            return self.b.add("twice", x, x);
        }
        let size = self.b.abs("abs", other)?;
        let one = self.b.scalar("1", 1.0)?;
        let size = self.b.add("size", size, one)?;
        let made = self.b.divide("ratio", x, size);
        made.or_else(|_| self.b.subtract("from", one, x))
    }

    /// `x` in another domain, or shares within its own.
    fn moved(&mut self, x: NodeId) -> Made {
        let own = self.b.domain(x);
        let routes = routes();
        let fitting = routes.iter().filter(|r| Some(r.from()) == own);
        let leading: Vec<_> = routes.iter().filter(|r| Some(r.to()) == own).collect();
        let fitting: Vec<_> = fitting.collect();
        let choice = self.below(5);
        if !fitting.is_empty() && (leading.is_empty() || choice > 1) {
            let at = self.below(fitting.len());
            return match choice {
                2 => self.b.group("g", x, fitting[at], Grouping::Mean),
                3 => self.b.softmax_group("g", x, fitting[at]),
                4 => self.b.group("g", x, fitting[at], Grouping::Max),
                _ => self.b.group("g", x, fitting[at], Grouping::Sum),
            };
        }
        let at = self.below(leading.len());
        self.b.gather("g", x, leading[at])
    }

    /// The last few of the values as one output.
    fn close(&mut self) -> Made {
        let last = self.values.len().saturating_sub(3);
        let mut sum = None;
        for x in self.values.split_off(last) {
            let x = self.b.tanh("last", x)?;
            let x = super::to_rows(self.b, x)?;
            let x = self.b.flatten("f", x)?;
            let label = self.label();
            let x = self.b.dense(&label, x, 2, true, Init::Kaiming)?;
            sum = Some(match sum {
                None => x,
                Some(sum) => self.b.add("sum", sum, x)?,
            });
        }
        Ok(sum.unwrap())
    }
}

fn grown(b: &mut GraphBuilder, values: Vec<NodeId>, seed: u64, crystals: bool) -> Made {
    let mut growing = Growing {
        b,
        stream: Stream::new(seed),
        values,
        layers: Vec::new(),
        count: 0,
        crystals,
        wide: seed % 8 == 7,
    };
    for _ in 0..4 + seed % 9 {
        growing.grow()?;
    }
    growing.close()
}

/// The network over vectors of that seed.
pub(crate) fn on_vectors_of(seed: u64) -> Graph {
    let shapes: [&[usize]; 4] = [&[3], &[2, 3], &[4, 1], &[1, 2, 2]];
    over(shapes[seed as usize % shapes.len()], |b, x| {
        grown(b, vec![x], seed, false)
    })
}

/// The network over crystals of that seed.
pub(crate) fn on_crystals_of(seed: u64) -> Graph {
    over_crystals(|b| {
        b.shared("e");
        b.shared("c");
        let all = [Domain::Atoms, Domain::Rows, Domain::Bonds, Domain::Angles];
        let values = all.map(|domain| made_of(b, domain));
        let values: Result<Vec<NodeId>, Failure> = values.into_iter().collect();
        grown(b, values?, seed, true)
    })
}

#[test]
fn random_networks_over_vectors_agree() {
    for seed in 0..SEEDS {
        on_vectors(&format!("seed {seed}"), &on_vectors_of(seed), ROWS);
    }
}

#[test]
fn random_networks_over_crystals_agree() {
    for seed in 0..SEEDS {
        on_crystals(&format!("seed {seed}"), &on_crystals_of(seed));
    }
}
