//! Which rules of the lowering a network has met. In: its three programs. Out: how many
//! networks each rule applied to; and an error in words where a rule has left something.

use super::super::super::chain::{Chain, Expr, Leaf, Local, Reach, Source};
use super::super::super::domain::Grouping;
use super::super::super::layers::{Dense, Map};
use super::super::{Back, Chained, Kernel, Program, Step};
use super::Ways;

/// A rule, and whether it applied.
pub(super) type Rule = (&'static str, fn(&Ways) -> bool);

/// Networks that each rule has to apply to.
const FEWEST: usize = 5;

/// How many networks each rule applied to.
pub(super) struct Tally {
    rules: Vec<(Rule, usize)>,
}

impl Tally {
    pub(super) fn new(rules: &[Rule]) -> Tally {
        Tally {
            rules: rules.iter().map(|rule| (*rule, 0)).collect(),
        }
    }

    /// Notes the rules that applied to a network, which must have left nothing.
    pub(super) fn note(&mut self, what: &str, ways: &Ways) {
        for ((_, applied), count) in &mut self.rules {
            *count += usize::from(applied(ways));
        }
        let program = &ways.rewritten;
        for (k, step) in program.steps.iter().enumerate() {
            let words = step.words(program);
            assert!(!may_move(program, step), "{what}: {words} is left");
            let same = |other: &Step| equal(program, step, other);
            let twice = program.steps.iter().skip(k + 1).any(same);
            assert!(!twice, "{what}: {words} is there twice");
            let mut reads = program.steps.iter().flat_map(|step| &step.inputs);
            let read = step.output == program.output || reads.any(|x| *x == step.output);
            assert!(read, "{what}: nothing reads {words}");
        }
    }

    /// Every rule applied to some networks.
    pub(super) fn check(&self) {
        for ((rule, _), count) in &self.rules {
            println!("{count:4} {rule}");
        }
        for ((rule, _), count) in &self.rules {
            assert!(*count >= FEWEST, "{rule}: {count} networks only");
        }
    }
}

/// Rules that need no map.
pub(super) fn of_all() -> Vec<Rule> {
    vec![
        ("a layer on one row, before it is spread", |ways| {
            let program = &ways.rewritten;
            any(program, |step| {
                step.kernel == Kernel::Spread && is_dense(made_by(program, step))
            })
        }),
        ("a layer split along a concatenation", |ways| {
            any(&ways.rewritten, |step| {
                dense(step).is_some_and(|dense| dense.first > 0)
            })
        }),
        ("a relu after the parts of its layer", |ways| {
            any(&ways.plain, |step| {
                let then = dense(step).and_then(|dense| dense.then);
                then == Some(Map::Relu) && may_move(&ways.plain, step)
            })
        }),
        ("a weight used again in parts", |ways| {
            again(&ways.rewritten, |one, other| one.part && other.part)
        }),
        ("the same made once", |ways| {
            let program = &ways.plain;
            let mut steps = program.steps.iter().enumerate();
            steps.any(|(k, step)| {
                let mut later = program.steps.iter().skip(k + 1);
                later.any(|other| equal(program, step, other))
            })
        }),
        ("a function within a layer", |ways| {
            any(&ways.rewritten, |step| {
                let then = dense(step).and_then(|dense| dense.then);
                then.is_some_and(|map| map != Map::Relu)
            })
        }),
        ("a constant after a softplus", |ways| {
            any(&ways.rewritten, |step| {
                let map = match step.kernel {
                    Kernel::Map(map) => Some(map),
                    Kernel::Dense(dense) => dense.then,
                    _ => None,
                };
                matches!(map, Some(Map::Softplus(c)) if c != 0.0)
            })
        }),
        ("a chain with several operations", |ways| {
            of_chains(ways, |c| {
                let exprs = (0..c.chain.exprs.count()).map(|id| c.chain.exprs.expr(id));
                exprs.filter(|expr| !matches!(expr, Expr::Leaf(_))).count() > 3
            })
        }),
        ("a chain that takes one row for all", |ways| {
            of_chains(ways, |c| reaches(&c.chain, |reach| reach == Reach::Same))
        }),
        ("gradients of one row for all", |ways| {
            of_ways_back(ways, |back| !back.second.columns.is_empty())
        }),
        ("gradients passed on as they are", |ways| {
            of_ways_back(ways, |back| !back.passes.is_empty())
        }),
        ("statistics taken along", |ways| {
            of_chains(ways, |c| !c.notes.is_empty())
        }),
        ("rows normalised in a chain", |ways| {
            of_chains(ways, |c| {
                has(&c.chain, |e| matches!(e, Expr::Normal { .. }))
            })
        }),
        ("a normalisation's way back", |ways| {
            of_ways_back(ways, |back| !back.norms.is_empty())
        }),
        ("two sides of different shapes in a chain", |ways| {
            of_chains(ways, |c| {
                has(
                    &c.chain,
                    |e| matches!(e, Expr::Pair(pair, ..) if !pair.plain()),
                )
            })
        }),
        ("a concatenation in a chain", |ways| {
            local(ways, |local| matches!(local, Local::Concat(_)))
        }),
        ("a part in a chain", |ways| {
            local(ways, |local| matches!(local, Local::Slice(_)))
        }),
        ("a transposition in a chain", |ways| {
            local(ways, |local| matches!(local, Local::Transpose(_)))
        }),
        ("a sum along an axis in a chain", |ways| {
            local(ways, |local| matches!(local, Local::Reduce(_)))
        }),
        ("shares along an axis in a chain", |ways| {
            local(ways, |local| matches!(local, Local::Softmax(_)))
        }),
        ("a chain with one row", |ways| {
            of_chains(ways, |c| c.chain.domain.is_none())
        }),
    ]
}

/// Rules that need maps.
pub(super) fn of_maps() -> Vec<Rule> {
    vec![
        ("a layer before a gather", |ways| {
            let program = &ways.rewritten;
            any(program, |step| {
                is_gather(Some(step)) && is_dense(made_by(program, step))
            })
        }),
        ("a layer before two gathers", |ways| {
            let program = &ways.rewritten;
            any(program, |step| {
                let before = made_by(program, step).filter(|s| is_gather(Some(s)));
                let first = before.and_then(|step| made_by(program, step));
                is_gather(Some(step)) && is_dense(first)
            })
        }),
        ("a layer on several lines before a gather", |ways| {
            any(&ways.rewritten, |step| {
                let width = ways.rewritten.width(step.output);
                dense(step).is_some_and(|dense| dense.part && width > dense.units)
            })
        }),
        ("a layer done once for two maps", |ways| {
            let program = &ways.rewritten;
            any(program, |step| {
                let reads = program.steps.iter().filter(|other| {
                    is_gather(Some(other)) && other.inputs == [step.output]
                });
                is_dense(Some(step)) && reads.count() > 1
            })
        }),
        ("a weight used in parts and whole", |ways| {
            again(&ways.rewritten, |one, other| one.part && !other.part)
        }),
        ("rows by a map to sums by a map", |ways| {
            of_chains(ways, |c| by_map(&c.chain) && !c.chain.sums.is_empty())
        }),
        ("means", |ways| {
            of_chains(ways, |c| c.chain.sums.iter().any(|sum| sum.share))
        }),
        ("sums by several maps", |ways| {
            of_chains(ways, |c| {
                let mut routes = c.chain.sums.iter().map(|sum| sum.route);
                let first = routes.next();
                routes.any(|route| Some(route) != first)
            })
        }),
        ("sums beside rows", |ways| {
            of_chains(ways, |c| {
                !c.chain.sums.is_empty() && !c.chain.stores.is_empty()
            })
        }),
        ("sums beside statistics", |ways| {
            of_chains(ways, |c| !c.chain.sums.is_empty() && !c.notes.is_empty())
        }),
        ("rows by a map, normalised", |ways| {
            of_chains(ways, |c| {
                by_map(&c.chain) && has(&c.chain, |e| matches!(e, Expr::Normal { .. }))
            })
        }),
        ("gradients summed by a map", |ways| {
            of_ways_back(ways, |back| !back.second.sums.is_empty())
        }),
        ("gradients taken by a map", |ways| {
            of_ways_back(ways, |back| {
                has(&back.second, |e| match e {
                    Expr::Leaf(leaf) => {
                        let gradient = matches!(leaf.source, Source::Gradient(_));
                        gradient && matches!(leaf.reach, Reach::Route(_))
                    }
                    _ => false,
                })
            })
        }),
        ("gradients of means", |ways| {
            of_ways_back(ways, |back| {
                reaches(&back.second, |reach| matches!(reach, Reach::Share(_)))
            })
        }),
        ("shares by a map between chains", |ways| {
            let mut steps = ways.fused.steps.iter();
            steps.any(|step| {
                let shares = matches!(step.kernel, Kernel::SoftmaxGroup { .. });
                shares && of_chains(ways, |c| reads(&c.chain, step.output))
            })
        }),
        ("the largest by a map between chains", |ways| {
            let mut steps = ways.fused.steps.iter();
            steps.any(|step| match &step.kernel {
                Kernel::Group { group, .. } => {
                    let first = step.inputs.first().copied().unwrap_or(0);
                    let makes = |c: &Chained| c.makes().contains(&first);
                    group.grouping == Grouping::Max && ways.chains().any(makes)
                }
                _ => false,
            })
        }),
        ("long rows taken where they lie", |ways| {
            of_chains(ways, |c| {
                let exprs = &c.chain.exprs;
                has(&c.chain, |e| match e {
                    Expr::Pair(pair, a, b) => [*a, *b].into_iter().any(|x| {
                        let routed = matches!(
                            exprs.expr(x),
                            Expr::Leaf(Leaf {
                                reach: Reach::Route(_),
                                ..
                            })
                        );
                        pair.plain() && routed && exprs.width(x) >= 32
                    }),
                    _ => false,
                })
            })
        }),
    ]
}

fn any(program: &Program, of: impl Fn(&Step) -> bool) -> bool {
    program.steps.iter().any(of)
}

fn dense(step: &Step) -> Option<&Dense> {
    match &step.kernel {
        Kernel::Dense(dense) => Some(dense),
        _ => None,
    }
}

fn is_dense(step: Option<&Step>) -> bool {
    step.and_then(dense).is_some()
}

fn is_gather(step: Option<&Step>) -> bool {
    step.is_some_and(|step| matches!(step.kernel, Kernel::Gather { .. }))
}

fn is_spread(step: Option<&Step>) -> bool {
    is_gather(step) || step.is_some_and(|step| step.kernel == Kernel::Spread)
}

/// The step that makes the first value a step reads.
fn made_by<'a>(program: &'a Program, step: &Step) -> Option<&'a Step> {
    maker(program, *step.inputs.first()?)
}

