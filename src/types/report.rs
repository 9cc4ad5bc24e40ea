//! Where a message points: always first to a file its reader owns.

use super::check::Checker;
use super::value::{Arg, Args};
use crate::diagnostic::{Label, Problem};
use crate::source::Span;
use std::sync::Arc;

/// A function being applied.
#[derive(Clone, Debug)]
pub struct Use {
    /// Its name.
    pub name: Arc<str>,
    /// Where.
    pub at: Span,
    /// Its known settings, `width = 64`.
    pub with: String,
    /// Its settings that are whole numbers below 1.
    pub not_positive: Vec<Arc<str>>,
}

impl Use {
    /// A use with the settings that are numbers, at most four.
    pub fn new(name: &Arc<str>, at: Span, args: &Args) -> Use {
        let (mut with, mut not_positive) = (Vec::new(), Vec::new());
        for (name, arg) in args {
            let Arg::Value(val) = arg else { continue };
            if with.len() < 4
                && let Some(known) = val.as_static()
            {
                with.push(format!("{name} = {known}"));
            }
            if val.as_int().is_some_and(|n| n < 1) {
                not_positive.push(name.clone());
            }
        }
        Use {
            name: name.clone(),
            at,
            with: with.join(", "),
            not_positive,
        }
    }
}

impl Checker<'_> {
    /// Keep a message. The same code at the same place is kept once.
    pub fn report(&mut self, problem: Problem) {
        let problem = self.point(problem);
        if self.reported.insert((problem.code, problem.span())) {
            self.problems.push(problem);
        }
    }

    /// The user's call that led to a place inside the standard library; none for a place
    /// in a file of the user.
    pub fn own_use(&self, span: Span) -> Option<&Use> {
        if !self.is_std(span) {
            return None;
        }
        self.uses.iter().rev().find(|used| !self.is_std(used.at))
    }

    /// Where a run is to point when something is wrong with what is written at `span`: in
    /// the standard library to the user's call.
    pub fn own_place(&self, span: Span) -> Span {
        self.own_use(span).map_or(span, |used| used.at)
    }

    fn is_std(&self, span: Span) -> bool {
        let source = self.sources.of(span);
        source.is_none_or(|source| {
            let mut std = self.program.modules.iter().filter(|module| module.is_std());
            std.any(|module| module.source.base == source.base)
        })
    }

    /// Inside the standard library a message points to the user's call; inside a layer
    /// of the user it says with what settings the layer is used. What the library says
    /// of itself becomes a sentence: its lines are not the reader's to mend.
    fn point(&self, problem: Problem) -> Problem {
        let mut problem = self.point_at_use(problem);
        let own = problem.labels.iter().any(|label| !self.is_std(label.span));
        if !own {
            return problem;
        }
        let (std, own): (Vec<Label>, Vec<Label>) = problem
            .labels
            .into_iter()
            .partition(|label| self.is_std(label.span));
        problem.labels = own;
        let told = std
            .into_iter()
            .map(|label| label.text)
            .filter(|text| text.contains('`'));
        problem.notes.extend(told);
        problem
    }

    fn point_at_use(&self, mut problem: Problem) -> Problem {
        let at = problem.span();
        if at == Span::NOWHERE {
            return problem;
        }
        if self.is_std(at) {
            let Some(used) = self.own_use(at) else {
                return problem;
            };
            let text = format!("`{}` is used here", used.name);
            let labels = std::mem::take(&mut problem.labels);
            problem = problem.and(used.at, text);
            problem.labels.extend(labels);
            return problem;
        }
        let Some(used) = self.uses.last().filter(|used| used.at != at) else {
            return problem;
        };
        if self.is_std(used.at) {
            return problem;
        }
        let text = match used.with.as_str() {
            "" => format!("`{}` is used here", used.name),
            with => format!("`{}` is used here with {with}", used.name),
        };
        problem.and(used.at, text)
    }
}
