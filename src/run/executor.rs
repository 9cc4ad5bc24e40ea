//! Computes nodes, each when something needs it and only if the store lacks it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::cell::Cell;
use super::dataset::Dataset;
use super::interrupt::Interrupt;
use super::progress::{Event, Progress};
use super::rows::{Functions, Rows};
use super::store::{Artifact, Found, Key, KeyLock, Store, StoreProblem, Stored, Wait};
use super::table::Table;
use crate::diagnostic::{Code, Problem};
use crate::draw::Draws;
use crate::ir::Call;
use crate::nn::Threads;
use crate::plan::{self, NodeId, Plan};
use crate::report::document::Document;
use crate::report::plot::Figure;
use crate::source::Span;
use crate::world::World;

/// What a node comes to.
#[derive(Clone)]
pub enum Value {
    /// Rows.
    Dataset(Arc<Dataset>),
    /// A trained model: its artifact, and the rows it was trained on.
    Trained(Arc<Artifact>, Arc<Dataset>),
    /// A trained model with its scores.
    Evaluated(Arc<Artifact>),
    /// A table.
    Table(Arc<Table>),
    /// A figure.
    Figure(Arc<Figure>),
    /// A report.
    Report(Arc<Document>),
    /// One value: a number, or the scores of a part.
    Cell(Cell),
}

/// One node to be computed.
pub struct Work<'a> {
    /// Its number, for progress.
    pub id: NodeId,
    /// What to do.
    pub call: &'a Call,
    /// Its key.
    pub key: Key,
    /// The nodes it needs.
    pub inputs: &'a [NodeId],
    /// Where it was written.
    pub span: Span,
}

/// How the field of a model is computed: its node, and the name after the dot.
pub type Field = fn(&mut Runner<'_>, NodeId, &str) -> Result<Value, Problem>;

/// How the cells of a sweep become a table.
pub type Sweep =
    fn(&mut Runner<'_>, &crate::ir::Cells, &[NodeId]) -> Result<Value, Problem>;

/// How a verb is computed.
pub type Verb = fn(&mut Runner<'_>, &Work<'_>) -> Result<Value, Problem>;

/// What a run is given besides the plan.
pub struct Settings<'a> {
    /// Where results are kept.
    pub store: &'a Store,
    /// Where files are.
    pub world: &'a dyn World,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// Raised to stop.
    pub interrupt: Interrupt,
    /// The threads to use.
    pub threads: &'a Threads,
    /// The least time between two checkpoints of a training.
    pub checkpoint_every: Duration,
    /// How each verb is computed.
    pub verbs: &'a dyn Fn(&str) -> Option<Verb>,
    /// How the fields of trained models are computed.
    pub field: Field,
    /// How the cells of a sweep become a table.
    pub cells: Sweep,
    /// What builtins make of single values.
    pub functions: Functions<'a>,
}

/// A run.
pub struct Runner<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// What it was given.
    pub settings: Settings<'a>,
    /// Messages that do not stop it.
    pub warnings: Vec<Problem>,
    values: BTreeMap<NodeId, Value>,
}

impl<'a> Runner<'a> {
    /// A run of a plan.
    pub fn new(plan: &'a Plan, settings: Settings<'a>) -> Self {
        Runner {
            plan,
            settings,
            warnings: Vec::new(),
            values: BTreeMap::new(),
        }
    }

    /// The value of a node, computed if need be.
    pub fn value(&mut self, id: NodeId) -> Result<Value, Problem> {
        if let Some(known) = self.values.get(&id) {
            return Ok(known.clone());
        }
        let plan = self.plan;
        let Some(node) = plan.node(id) else {
            return Err(no_node());
        };
        if self.settings.interrupt.is_raised() {
            return Err(interrupted(node.span));
        }
        let value = match &node.work {
            plan::Work::Verb(call) => {
                let Some(verb) = (self.settings.verbs)(&call.builtin) else {
                    return Err(no_verb(&call.builtin, node.span));
                };
                let key = Key::from_bytes(node.key);
                let inputs = &node.inputs;
                verb(
                    self,
                    &Work {
                        id,
                        call,
                        key,
                        inputs,
                        span: node.span,
                    },
                )?
            }
            plan::Work::Part(name) => {
                let Some(whole) = node.inputs.first() else {
                    return Err(no_node());
                };
                self.field(*whole, name)?
            }
            plan::Work::Cells(cells) => (self.settings.cells)(self, cells, &node.inputs)?,
        };
        self.values.insert(id, value.clone());
        Ok(value)
    }

    /// Whether this run has come to the node's value.
    pub fn knows(&self, id: NodeId) -> bool {
        self.values.contains_key(&id)
    }

    /// The rows a node comes to.
    pub fn dataset(&mut self, id: NodeId) -> Result<Arc<Dataset>, Problem> {
        match self.value(id)? {
            Value::Dataset(data) | Value::Trained(_, data) => Ok(data),
            Value::Evaluated(_)
            | Value::Table(_)
            | Value::Figure(_)
            | Value::Report(_)
            | Value::Cell(_) => Err(no_node()),
        }
    }

    /// The rows a node comes to, of a data set or of a table.
    pub fn rows(&mut self, id: NodeId) -> Result<Rows, Problem> {
        match self.value(id)? {
            Value::Dataset(data) => Ok(Rows::Dataset(data)),
            Value::Table(table) => Ok(Rows::Table(table)),
            Value::Trained(..)
            | Value::Evaluated(_)
            | Value::Figure(_)
            | Value::Report(_)
            | Value::Cell(_) => Err(no_node()),
        }
    }

