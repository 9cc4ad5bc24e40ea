//! One message: what is wrong, where, and what to do.
//!
//! A [`Problem`] is data. It implements [`miette::Diagnostic`], so a host program can
//! show it in its own way; `draw` shows it in ours. It is made by constructors that
//! stand beside the rule they speak for.

use std::fmt;

use miette::{Diagnostic, LabeledSpan};

use super::{Code, Severity};
use crate::source::Span;

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What this bit is.
    pub text: String,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Its code.
    pub code: Code,
    /// What is wrong, in the reader's words.
    pub title: String,
    /// Places; the first is where the reader should look.
    pub labels: Vec<Label>,
    /// More to know: data place, both shapes, where a layer was used.
    pub notes: Vec<String>,
    /// What to type or do.
    pub help: Option<String>,
}

impl Problem {
    /// A message with its first place. `span` may be [`Span::NOWHERE`].
    pub fn new(
        code: Code,
        title: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Self {
        let labels = if span == Span::NOWHERE {
            Vec::new()
        } else {
            vec![Label {
                span,
                text: label.into(),
            }]
        };
        Problem {
            code,
            title: title.into(),
            labels,
            notes: Vec::new(),
            help: None,
        }
    }

    /// Add a second place; one that lies nowhere is left out.
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        if span != Span::NOWHERE {
            self.labels.push(Label {
                span,
                text: text.into(),
            });
        }
        self
    }

    /// Add a sentence.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Say what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Error or warning.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Where the reader should look first.
    pub fn span(&self) -> Span {
        self.labels
            .first()
            .map_or(Span::NOWHERE, |label| label.span)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match Problem::severity(self) {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let lines: Vec<&str> = self
            .notes
            .iter()
            .chain(&self.help)
            .map(String::as_str)
            .collect();
        if lines.is_empty() {
            None
        } else {
            Some(Box::new(lines.join("\n")))
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().map(|label| {
            LabeledSpan::new(
                Some(label.text.clone()),
                label.span.start as usize,
                label.span.len() as usize,
            )
        })))
    }
}
