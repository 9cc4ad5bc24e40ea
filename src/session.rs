//! A script led through the stages: the way into `tmo` for a program that hosts it.
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
//! ```

use crate::builtins::{Registry, find, lower};
use crate::diagnostic::{Code, Problem, Severity};
use crate::ir;
use crate::names::{self, Program};
use crate::nn::Threads;
use crate::plan::{self, Plan, PlannedStudy};
use crate::report::{
    OutcomeFile, Script, StudyReport, TableReport, outcome_files, table_files,
};
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use crate::run::store::{Found, Key, Store};
use crate::run::{Runner, Settings, Value, Verb};
use crate::source::{Sources, Span};
use crate::types;
use crate::world::World;
use std::collections::BTreeMap;

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
}

/// The outcome of a study.
pub struct Outcome {
    /// The study's name.
    pub study: String,
    /// What it came to, as data.
    pub content: Content,
    /// Its files: figures, tables, weights, the report as HTML.
    pub files: Vec<OutcomeFile>,
}

/// What a study came to.
pub enum Content {
    /// The scores of a model.
    Scores(Box<StudyReport>),
    /// A table.
    Table(Box<TableReport>),
}

impl Outcome {
    /// The report of a study of a model.
    pub fn scores(&self) -> Option<&StudyReport> {
        match &self.content {
            Content::Scores(report) => Some(report),
            Content::Table(_) => None,
        }
    }

    /// The table of a study that is one.
    pub fn table(&self) -> Option<&TableReport> {
        match &self.content {
            Content::Table(report) => Some(report),
            Content::Scores(_) => None,
        }
    }
}

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

    /// Plan the studies of a checked script.
    pub fn plan(&self, checked: &Checked) -> Result<Plan, Problem> {
        // What is planned also runs: the networks are built once before anything else is.
        for study in &checked.module.studies {
            if let Some(problem) = unbuilt(&study.root) {
                return Err(problem);
            }
            for network in ir::networks(&study.root) {
                lower(network)?;
            }
        }
        plan::plan(&checked.module, &Registry, self.world, 0)
    }

    /// Run studies of a plan, all when `names` is empty.
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
        let verbs = |name: &str| -> Option<Verb> {
            match find(name)? {
                crate::builtins::Body::Verb(verb) => Some(verb),
                _ => None,
            }
        };
        let mut runner = Runner::new(
            plan,
            Settings {
                store: options.store,
                world: self.world,
                progress: options.progress,
                interrupt: options.interrupt.clone(),
                threads: options.threads,
                verbs: &verbs,
                field: crate::builtins::field,
            },
        );
        let mut outcomes = Vec::new();
        let mut failed = None;
        for planned in chosen {
            match self.outcome(program, &mut runner, planned) {
                Ok(outcome) => outcomes.push(outcome),
                Err(problem) => {
                    failed = Some(problem);
                    break;
                }
            }
        }
        let mut problems = runner.warnings;
        problems.extend(failed);
        Ran { outcomes, problems }
    }

    fn outcome(
        &self,
        program: &Program,
        runner: &mut Runner<'_>,
        planned: &PlannedStudy,
    ) -> Result<Outcome, Problem> {
        let span = planned.study.span;
        let study = planned.study.name.to_string();
        let doc = planned.study.doc.as_deref().unwrap_or_default();
        let script = script_of(program);
        let (key, weights) = match runner.value(planned.root)? {
            Value::Evaluated(artifact) | Value::Trained(artifact, _) => {
                let file = artifact.files.get(crate::builtins::WEIGHTS).cloned();
                (artifact.key, file)
            }
            Value::Table(table) => {
                let mut report =
                    crate::builtins::table_report(runner, planned.root, &table);
                (report.study, report.doc) = (study.clone(), doc.to_string());
                report.script = script;
                let bad = |problem: crate::report::ReportProblem| {
                    Problem::new(Code::E0902, problem.to_string(), span, "this table")
                };
                let mut files = table_files(&report).map_err(bad)?;
                let saved = crate::builtins::saved_files(&table).map_err(bad)?;
                // A file asked for by name is what it was asked to be.
                files.retain(|file| saved.iter().all(|asked| asked.name != file.name));
                files.extend(saved);
                let content = Content::Table(report.into());
                return Ok(Outcome {
                    study,
                    content,
                    files,
                });
            }
            Value::Dataset(_) | Value::Cell(_) => {
                return Err(Problem::new(
                    Code::E0603,
                    "this study is neither a table nor a model",
                    span,
                    "here",
                ));
            }
        };
        let evaluation = crate::builtins::scored(runner, planned.root)?;
        let report = evaluation.report(&study, doc, script);
        let files = self.drawn(runner, key, &report, weights.as_deref(), span)?;
        let content = Content::Scores(report.into());
        Ok(Outcome {
            study,
            content,
            files,
        })
    }

    /// The files of an outcome: from the store when they were drawn before, with the same
    /// words and script around the same numbers.
    fn drawn(
        &self,
        runner: &mut Runner<'_>,
        evaluated: Key,
        report: &StudyReport,
        weights: Option<&[u8]>,
        span: Span,
    ) -> Result<Vec<OutcomeFile>, Problem> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"tmo report 1");
        hasher.update(evaluated.as_bytes());
        for part in [
            &report.study,
            &report.doc,
            &report.script.name,
            &report.script.text,
        ] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        let key = Key::from(hasher.finalize());
        let store = runner.settings.store;
        match store.get(key).map_err(|e| crate::run::store_problem(&e))? {
            Found::Intact(artifact) => {
                let file = |(name, bytes)| OutcomeFile { name, bytes };
                return Ok(artifact.files.into_iter().map(file).collect());
            }
            Found::Damaged(damaged) => runner.warn_damaged(&damaged.to_string()),
            Found::Nothing => {}
        }
        let files = outcome_files(report, weights).map_err(|problem| {
            Problem::new(
                Code::E0902,
                problem.to_string(),
                span,
                "the outcome of this study",
            )
            .help(problem.help())
        })?;
        let inputs = BTreeMap::from([("study".to_string(), report.study.clone())]);
        let by_name: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|file| (file.name.clone(), file.bytes.clone()))
            .collect();
        store
            .put(key, "report", &inputs, &by_name)
            .map_err(|e| crate::run::store_problem(&e))?;
        let file = |(name, bytes)| OutcomeFile { name, bytes };
        Ok(by_name.into_iter().map(file).collect())
    }
}

