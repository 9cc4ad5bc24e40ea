//! Rewrites steps so that the same numbers cost less. In: the steps of a program, one
//! operation each. Out: steps with the same value:
//!
//! * a dense layer over a concatenation is the sum of its parts;
//! * a dense layer after a gather is a gather after the dense layer, which then has a row
//!   for each place and not for each entry (a map leads from many entries to few places);
//! * what is computed twice from the same is computed once;
//! * what nothing reads is gone;
//! * a function of what a dense layer makes is done while that is in the cache.

use std::collections::{BTreeMap, BTreeSet};

use super::super::layers::{Arithmetic, Dense, Map, Pair};
use super::{Kernel, Step, Value};

/// The rewritten steps and values.
pub(super) fn rewrite(
    steps: Vec<Step>,
    values: Vec<Value>,
    output: usize,
) -> (Vec<Step>, Vec<Value>, usize) {
    let mut rewriting = Rewriting {
        values,
        steps: Vec::new(),
        maker: BTreeMap::new(),
        stands_for: BTreeMap::new(),
    };
    for step in steps {
        rewriting.add(step);
    }
    let output = rewriting.own(output);
    let steps = needed(rewriting.steps, output);
    let (steps, output) = taken_in(steps, output);
    (steps, rewriting.values, output)
}

/// The steps, where a function alone reads what one before it makes and that can do both at
/// once, with both in one; and the value that then is the output.
fn taken_in(steps: Vec<Step>, mut output: usize) -> (Vec<Step>, usize) {
    let mut reads: BTreeMap<usize, usize> = BTreeMap::from([(output, 1)]);
    for input in steps.iter().flat_map(|step| &step.inputs) {
        *reads.entry(*input).or_default() += 1;
    }
    let mut stands_for: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept: Vec<Step> = Vec::new();
    for mut step in steps {
        for input in &mut step.inputs {
            *input = stands_for.get(input).copied().unwrap_or(*input);
        }
        let input = step.inputs.first().copied();
        let alone = input.and_then(|input| reads.get(&input)) == Some(&1);
        let maker = kept.iter_mut().find(|known| Some(known.output) == input);
        if let (Kernel::Map(map), Some(maker), true) = (&step.kernel, maker, alone)
            && both(&mut maker.kernel, *map)
        {
            let (made, read) = (step.output, reads.get(&step.output).copied());
            stands_for.insert(made, maker.output);
            reads.insert(maker.output, read.unwrap_or(0));
            if output == made {
                output = maker.output;
            }
            continue;
        }
        kept.push(step);
    }
    (kept, output)
}

/// Lets a kernel do `map` after what it does, if it can.
fn both(kernel: &mut Kernel, map: Map) -> bool {
    let own = match kernel {
        Kernel::Map(own) => own,
        Kernel::Dense(dense) => match &mut dense.then {
            None if map.keeps_output() => {
                dense.then = Some(map);
                return true;
            }
            None => return false,
            Some(own) => own,
        },
        _ => return false,
    };
    match (own, map) {
        (Map::Softplus(constant), Map::Shift(more)) => {
            *constant += more;
            true
        }
        _ => false,
    }
}

/// The steps that `output` needs.
fn needed(steps: Vec<Step>, output: usize) -> Vec<Step> {
    let mut read = BTreeSet::from([output]);
    let mut kept: Vec<Step> = Vec::new();
    for step in steps.into_iter().rev() {
        if read.contains(&step.output) {
            read.extend(step.inputs.iter().copied());
            kept.push(step);
        }
    }
    kept.reverse();
    kept
}

struct Rewriting {
    values: Vec<Value>,
    steps: Vec<Step>,
    /// The step that makes each value.
    maker: BTreeMap<usize, usize>,
    /// The value in whose place another stands.
    stands_for: BTreeMap<usize, usize>,
}

impl Rewriting {
    /// The value that stands in the place of `value`.
    fn own(&self, value: usize) -> usize {
        self.stands_for.get(&value).copied().unwrap_or(value)
    }

    fn made_by(&self, value: usize) -> Option<&Step> {
        self.maker.get(&value).and_then(|k| self.steps.get(*k))
    }

    fn learns(&self, value: usize) -> bool {
        self.values.get(value).is_some_and(|value| value.learns)
    }

    /// Adds a step of the program, rewritten.
    fn add(&mut self, mut step: Step) {
        for input in &mut step.inputs {
            *input = self.own(*input);
        }
        let made = match step.kernel {
            Kernel::Dense(dense) => self.dense(dense, &step),
            _ => None,
        };
        let output = step.output;
        let made = made.unwrap_or_else(|| self.push(step));
        if made != output {
            self.stands_for.insert(output, made);
        }
    }

