//! A text read from its beginning to its end, so that no comment is left behind.
//!
//! Comes in: a text that parses and the places of its comments. Goes out: its words as
//! [`Doc`]s, each with the comments that stand before it on lines of their own and the
//! one that stands behind it on its line.

use super::doc::{Doc, HARD};

/// A text and how far it has been read.
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// Comments not yet read, the first one last.
    comments: Vec<(usize, usize)>,
    at: usize,
}

/// What stands between the last word read and the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gap {
    /// A line end.
    pub(super) breaks: bool,
    /// An empty line, before any comment.
    pub(super) blank: bool,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `text`, with the places of its comments in order.
    pub(super) fn new(text: &'a str, comments: Vec<(usize, usize)>) -> Self {
        let mut comments = comments;
        comments.reverse();
        Cursor {
            text,
            comments,
            at: 0,
        }
    }

    fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// Where the next word begins, or the end of the text.
    pub(super) fn next(&self) -> usize {
        let mut at = self.at;
        for &(start, end) in self.comments.iter().rev() {
            if !is_blank(self.between(at, start)) {
                break;
            }
            at = end;
        }
        let rest = self.between(at, self.text.len());
        at + rest.find(|c| !is_space(c)).unwrap_or(rest.len())
    }

    /// Whether the next word begins with `mark`.
    pub(super) fn is_next(&self, mark: &str) -> bool {
        self.between(self.next(), self.text.len()).starts_with(mark)
    }

    /// What stands before the next word.
    pub(super) fn gap(&self) -> Gap {
        let next = self.next();
        let first = match self.comments.last() {
            Some(&(start, _)) => start.min(next),
            None => next,
        };
        Gap {
            breaks: self.between(self.at, next).contains('\n'),
            blank: line_ends(self.between(self.at, first)) > 1,
        }
    }

    /// The comments before the next word, each on a line of its own. An empty line after
    /// one of them is kept.
    pub(super) fn comments(&mut self) -> Doc {
        let next = self.next();
        let mut parts = Vec::new();
        while let Some((start, end)) = self.comments.pop_if(|(start, _)| *start < next) {
            if parts.is_empty() {
                parts.push(HARD);
            }
            parts.push(Doc::text(self.between(start, end).trim_end()));
            let after = self.comments.last().map_or(next, |(start, _)| *start);
            let blank = line_ends(self.between(end, after.min(next))) > 1;
            parts.push(Doc::Hard { blank });
            self.at = end;
        }
        Doc::all(parts)
    }

    /// The stretch `start..end`, which is the next word or words, and its comments.
    pub(super) fn take(&mut self, end: usize) -> Doc {
        let before = self.comments();
        let text = Doc::text(self.between(self.next(), end).trim_end());
        self.at = end;
        let after = self.trail();
        if before.is_none() && after.is_none() {
            return text;
        }
        Doc::all([before, text, after])
    }

    /// The next word, which is `mark`.
    pub(super) fn mark(&mut self, mark: &str) -> Doc {
        if !self.is_next(mark) {
            unreachable!("grammar: `{mark}` stands at byte {}", self.next());
        }
        self.take(self.next() + mark.len())
    }

    /// Read `mark`, if it is next, and give only its comments.
    pub(super) fn skip(&mut self, mark: &str) -> Doc {
        if !self.is_next(mark) {
            return Doc::none();
        }
        let before = self.comments();
        self.at = self.next() + mark.len();
        Doc::all([before, self.trail()])
    }

    /// The comment behind what was read, on the same line.
    fn trail(&mut self) -> Doc {
        let Some(&(start, end)) = self.comments.last() else {
            return Doc::none();
        };
        let between = self.between(self.at, start);
        if start < self.at || !is_blank(between) || between.contains('\n') {
            return Doc::none();
        }
        self.comments.pop();
        self.at = end;
        Doc::Trail(self.between(start, end).trim_end().into())
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\u{FEFF}')
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

fn line_ends(text: &str) -> usize {
    text.matches('\n').count()
}