    /// What stands behind a dot: a part of a data set, a field of a record or a model.
    pub fn field(&mut self, whole: NodeId, name: &str) -> Result<Value, Problem> {
        match self.value(whole)? {
            Value::Dataset(data) => {
                let part = match name {
                    "train" => super::Part::Train,
                    "val" => super::Part::Val,
                    _ => super::Part::Test,
                };
                let mut picked = data.pick(&data.positions(part));
                picked.parts = None;
                Ok(Value::Dataset(Arc::new(picked)))
            }
            Value::Cell(cell) => match cell.field(name) {
                Some(Cell::Table(table)) => Ok(Value::Table(table.clone())),
                Some(cell) => Ok(Value::Cell(cell.clone())),
                None => Err(no_node()),
            },
            Value::Trained(..) | Value::Evaluated(_) => {
                (self.settings.field)(self, whole, name)
            }
            Value::Table(_) | Value::Figure(_) | Value::Report(_) => Err(no_node()),
        }
    }

    /// The first input of a node.
    pub fn input(&self, work: &Work<'_>) -> Result<NodeId, Problem> {
        work.inputs.first().copied().ok_or_else(no_node)
    }

    /// The draws of a node: they depend on the root seed and the node's own.
    pub fn draws(&self, call: &Call) -> Draws {
        use crate::ir::{Setting, Static};
        let own = match call.setting("seed") {
            Some(Setting::Static(Static::Int(seed))) => *seed as u64,
            _ => 0,
        };
        Draws::new(self.plan.root_seed, own)
    }

    /// The stored result of a node. What is damaged is said, and counts as absent.
    pub fn stored(&mut self, work: &Work<'_>) -> Result<Option<Artifact>, Problem> {
        match self
            .settings
            .store
            .get(work.key)
            .map_err(|e| store_problem(&e))?
        {
            Found::Nothing => Ok(None),
            Found::Intact(artifact) => Ok(Some(artifact)),
            Found::Damaged(damaged) => {
                self.warn_damaged(&damaged.to_string());
                Ok(None)
            }
        }
    }

    /// Say that something in the store was damaged.
    pub fn warn_damaged(&mut self, sentence: &str) {
        let problem = Problem::new(Code::W0901, sentence, Span::NOWHERE, "")
            .help("it is computed again");
        self.warnings.push(problem);
    }

    /// A stored result, or the files `compute` gives, put in the store. Two runs on one
    /// store compute it once.
    pub fn cached(
        &mut self,
        work: &Work<'_>,
        kind: &str,
        compute: impl FnOnce(&mut Self) -> Result<BTreeMap<String, Vec<u8>>, Problem>,
    ) -> Result<Artifact, Problem> {
        if let Some(artifact) = self.stored(work)? {
            self.say_cached(work);
            return Ok(artifact);
        }
        // One lock at a time: what this node needs is computed before it is locked.
        for input in work.inputs {
            self.value(*input)?;
        }
        let Some(_lock) = self.lock(work)? else {
            return Err(interrupted(work.span));
        };
        let store = self.settings.store;
        if let Some(artifact) = self.stored(work)? {
            // A run killed between storing its result and dropping its checkpoint.
            store
                .drop_checkpoint(work.key)
                .map_err(|e| store_problem(&e))?;
            self.say_cached(work);
            return Ok(artifact);
        }
        let files = compute(self)?;
        let words = plan::describe(&plan::Work::Verb(work.call.clone()), &|_| None);
        let inputs = BTreeMap::from([("call".to_string(), words)]);
        let put = store
            .put(work.key, kind, &inputs, &files)
            .map_err(|e| store_problem(&e))?;
        if let Stored::AlreadyDiffers { what } = put {
            return Err(not_deterministic(work.span, &what));
        }
        store
            .drop_checkpoint(work.key)
            .map_err(|e| store_problem(&e))?;
        Ok(Artifact {
            key: work.key,
            kind: kind.into(),
            inputs,
            files,
        })
    }

    fn lock(&self, work: &Work<'_>) -> Result<Option<KeyLock>, Problem> {
        let interrupt = self.settings.interrupt.clone();
        let mut said = false;
        let progress = self.settings.progress;
        let mut wait = move || {
            if interrupt.is_raised() {
                return Wait::GiveUp;
            }
            if !said {
                said = true;
                let text = "another run computes this already; waiting for it".into();
                progress.report(Event::Note { text });
            }
            Wait::GoOn
        };
        self.settings
            .store
            .lock(work.key, &mut wait)
            .map_err(|e| store_problem(&e))
    }

    fn say_cached(&self, work: &Work<'_>) {
        let name = work.call.short_name().to_string();
        self.settings.progress.report(Event::Cached {
            node: work.id.0 as u64,
            name,
        });
    }
}

/// A store that fails.
pub fn store_problem(problem: &StoreProblem) -> Problem {
    Problem::new(Code::E0901, problem.to_string(), Span::NOWHERE, "").help(problem.help())
}

/// A run that was told to stop.
pub fn interrupted(at: Span) -> Problem {
    Problem::new(Code::E0809, "the run was interrupted", at, "stopped here")
        .help("run the same command again: it goes on from what is done")
}

fn not_deterministic(at: Span, what: &str) -> Problem {
    Problem::new(
        Code::E0901,
        "the same computation gave two results",
        at,
        format!("{what} differs from what another run stored"),
    )
    .help("the first result is kept; please report this with both machines' processors")
}

fn no_verb(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0603,
        format!("`{name}` cannot be run"),
        at,
        "this version only checks it",
    )
}

/// The plan gives every node inputs of the right kind.
fn no_node() -> Problem {
    Problem::new(
        Code::E0603,
        "this plan does not fit together",
        Span::NOWHERE,
        "",
    )
    .help("this is a fault of tmo itself; please report it with your script")
}
