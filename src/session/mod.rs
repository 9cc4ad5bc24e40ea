//! A script led through the stages: the way into `tmo` for a program that hosts it.
//!
//! A [`Session`] reads files through a [`World`]: the disk, or texts in memory. What goes
//! wrong is data ([`Problem`]); [`crate::diagnostic::draw`] draws it. What happens in a run
//! is data too ([`crate::run::progress::Event`]).
//!
//! A script checked, planned and run, and its scores read:
//!
//! ```
//! use tmo::nn::Threads;
//! use tmo::report::{Split, score_splits};
//! use tmo::run::interrupt::Interrupt;
//! use tmo::run::progress::{Event, Recording};
//! use tmo::run::store::Store;
//! use tmo::session::{CHECKPOINT_EVERY, Options, Session};
//! use tmo::world::Memory;
//!
//! let mut world = Memory::default();
//! world.put("network.tmo", "\
//! tmo 1
//! model small(width: Int = 4)(x: [rows, length]) -> [rows, 1] =
//!   x |> dense(width) |> relu |> dense(1)
//! ");
//! let script = "\
//! tmo 1
//! use \"network.tmo\".{small}
//! study first = bundled(\"flla-2015\") |> take(40)
//!   |> target(.formation_energy_per_atom) |> split(test: 20%) |> holdout(val: 20%)
//!   |> featurize(magpie())
//!   |> train(small(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 3, batch: 16)
//!   |> evaluate(rmse, mae)
//! ";
//!
//! let mut session = Session::new(&world);
//! let checked = session.check("study.tmo", script);
//! assert!(checked.problems.is_empty());
//! let plan = session.plan(&checked)?;
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path())?;
//! let progress = Recording::default();
//! let options = Options {
//!     store: &store,
//!     progress: &progress,
//!     interrupt: Interrupt::new(), // raise it from another thread to stop the run
//!     threads: &Threads::new(Some(1))?,
//!     checkpoint_every: CHECKPOINT_EVERY,
//! };
//! let ran = session.run(&checked.program, &plan, &["first".into()], &options);
//! assert!(ran.problems.is_empty());
//!
//! let report = ran.outcomes[0].scores().ok_or("a study of a model has scores")?;
//! let scores = score_splits(&report.predictions)?;
//! let test = scores.iter().find(|scores| scores.split == Split::Test);
//! assert!(test.is_some_and(|test| test.scores.rmse.is_finite() && test.scores.n > 0));
//! let epochs = progress.events().iter().filter(|event| matches!(event, Event::Epoch { .. })).count();
//! assert_eq!(epochs, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A mistake, as data:
//!
//! ```
//! use tmo::session::Session;
//! use tmo::world::Memory;
//!
//! let world = Memory::default();
//! let mut session = Session::new(&world);
//! let checked = session.check("study.tmo", "tmo 1\nlet cutoff = 5 Å + 2 eV\n");
//! assert_eq!(checked.problems.len(), 1);
//! assert_eq!(checked.problems[0].code.name(), "E0302");
//! let at = session.sources().position(checked.problems[0].span());
//! assert_eq!(at.map(|at| at.line), Some(2));
//! ```

mod choose;
mod fix;
mod outcome;
mod read;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::builtins::{Registry, exportable, find, lower};
use crate::diagnostic::{Problem, Severity};
use crate::ir;
use crate::names::{self, Program};
use crate::nn::{Executor, Threads};
use crate::plan::{self, Plan};
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use crate::run::store::Store;
use crate::run::{Runner, Settings, Verb};
use crate::source::{Sources, Span};
use crate::types;
use crate::world::World;
use choose::{choose, unbuilt};
pub use fix::Fixed;
pub use outcome::{Content, Outcome};
pub use read::{read, text_of};

/// A session: the texts it has read, and the world it reads from.
pub struct Session<'w> {
    world: &'w dyn World,
    sources: Sources,
}

/// A script that was checked.
#[derive(Debug)]
pub struct Checked {
    /// Every file and item.
    pub program: Program,
    /// The typed IR; complete only when nothing is an error.
    pub module: ir::Module,
    /// Errors and warnings.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// Whether anything is an error.
    pub fn failed(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity() == Severity::Error)
    }
}

/// One item that was looked at.
#[derive(Debug)]
pub struct Looked {
    /// Every file and item.
    pub program: Program,
    /// What is known of the item, with what checking it met.
    pub seen: types::Seen,
    /// What reading the text and binding its names met.
    pub problems: Vec<Problem>,
}

/// What a run is given.
pub struct Options<'a> {
    /// Where results are kept.
    pub store: &'a Store,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// Raised to stop.
    pub interrupt: Interrupt,
    /// The threads to use.
    pub threads: &'a Threads,
    /// The least time between two checkpoints of a training; what a kill may cost. No
    /// result depends on it.
    pub checkpoint_every: Duration,
}

/// What [`Options::checkpoint_every`] is when nothing is said.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// What a run of several studies came to.
pub struct Ran {
    /// The outcomes of the studies that ended well, in the order of the script.
    pub outcomes: Vec<Outcome>,
    /// Messages: warnings, and the error that ended the run.
    pub problems: Vec<Problem>,
}

impl<'w> Session<'w> {
    /// A session over a world.
    pub fn new(world: &'w dyn World) -> Self {
        Session {
            world,
            sources: Sources::default(),
        }
    }

