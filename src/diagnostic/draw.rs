//! Diagnostics as people read them.
//!
//! Comes in: any `miette::Diagnostic` whose labels are addresses of a [`Sources`]. Goes
//! out: text for a terminal. This is the only file that knows ariadne.

use std::fmt::{Debug, Display};
use std::ops::Range;
use std::sync::Arc;

use ariadne::{Cache, Color, Config, Fmt, IndexType, Label, Report, ReportKind};
use miette::{Diagnostic, Severity};

use super::Problem;
use crate::source::{Source, Sources, Span};

/// A label, its place local to one source and counted in characters: ariadne can count
/// bytes too, but mixes both up where a report has several sources.
struct Place<'a> {
    source: &'a Source,
    chars: Range<usize>,
    text: String,
}

/// A diagnostic with the lines it is about. Labels that lie in no source are left out;
/// one that runs past the end of its source ends there. The first is where to look.
pub fn draw(diagnostic: &dyn Diagnostic, sources: &Sources, color: bool) -> String {
    let tint = match diagnostic.severity() {
        Some(Severity::Warning) => Color::Yellow,
        Some(Severity::Advice) => Color::Blue,
        Some(Severity::Error) | None => Color::Red,
    };
    let title = title(diagnostic, color.then_some(tint));
    let places = places(diagnostic, sources);
    let mut drawn = Vec::new();
    let Some(first) = places.first() else {
        return title + &help_only(diagnostic);
    };
    // Ariadne's own title has another form and ignores `with_color`: it gets none, and
    // the line it draws for it is dropped.
    let config = Config::default()
        .with_index_type(IndexType::Char)
        .with_color(color);
    let mut report =
        Report::build(ReportKind::Error, (first.source.base, first.chars.clone()))
            .with_config(config);
    // Ariadne shows a file once only if its labels come in the order of the text.
    let mut in_order: Vec<(usize, &Place<'_>)> = places.iter().enumerate().collect();
    in_order.sort_by_key(|(_, place)| {
        let elsewhere = place.source.base != first.source.base;
        (
            elsewhere,
            place.source.base,
            place.chars.end,
            place.chars.start,
        )
    });
    for (order, (number, place)) in (0..).zip(in_order) {
        let tint = if number == 0 { tint } else { Color::Cyan };
        let label = Label::new((place.source.base, place.chars.clone()))
            .with_color(tint)
            .with_order(order);
        report = report.with_label(match place.text.as_str() {
            "" => label,
            text => label.with_message(text),
        });
    }
    if let Some(help) = diagnostic.help() {
        report = report.with_help(help);
    }
    match report.finish().write(Shelf::new(&places), &mut drawn) {
        Ok(()) => {
            let drawn = String::from_utf8_lossy(&drawn);
            let body = drawn.split_once('\n').map_or("", |(_, body)| body);
            title + &without_trailing_blanks(body)
        }
        Err(_) => title + &help_only(diagnostic),
    }
}

/// One line: `file:line:column: error[E0301]: title; help`.
pub fn short(problem: &Problem, sources: &Sources) -> String {
    let span = problem.span();
    let place = match (sources.of(span), sources.position(span)) {
        (Some(source), Some(at)) => {
            format!("{}:{}:{}: ", source.name, at.line, at.column)
        }
        _ => String::new(),
    };
    let severity = match problem.severity() {
        super::Severity::Error => "error",
        super::Severity::Warning => "warning",
    };
    let help = problem
        .help
        .iter()
        .map(|help| format!("; {help}"))
        .collect::<String>();
    let line = format!(
        "{place}{severity}[{}]: {}{help}",
        problem.code, problem.title
    );
    line.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// `error[E0301]: …`, a line of its own.
fn title(diagnostic: &dyn Diagnostic, tint: Option<Color>) -> String {
    let word = match diagnostic.severity() {
        Some(Severity::Warning) => "warning",
        Some(Severity::Advice) => "advice",
        Some(Severity::Error) | None => "error",
    };
    let kind = match diagnostic.code() {
        Some(code) => format!("{word}[{code}]:"),
        None => format!("{word}:"),
    };
    match tint {
        Some(tint) => format!("{} {diagnostic}\n", kind.fg(tint)),
        None => format!("{kind} {diagnostic}\n"),
    }
}

/// What there is to say about a thing that stands in no source.
fn help_only(diagnostic: &dyn Diagnostic) -> String {
    let help = diagnostic
        .help()
        .map(|help| help.to_string())
        .unwrap_or_default();
    let mut text = String::new();
    for (number, line) in help.lines().enumerate() {
        text.push_str(if number == 0 { "  Help: " } else { "        " });
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn places<'a>(diagnostic: &dyn Diagnostic, sources: &'a Sources) -> Vec<Place<'a>> {
    let labels = diagnostic.labels().into_iter().flatten();
    labels
        .filter_map(|label| {
            let start = u32::try_from(label.offset()).ok()?;
            let source = sources.of(Span::new(start, start))?;
            let local = (start - source.base) as usize;
            // Through `span`, which widens to whole characters and stops at the end.
            let span = source.span(local, local.saturating_add(label.len()));
            let at = |address: u32| (address - source.base) as usize;
            let before = source.text.get(..at(span.start))?;
            // A line break at the end would make a label of two lines out of one.
            let inside = source.text.get(at(span.start)..at(span.end))?.trim_end();
            let start = before.chars().count();
            let chars = start..start + inside.chars().count();
            let text = label.label().unwrap_or("").to_owned();
            Some(Place {
                source,
                chars,
                text,
            })
        })
        .collect()
}

fn without_trailing_blanks(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.trim_end().lines() {
        clean.push_str(line.trim_end());
        clean.push('\n');
    }
    clean
}

/// The sources a report is about, as ariadne wants them, known by their first address.
struct Shelf {
    all: Vec<(u32, Arc<str>, ariadne::Source<Arc<str>>)>,
}

impl Shelf {
    fn new(places: &[Place<'_>]) -> Shelf {
        let mut all: Vec<(u32, Arc<str>, ariadne::Source<Arc<str>>)> = Vec::new();
        for Place { source, .. } in places {
            if all.iter().all(|(base, _, _)| *base != source.base) {
                let text = ariadne::Source::from(source.text.clone());
                all.push((source.base, source.name.clone(), text));
            }
        }
        Shelf { all }
    }
}

impl Cache<u32> for Shelf {
    type Storage = Arc<str>;

    fn fetch(&mut self, id: &u32) -> Result<&ariadne::Source<Arc<str>>, impl Debug> {
        let found = self.all.iter().find(|(base, _, _)| base == id);
        found
            .map(|(_, _, text)| text)
            .ok_or("a source without a label")
    }

    fn display<'a>(&self, id: &'a u32) -> Option<impl Display + 'a> {
        self.all
            .iter()
            .find(|(base, _, _)| base == id)
            .map(|(_, name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests;
