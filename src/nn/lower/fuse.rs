//! Fuses steps to chains. In: the steps of a program, one operation each. Out: the same
//! program with every run of operations on rows taken together in chains: functions of
//! numbers, arithmetic, rows taken by maps before it, sums by maps after it, and batch
//! normalisations, whose statistics are taken while their input is made. What matrix
//! products and the like read or make stays a value; what only lies between is computed
//! where it is needed, forward and again backward, and never kept.

mod making;

use std::collections::{BTreeMap, BTreeSet};

use super::super::chain::{Chain, Source, Store};
use super::super::domain::{Domain, Grouping};
use super::super::layers::BatchNorm;
use super::derive::{Back, derive};
use super::{Kernel, Step, Value};
use making::Making;

/// Operations after which a value read more than once is kept rather than made again.
const MANY: usize = 8;
/// Operations after which any value is.
const TOO_MANY: usize = 40;

/// What an exponential and the like counts as: worth keeping, but of a value that is kept
/// itself (a network's memory grew by a fifth for that, and it became no faster).
const SERIES: usize = MANY;

/// How many numbers a reduction makes one of, from which on what it makes is kept: little
/// room, for much that would have to be made again.
const NARROWED: usize = 8;

/// A chain as a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chained {
    pub(crate) chain: Chain,
    /// Normalisations whose statistics it takes.
    pub(crate) notes: Vec<Note>,
    pub(crate) back: Option<Back>,
}

/// The statistics of a normalisation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    pub(crate) norm: BatchNorm,
    /// The value that holds them.
    pub(crate) value: usize,
    /// Factors and constants.
    pub(crate) weights: Vec<usize>,
    /// The running statistics.
    pub(crate) state: Vec<usize>,
    /// Which of the chain's columns are its sums; its sums of squares follow.
    pub(crate) columns: usize,
}

impl Chained {
    /// The values it makes.
    pub(crate) fn makes(&self) -> Vec<usize> {
        let stores = self.chain.stores.iter().map(|store| store.value);
        let sums = self.chain.sums.iter().map(|sum| sum.value);
        let notes = self.notes.iter().map(|note| note.value);
        stores.chain(sums).chain(notes).collect()
    }

    /// The values its way back reads.
    pub(crate) fn keeps(&self) -> Vec<usize> {
        let Some(back) = &self.back else {
            return Vec::new();
        };
        let reads = [&back.first, &back.second]
            .into_iter()
            .flat_map(Chain::reads);
        let values = reads.filter_map(|source| match source {
            Source::Value(value) => Some(value),
            _ => None,
        });
        values
            .chain(back.norms.iter().map(|norm| norm.note))
            .collect()
    }
}

/// What a chain is to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    /// Rows of a value.
    Store(usize),
    /// The value that a grouping makes.
    Sum(usize),
    /// The statistics that the normalisation number `0` of the steps takes.
    Note(usize),
}

/// The fused steps of `steps`, and the values with those of statistics after them.
pub(super) fn fuse(
    steps: Vec<Step>,
    values: Vec<Value>,
    output: usize,
) -> (Vec<Step>, Vec<Value>) {
    let fusing = Fusing::new(steps, values, output);
    let order = fusing.schedule();
    let steps = order.into_iter().map(|item| match item {
        Item::Step(k) => fusing.steps.get(k).cloned(),
        Item::Chain(domain, roots) => Some(fusing.chain(domain, &roots)),
    });
    let steps = steps.flatten().collect();
    (steps, fusing.values)
}

/// What is done in which order.
enum Item {
    Step(usize),
    Chain(Option<Domain>, Vec<Root>),
}

struct Fusing {
    steps: Vec<Step>,
    values: Vec<Value>,
    /// The step that makes each value.
    maker: BTreeMap<usize, usize>,
    /// The values that are kept as rows.
    material: BTreeSet<usize>,
    /// The value that holds the statistics of each normalising step.
    notes: BTreeMap<usize, usize>,
    roots: Vec<(Root, Option<Domain>)>,
}

/// Whether a step is done row by row.
fn fusable(step: &Step) -> bool {
    match &step.kernel {
        Kernel::Group { group, .. } => group.grouping != Grouping::Max,
        Kernel::Map(_)
        | Kernel::Pair(_)
        | Kernel::Gather { .. }
        | Kernel::Spread
        | Kernel::Concat(_)
        | Kernel::Slice(_)
        | Kernel::Transpose(_)
        | Kernel::Reduce(_)
        | Kernel::Softmax(_)
        | Kernel::BatchNorm(_) => true,
        _ => false,
    }
}