    /// The texts read so far: what messages point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Check a script. `path` is what messages call it, and what its imports and data
    /// files are relative to.
    pub fn check(&mut self, path: &str, text: &str) -> Checked {
        // A file of the standard library is checked as what it is.
        if names::STDLIB.iter().any(|(_, _, own)| *own == text) {
            return self.load(None);
        }
        self.load(Some((path, text)))
    }

    /// Read a script from the world and check it. One that cannot be read is an empty
    /// program with that problem.
    pub fn check_file(&mut self, path: &std::path::Path) -> Checked {
        match read(self.world, path) {
            Ok(text) => self.check(&path.display().to_string(), &text),
            Err(problem) => Checked {
                program: Program::default(),
                module: ir::Module::default(),
                problems: vec![*problem],
            },
        }
    }

    /// The standard library alone.
    pub fn standard_library(&mut self) -> Checked {
        self.load(None)
    }

    fn load(&mut self, root: Option<(&str, &str)>) -> Checked {
        let loaded = names::load(self.world, &mut self.sources, root);
        let checked = types::check(&loaded.program, &self.sources, self.world);
        let mut problems = loaded.problems;
        problems.extend(checked.problems);
        problems.sort_by_key(|problem| problem.span().start);
        Checked {
            program: loaded.program,
            module: checked.module,
            problems,
        }
    }

    /// The type of every expression of a checked script that has one, by place: what an
    /// editor shows beside the text.
    pub fn types(&self, program: &Program) -> BTreeMap<Span, types::Ty> {
        types::types_by_place(program, &self.sources, self.world)
    }

    /// Look at one item of a program; a model is applied to what `given` says.
    pub fn show(
        &self,
        program: &Program,
        name: &str,
        given: types::Given,
    ) -> Option<types::Shown> {
        let root = program.root;
        let by_name = |(id, def): (usize, &names::Def)| {
            (&*def.name == name).then_some((id, root == Some(def.module)))
        };
        let found: Vec<(usize, bool)> = program
            .items
            .iter()
            .enumerate()
            .filter_map(by_name)
            .collect();
        let own = found.iter().find(|(_, own)| *own).or(found.first());
        let id = names::ItemId(own?.0);
        Some(types::show(program, &self.sources, self.world, id, given))
    }

    /// Look at one item of a text, and at nothing it does not need: what an editor or a
    /// dialogue asks at every key. With `given`, a model is applied to such features.
    pub fn look(
        &mut self,
        path: &str,
        text: &str,
        name: &str,
        given: Option<types::Given>,
    ) -> Looked {
        let loaded = names::load(self.world, &mut self.sources, Some((path, text)));
        let program = loaded.program;
        let mut items = (0..).zip(&program.items);
        let found =
            items.find(|(_, def)| &*def.name == name && program.root == Some(def.module));
        let seen = match found {
            Some((id, _)) => {
                let id = names::ItemId(id);
                types::look(&program, &self.sources, self.world, id, given)
            }
            None => types::Seen::nothing(),
        };
        Looked {
            program,
            seen,
            problems: loaded.problems,
        }
    }

    /// Plan the studies of a checked script, its networks run by the default executor.
    pub fn plan(&self, checked: &Checked) -> Result<Plan, Problem> {
        self.plan_on(checked, Executor::default())
    }

    /// Plan the studies of a checked script, its networks run by that executor.
    pub fn plan_on(
        &self,
        checked: &Checked,
        executor: Executor,
    ) -> Result<Plan, Problem> {
        // What is planned also runs: the networks are built once before anything else is.
        for study in &checked.module.studies {
            for network in ir::networks(&study.root) {
                lower(network)?;
            }
            exportable(&study.root)?;
        }
        plan::plan(&checked.module, &Registry, self.world, 0, executor)
    }

    /// Run studies of a plan, all when `names` is empty, by the executor it was made for.
    pub fn run(
        &self,
        program: &Program,
        plan: &Plan,
        names: &[String],
        options: &Options<'_>,
    ) -> Ran {
        let chosen = match choose(plan, names) {
            Ok(chosen) => chosen,
            Err(problem) => {
                return Ran {
                    outcomes: Vec::new(),
                    problems: vec![problem],
                };
            }
        };
        let planned = chosen.iter().find_map(|of| unbuilt(&of.study.root));
        if let Some(problem) = planned {
            return Ran {
                outcomes: Vec::new(),
                problems: vec![problem],
            };
        }
        let verbs = |name: &str| -> Option<Verb> {
            match find(name)? {
                crate::builtins::Body::Verb(verb) => Some(verb),
                _ => None,
            }
        };
        let threads = options.threads.with(plan.executor);
        let mut runner = Runner::new(
            plan,
            Settings {
                store: options.store,
                world: self.world,
                progress: options.progress,
                interrupt: options.interrupt.clone(),
                threads: &threads,
                checkpoint_every: options.checkpoint_every,
                verbs: &verbs,
                field: crate::builtins::field,
                cells: crate::builtins::cells,
                functions: &crate::builtins::functions,
            },
        );
        let (mut outcomes, mut done) = (Vec::new(), Vec::new());
        let mut failed = None;
        for planned in chosen {
            match self.outcome(program, &mut runner, planned) {
                Ok(outcome) => {
                    outcomes.push(outcome);
                    done.push(planned.root);
                }
                Err(problem) => {
                    failed = Some(problem);
                    break;
                }
            }
        }
        let warned = crate::builtins::warn_again(&mut runner, &done);
        let mut problems = runner.warnings;
        problems.extend(failed.or(warned.err()));
        Ran { outcomes, problems }
    }
}