/// The first builtin of an expression that is declared and that nothing runs yet.
fn unbuilt(expr: &ir::Expr) -> Option<Problem> {
    let mut found = None;
    ir::visit_calls(expr, &mut |call, span| {
        if found.is_none()
            && matches!(find(&call.builtin), Some(crate::builtins::Body::Planned))
        {
            let name = call.short_name();
            let title = format!("`{name}` is planned, and not in this version");
            let problem = Problem::new(Code::E0603, title, span, "checked, and not run");
            found = Some(problem.help("`tmo show stdlib` lists what is there"));
        }
    });
    found
}

/// The script of a program, for its reports.
fn script_of(program: &Program) -> Script {
    let root = program.root.and_then(|id| program.module(id));
    Script {
        name: root
            .map(|module| file_name(&module.source.name))
            .unwrap_or_default(),
        text: root
            .map(|module| module.source.text.to_string())
            .unwrap_or_default(),
    }
}

/// The last part of a path, whichever way its separators lean.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_string()
}

fn choose<'p>(
    plan: &'p Plan,
    names: &[String],
) -> Result<Vec<&'p PlannedStudy>, Problem> {
    let known: Vec<&str> = plan
        .studies
        .iter()
        .map(|planned| &*planned.study.name)
        .collect();
    if known.is_empty() {
        return Err(Problem::new(
            Code::E0603,
            "this script has no study: there is nothing to run",
            Span::NOWHERE,
            "",
        )
        .help("add one: `study first = … |> train(…) |> evaluate(rmse, mae, r2)`"));
    }
    for name in names {
        if !known.contains(&name.as_str()) {
            let problem = Problem::new(
                Code::E0603,
                format!("this script has no study `{name}`"),
                Span::NOWHERE,
                "",
            );
            let near = crate::diagnostic::nearest(name, known.iter().copied());
            return Err(match near {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("its studies are {}", known.join(", "))),
            });
        }
    }
    let wanted = |planned: &&PlannedStudy| {
        names.is_empty() || names.iter().any(|name| **name == *planned.study.name)
    };
    Ok(plan.studies.iter().filter(wanted).collect())
}
