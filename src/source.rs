//! Texts and places in them.
//!
//! Comes in: the text of a file and what it is called. Goes out: [`Sources`], which
//! keeps every text of a session in one address space, so that a [`Span`] is two
//! numbers and still knows its file.

use std::fmt;
use std::sync::Arc;

/// Bytes `start..end` in the address space of a [`Sources`].
///
/// Every source gets its own stretch of addresses; position 0 belongs to none and
/// [`Span::NOWHERE`] is there for things no one wrote.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The place of things that stand in no source.
    pub const NOWHERE: Span = Span { start: 0, end: 0 };

    /// From `start` up to, not including, `end`; an end before the start is empty.
    pub fn new(start: u32, end: u32) -> Self {
        Span {
            start,
            end: end.max(start),
        }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        if self == Span::NOWHERE {
            return other;
        }
        if other == Span::NOWHERE {
            return self;
        }
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// How many bytes it covers.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it covers nothing.
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Put a value and its place together.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// One text with a name.
#[derive(Clone, Debug)]
pub struct Source {
    /// What messages call it: a path as the user wrote it, or `stdlib/…`.
    pub name: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// Address of its first byte.
    pub base: u32,
}

impl Source {
    /// The span of the bytes `start..end` of this text, widened to whole characters.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let mut start = start.min(self.text.len());
        let mut end = end.clamp(start, self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        let at = |offset: usize| {
            self.base
                .saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
        };
        Span::new(at(start), at(end))
    }
}

/// Where a byte stands for a reader: 1-based line and column, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
}

/// Every text of a session.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

/// Texts above this size are not scripts.
pub const LARGEST_SOURCE: usize = 64 << 20;

impl Sources {
    /// Take in a text. The caller has checked it against [`LARGEST_SOURCE`].
    pub fn add(&mut self, name: &str, text: &str) -> Source {
        let base = self
            .all
            .last()
            .map_or(1, |last| last.base + last.text.len() as u32 + 1);
        let source = Source {
            name: name.into(),
            text: text.into(),
            base,
        };
        self.all.push(source.clone());
        source
    }

    /// Make those texts the first of these, at the addresses they have there; false, and
    /// nothing is changed, when others are already.
    pub fn begin_with(&mut self, others: &Sources) -> bool {
        if self.all.is_empty() {
            self.all.clone_from(&others.all);
            return true;
        }
        let same = |(one, other): (&Source, &Source)| Arc::ptr_eq(&one.text, &other.text);
        self.all.len() >= others.all.len() && self.all.iter().zip(&others.all).all(same)
    }

    /// The source a span lies in, if it lies in one.
    pub fn of(&self, span: Span) -> Option<&Source> {
        let after = self.all.partition_point(|source| source.base <= span.start);
        let source = self.all.get(after.checked_sub(1)?)?;
        (span.end as usize <= source.base as usize + source.text.len()).then_some(source)
    }

    /// The text a span covers; empty when it lies nowhere.
    pub fn text(&self, span: Span) -> &str {
        let Some(source) = self.of(span) else {
            return "";
        };
        let at = |address: u32| (address - source.base) as usize;
        source.text.get(at(span.start)..at(span.end)).unwrap_or("")
    }

    /// Line and column of the first byte of a span.
    pub fn position(&self, span: Span) -> Option<Position> {
        let source = self.of(span)?;
        let before = source.text.get(..(span.start - source.base) as usize)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Some(Position {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..)?.chars().count() + 1,
        })
    }

    /// All sources, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_begin_with_others_once_and_at_the_same_addresses() {
        let mut first = Sources::default();
        let place = first.add("a.tmo", "one").span(0, 3);
        let mut second = Sources::default();
        assert!(second.begin_with(&first));
        second.add("b.tmo", "two");
        assert_eq!(second.text(place), "one");
        assert!(second.begin_with(&first), "they are there already");
        assert_eq!(second.iter().count(), 2);
        let mut other = Sources::default();
        other.add("b.tmo", "one");
        assert!(!other.begin_with(&first), "a text of its own");
    }

    #[test]
    fn spans_find_their_source_and_never_cut_a_character() {
        let mut sources = Sources::default();
        let first = sources.add("a.tmo", "5 Å + 2\n");
        let second = sources.add("b.tmo", "é");
        let angstrom = first.span(3, 4);
        assert_eq!(sources.text(angstrom), "Å");
        assert_eq!(sources.text(second.span(1, 1)), "é");
        assert_eq!(
            sources
                .of(second.span(0, 2))
                .map(|s| s.name.to_string())
                .as_deref(),
            Some("b.tmo")
        );
        assert_eq!(
            sources.position(first.span(5, 6)),
            Some(Position { line: 1, column: 5 })
        );
        assert!(sources.of(Span::NOWHERE).is_none());
    }
}