/// How much work an operation is, counted in sums and products.
fn effort(kernel: &Kernel) -> usize {
    match kernel {
        Kernel::Map(map) if map.is_series() => SERIES,
        Kernel::Softmax(_) => SERIES,
        _ => 1,
    }
}

impl Fusing {
    fn new(steps: Vec<Step>, values: Vec<Value>, output: usize) -> Fusing {
        let maker = steps.iter().enumerate().map(|(k, step)| (step.output, k));
        let mut fusing = Fusing {
            maker: maker.collect(),
            steps,
            values,
            material: BTreeSet::from([output]),
            notes: BTreeMap::new(),
            roots: Vec::new(),
        };
        fusing.settle();
        fusing
    }

    /// Chooses the values that are kept as rows, and lists what chains are to make.
    fn settle(&mut self) {
        let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
        for step in &self.steps {
            for input in &step.inputs {
                *uses.entry(*input).or_default() += 1;
            }
            let lone = matches!(
                step.kernel,
                Kernel::Gather { .. } | Kernel::Spread | Kernel::BatchNorm(_)
            );
            if !fusable(step) || lone {
                self.material.extend(step.inputs.iter().copied());
            }
            if !fusable(step) || matches!(step.kernel, Kernel::Group { .. }) {
                self.material.insert(step.output);
            }
            if let Kernel::Reduce(reduce) = step.kernel
                && reduce.width >= NARROWED
            {
                self.material.insert(step.output);
            }
        }
        let mut cost: BTreeMap<usize, usize> = BTreeMap::new();
        for (k, step) in self.steps.iter().enumerate() {
            let of = |input: &usize| cost.get(input).copied().unwrap_or(0);
            let own = effort(&step.kernel) + step.inputs.iter().map(of).sum::<usize>();
            let read = uses.get(&step.output).copied().unwrap_or(0);
            if own > TOO_MANY || own > MANY && read > 1 {
                self.material.insert(step.output);
            }
            let kept = self.material.contains(&step.output);
            cost.insert(step.output, if kept { 0 } else { own });
            if let Kernel::BatchNorm(norm) = &step.kernel {
                self.notes.insert(k, self.values.len());
                self.values.push(Value {
                    domain: None,
                    width: norm.noted(),
                    learns: false,
                    kept: false,
                    last_read: None,
                });
            }
        }
        for (k, step) in self.steps.iter().enumerate().filter(|(_, s)| fusable(s)) {
            let of = |value: Option<&usize>| {
                value
                    .and_then(|v| self.values.get(*v))
                    .and_then(|v| v.domain)
            };
            let rows = of(step.inputs.first());
            match step.kernel {
                Kernel::Group { .. } => self.roots.push((Root::Sum(step.output), rows)),
                Kernel::BatchNorm(_) => self.roots.push((Root::Note(k), rows)),
                _ => (),
            }
            let grouped = matches!(step.kernel, Kernel::Group { .. });
            if !grouped && self.material.contains(&step.output) {
                let rows = of(Some(&step.output));
                self.roots.push((Root::Store(step.output), rows));
            }
        }
    }

    /// The step that makes a value.
    fn made_by(&self, value: usize) -> Option<&Step> {
        self.maker.get(&value).and_then(|k| self.steps.get(*k))
    }

    /// The values a root reads, statistics among them.
    fn leaves(&self, root: Root) -> BTreeSet<usize> {
        let mut leaves = BTreeSet::new();
        let mut stack = match root {
            Root::Store(value) => vec![(value, true)],
            Root::Sum(value) => match self.made_by(value) {
                Some(step) => step.inputs.iter().map(|x| (*x, false)).collect(),
                None => vec![],
            },
            Root::Note(k) => match self.steps.get(k) {
                Some(step) => step.inputs.iter().map(|x| (*x, false)).collect(),
                None => vec![],
            },
        };
        while let Some((value, open)) = stack.pop() {
            if !open && self.material.contains(&value) {
                leaves.insert(value);
                continue;
            }
            let Some(k) = self.maker.get(&value) else {
                continue;
            };
            leaves.extend(self.notes.get(k));
            let step = self.steps.get(*k);
            let inputs = step.map_or(&[][..], |step| &step.inputs);
            stack.extend(inputs.iter().map(|input| (*input, false)));
        }
        leaves
    }