    /// Adds a step as it is, unless there is one that makes the same. Gives its value.
    fn push(&mut self, step: Step) -> usize {
        let repeatable = step.state.is_empty()
            && !matches!(step.kernel, Kernel::Dropout(_) | Kernel::BatchNorm(_));
        let same = |known: &&Step| {
            known.kernel == step.kernel
                && known.inputs == step.inputs
                && known.weights == step.weights
                && self.shape(known.output) == self.shape(step.output)
        };
        let known = self.steps.iter().find(same).filter(|_| repeatable);
        if let Some(known) = known {
            return known.output;
        }
        let output = step.output;
        self.maker.insert(output, self.steps.len());
        self.steps.push(step);
        output
    }

    fn shape(&self, value: usize) -> Option<(Option<super::Domain>, usize)> {
        self.values
            .get(value)
            .map(|value| (value.domain, value.width))
    }

    /// Adds a step that makes a new value, `width` numbers per row, with the rows of
    /// `like`.
    fn fresh(
        &mut self,
        kernel: Kernel,
        inputs: Vec<usize>,
        like: usize,
        width: usize,
        weights: Vec<usize>,
    ) -> usize {
        let sends: Vec<bool> = inputs.iter().map(|input| self.learns(*input)).collect();
        let output = self.values.len();
        self.values.push(Value {
            domain: self.values.get(like).and_then(|value| value.domain),
            width,
            learns: !weights.is_empty() || sends.contains(&true),
            kept: false,
            last_read: None,
        });
        self.push(Step {
            kernel,
            inputs,
            sends,
            output,
            weights,
            state: Vec::new(),
        })
    }

    /// A dense layer over a gather, or over a concatenation with one in it; nothing if it
    /// is neither.
    fn dense(&mut self, dense: Dense, step: &Step) -> Option<usize> {
        let input = *step.inputs.first()?;
        let parts = match self.made_by(input).map(|step| &step.kernel) {
            // A layer that reads what was joined in other lines reads across the seams.
            Some(Kernel::Concat(concat))
                if concat.widths.iter().sum::<usize>() == dense.inputs =>
            {
                let widths = concat.widths.clone();
                let inputs = self.made_by(input)?.inputs.clone();
                inputs.into_iter().zip(widths).collect()
            }
            _ => vec![(input, dense.inputs)],
        };
        if !parts.iter().any(|(part, _)| self.spreads(*part)) {
            return None;
        }
        let lines = self.values.get(step.output)?.width / dense.units;
        let mut first = 0;
        let mut sum: Option<usize> = None;
        // The constant terms go along with the part that has the fewest rows.
        let least = parts.iter().position(|(part, _)| self.spreads(*part));
        for (k, (part, inputs)) in parts.into_iter().enumerate() {
            let own = Dense {
                inputs,
                units: dense.units,
                then: None,
                first,
                part: true,
            };
            first += inputs;
            let bias = Some(k) == least;
            let weights = step.weights.iter().copied();
            let weights = weights.take(if bias { 2 } else { 1 }).collect();
            let made = self.before(own, part, lines * dense.units, weights);
            sum = Some(match sum {
                None => made,
                Some(sum) => {
                    let sizes = [lines * dense.units];
                    let pair = Pair::new(Arithmetic::Add, &sizes, &sizes);
                    let width = lines * dense.units;
                    self.fresh(
                        Kernel::Pair(pair),
                        vec![sum, made],
                        step.output,
                        width,
                        vec![],
                    )
                }
            });
        }
        let sum = sum?;
        Some(match dense.then {
            None => sum,
            Some(map) => {
                let width = lines * dense.units;
                let map = Kernel::Map(map);
                self.fresh(map, vec![sum], step.output, width, vec![])
            }
        })
    }

    /// Whether a value takes its rows from where there are fewer.
    fn spreads(&self, value: usize) -> bool {
        let kernel = self.made_by(value).map(|step| &step.kernel);
        matches!(kernel, Some(Kernel::Gather { .. } | Kernel::Spread))
    }

    /// A dense layer on `value`, done before its rows are gathered if they are.
    fn before(
        &mut self,
        dense: Dense,
        value: usize,
        width: usize,
        weights: Vec<usize>,
    ) -> usize {
        let source = match self.made_by(value) {
            Some(step) if self.spreads(value) => {
                step.inputs.first().map(|from| (step.kernel.clone(), *from))
            }
            _ => None,
        };
        let Some((kernel, from)) = source else {
            let kernel = Kernel::Dense(dense);
            return self.fresh(kernel, vec![value], value, width, weights);
        };
        let made = self.before(dense, from, width, weights);
        self.fresh(kernel, vec![made], value, width, vec![])
    }
}
