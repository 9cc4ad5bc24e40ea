//! What a study came to: its report as data, and the files drawn from it.

use std::collections::BTreeMap;

use super::Session;
use crate::diagnostic::{Code, Problem};
use crate::names::Program;
use crate::plan::{NodeId, PlannedStudy};
use crate::report::document::Document;
use crate::report::{
    OutcomeFile, Script, StudyReport, TableReport, outcome_files, table_files,
};
use crate::run::store::{Found, Key};
use crate::run::{Runner, Value};
use crate::source::Span;

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
    /// A figure or a report.
    Document(Box<Document>),
}

impl Outcome {
    /// The report of a study of a model.
    pub fn scores(&self) -> Option<&StudyReport> {
        match &self.content {
            Content::Scores(report) => Some(report),
            Content::Table(_) | Content::Document(_) => None,
        }
    }

    /// The table of a study that is one.
    pub fn table(&self) -> Option<&TableReport> {
        match &self.content {
            Content::Table(report) => Some(report),
            Content::Scores(_) | Content::Document(_) => None,
        }
    }

    /// The document of a study that is a figure or a report.
    pub fn document(&self) -> Option<&Document> {
        match &self.content {
            Content::Document(document) => Some(document),
            Content::Scores(_) | Content::Table(_) => None,
        }
    }
}

impl Session<'_> {
    /// What a study came to; it is computed as far as the store lacks it.
    pub(super) fn outcome(
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
            Value::Figure(figure) => {
                let document = crate::builtins::of_figure(runner, planned.root, &figure);
                let shown = [planned.root];
                return self.documented(program, runner, planned, document, &shown);
            }
            Value::Report(document) => {
                let document = Document::clone(&document);
                let node = runner.plan.node(planned.root);
                let shown = node.map(|node| node.inputs.clone()).unwrap_or_default();
                return self.documented(program, runner, planned, document, &shown);
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

    /// The outcome of a study that is a figure or a report; `shown` are the nodes of those
    /// of its sections that have one.
    fn documented(
        &self,
        program: &Program,
        runner: &Runner<'_>,
        planned: &PlannedStudy,
        mut document: Document,
        shown: &[NodeId],
    ) -> Result<Outcome, Problem> {
        let study = planned.study.name.to_string();
        if document.title.is_empty() {
            document.title = study.replace('_', " ");
        }
        document.doc = planned.study.doc.as_deref().unwrap_or_default().into();
        document.script = script_of(program);
        let sections = document.sections.iter_mut();
        let origins = sections.filter_map(|section| section.origin.as_mut());
        for (origin, id) in origins.zip(shown) {
            let node = runner.plan.node(*id);
            origin.study.clone_from(&study);
            origin.lines = node.and_then(|node| self.lines(program, node.span));
        }
        let files = document.files().map_err(|problem| {
            crate::builtins::undrawable(&problem, planned.study.span)
        })?;
        let content = Content::Document(document.into());
        Ok(Outcome {
            study,
            content,
            files,
        })
    }

    /// First and last line of a span, where it lies in the script that is run.
    fn lines(&self, program: &Program, span: Span) -> Option<(u32, u32)> {
        let root = program.root.and_then(|id| program.module(id))?;
        let source = self.sources.of(span)?;
        if source.name != root.source.name {
            return None;
        }
        let last = Span::new(span.end.saturating_sub(1).max(span.start), span.end);
        let line = |span| u32::try_from(self.sources.position(span)?.line).ok();
        Some((line(span)?, line(last)?))
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