fn maker(program: &Program, value: usize) -> Option<&Step> {
    program.steps.iter().find(|step| step.output == value)
}

/// Whether a layer reads rows taken by a map or one row for all, alone or side by side with
/// others.
fn may_move(program: &Program, step: &Step) -> bool {
    let (Some(dense), Some(before)) = (dense(step), made_by(program, step)) else {
        return false;
    };
    match &before.kernel {
        // Only what stands in the layer's own lines.
        Kernel::Concat(concat) if concat.widths.iter().sum::<usize>() == dense.inputs => {
            let mut parts = before.inputs.iter();
            parts.any(|part| is_spread(maker(program, *part)))
        }
        _ => is_spread(Some(before)),
    }
}

/// Whether two steps make the same.
fn equal(program: &Program, step: &Step, other: &Step) -> bool {
    let shape = |step: &Step| {
        let value = program.values.get(step.output);
        value.map(|value| (value.domain, value.width))
    };
    let chance = matches!(step.kernel, Kernel::Dropout(_));
    !chance
        && shape(step) == shape(other)
        && step.state.is_empty()
        && step.kernel == other.kernel
        && step.inputs == other.inputs
        && step.weights == other.weights
}

/// Whether two such layers have one weight and read other rows.
fn again(program: &Program, of: fn(&Dense, &Dense) -> bool) -> bool {
    any(program, |one| {
        any(program, |other| {
            let both = dense(one).zip(dense(other));
            let same = one.weights.first() == other.weights.first();
            same && one.inputs != other.inputs && both.is_some_and(|(a, b)| of(a, b))
        })
    })
}

fn of_chains(ways: &Ways, of: impl Fn(&Chained) -> bool) -> bool {
    ways.chains().any(of)
}

fn of_ways_back(ways: &Ways, of: impl Fn(&Back) -> bool) -> bool {
    ways.chains().filter_map(|c| c.back.as_ref()).any(of)
}

fn has(chain: &Chain, of: impl Fn(&Expr) -> bool) -> bool {
    let needed = chain.exprs.needed(chain.wanted().into_iter(), |_| false);
    needed.into_iter().any(|id| of(chain.exprs.expr(id)))
}

fn local(ways: &Ways, of: fn(&Local) -> bool) -> bool {
    of_chains(ways, |c| {
        has(
            &c.chain,
            |e| matches!(e, Expr::Local(local, _) if of(local)),
        )
    })
}

fn reaches(chain: &Chain, of: impl Fn(Reach) -> bool) -> bool {
    has(chain, |e| matches!(e, Expr::Leaf(leaf) if of(leaf.reach)))
}

fn by_map(chain: &Chain) -> bool {
    reaches(chain, |reach| matches!(reach, Reach::Route(_)))
}

fn reads(chain: &Chain, value: usize) -> bool {
    chain.reads().contains(&Source::Value(value))
}