    /// The order of work: whatever can be done and is no chain; then the first chain that
    /// can, with all that can be made along with it.
    fn schedule(&self) -> Vec<Item> {
        let mut done: BTreeSet<usize> = BTreeSet::new();
        let others = self.steps.iter().enumerate().filter(|(_, s)| !fusable(s));
        let mut others: Vec<usize> = others.map(|(k, _)| k).collect();
        let mut roots: Vec<(Root, Option<Domain>, BTreeSet<usize>)> = self
            .roots
            .iter()
            .map(|(root, domain)| (*root, *domain, self.leaves(*root)))
            .collect();
        let mut order = Vec::new();
        loop {
            let before = order.len();
            others.retain(|k| {
                let Some(step) = self.steps.get(*k) else {
                    return false;
                };
                if !step.inputs.iter().all(|x| done.contains(x)) {
                    return true;
                }
                done.insert(step.output);
                order.push(Item::Step(*k));
                false
            });
            if order.len() > before {
                continue;
            }
            let ready = |needs: &BTreeSet<usize>, here: &BTreeSet<usize>| {
                needs.iter().all(|x| done.contains(x) || here.contains(x))
            };
            let none = BTreeSet::new();
            let first = roots.iter().find(|(_, _, needs)| ready(needs, &none));
            let Some((_, domain, _)) = first else {
                break;
            };
            let domain = *domain;
            let mut here: BTreeSet<usize> = BTreeSet::new();
            let mut taken: Vec<Root> = Vec::new();
            loop {
                let found = roots
                    .iter()
                    .position(|(_, own, needs)| *own == domain && ready(needs, &here));
                let Some(found) = found else { break };
                let (root, _, _) = roots.remove(found);
                if let Root::Store(value) = root {
                    here.insert(value);
                }
                taken.push(root);
            }
            done.extend(here);
            for root in &taken {
                match root {
                    Root::Store(_) => None,
                    Root::Sum(value) => Some(*value),
                    Root::Note(k) => self.notes.get(k).copied(),
                }
                .into_iter()
                .for_each(|value| {
                    done.insert(value);
                });
            }
            order.push(match self.alone(&taken) {
                Some(step) => Item::Step(step),
                None => Item::Chain(domain, taken),
            });
        }
        order
    }

    /// The step that alone makes all of `roots`, if it needs no chain for that: one
    /// operation on values that are there.
    fn alone(&self, roots: &[Root]) -> Option<usize> {
        let [Root::Store(value) | Root::Sum(value)] = roots else {
            return None;
        };
        let k = *self.maker.get(value)?;
        let step = self.steps.get(k)?;
        let there = step.inputs.iter().all(|x| self.material.contains(x));
        let normal = matches!(step.kernel, Kernel::BatchNorm(_));
        (there && !normal).then_some(k)
    }

    /// The chain that makes `roots`.
    fn chain(&self, domain: Option<Domain>, roots: &[Root]) -> Step {
        let mut making = Making {
            fusing: self,
            chain: Chain::new(domain),
            stored: BTreeMap::new(),
        };
        let mut notes = Vec::new();
        let mut inputs: BTreeSet<usize> = BTreeSet::new();
        for root in roots {
            inputs.extend(self.leaves(*root));
            match *root {
                Root::Store(value) => {
                    let expr = making.open(value);
                    making.stored.insert(value, expr);
                    making.chain.stores.push(Store { expr, value });
                }
                Root::Sum(value) => making.sum(value),
                Root::Note(k) => notes.extend(making.note(k)),
            }
        }
        let stored = making.stored;
        let chain = making.chain;
        inputs.retain(|input| !stored.contains_key(input));
        let back = derive(&chain, &self.values, &self.norms());
        let chained = Chained { chain, notes, back };
        let output = chained.makes().first().copied().unwrap_or(0);
        Step {
            kernel: Kernel::Chain(Box::new(chained)),
            inputs: inputs.into_iter().collect(),
            sends: Vec::new(),
            output,
            weights: Vec::new(),
            state: Vec::new(),
        }
    }

    /// The normalisations by the value that holds their statistics.
    fn norms(&self) -> BTreeMap<usize, (BatchNorm, Vec<usize>)> {
        let of = |(k, value): (&usize, &usize)| {
            let step = self.steps.get(*k)?;
            match &step.kernel {
                Kernel::BatchNorm(norm) => Some((*value, (*norm, step.weights.clone()))),
                _ => None,
            }
        };
        self.notes.iter().filter_map(of).collect()
    }
}
