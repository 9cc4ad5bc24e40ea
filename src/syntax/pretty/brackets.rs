//! Lists in brackets: arguments, entries, parameters, axes, imported names.
//!
//! Closed they stand on one line. Open, each entry has a line, except that entries the
//! author put on one line stay there if they fit. A bracket that ends a line in the
//! source stays open.

use pest::iterators::Pair;

use super::super::parse::Rule;
use super::Layout;
use super::cursor::Gap;
use super::doc::{Doc, HARD, STEP};

/// A laid out expression.
#[derive(Clone)]
pub(super) struct Piece {
    /// As it stands anywhere.
    pub(super) doc: Doc,
    /// With its last bracket open, if it ends in one: what may begin on a line that has
    /// no room for all of it.
    pub(super) hanging: Option<Hanging>,
    /// Whether it is one word.
    pub(super) is_word: bool,
}

/// The layout of a [`Piece`] whose last bracket is open.
#[derive(Clone)]
pub(super) enum Hanging {
    /// A record, list, block, or a lambda or call that ends in one.
    Literal(Doc),
    /// A call.
    Call(Doc),
    /// Brackets around an expression, or operators before such brackets.
    Brackets(Doc),
}

impl Piece {
    pub(super) fn plain(doc: Doc) -> Piece {
        Piece {
            doc,
            hanging: None,
            is_word: false,
        }
    }

    pub(super) fn word(doc: Doc) -> Piece {
        Piece {
            doc,
            hanging: None,
            is_word: true,
        }
    }

    /// With `before` in front of it.
    pub(super) fn after(self, before: Doc) -> Piece {
        let join = |doc: Doc| Doc::all([before.clone(), doc]);
        Piece {
            doc: join(self.doc.clone()),
            hanging: self.hanging.map(|hanging| match hanging {
                Hanging::Literal(doc) => Hanging::Literal(join(doc)),
                Hanging::Call(doc) => Hanging::Call(join(doc)),
                Hanging::Brackets(doc) => Hanging::Brackets(join(doc)),
            }),
            is_word: false,
        }
    }

    /// Its layout with the last bracket open, if it is no call.
    fn literal(&self) -> Option<&Doc> {
        match &self.hanging {
            Some(Hanging::Literal(doc)) => Some(doc),
            _ => None,
        }
    }
}

/// How a bracket is laid out.
#[derive(Clone, Copy)]
pub(super) struct Bracket {
    /// Its marks.
    pub(super) marks: (&'static str, &'static str),
    /// Whether blanks stand inside it when it is closed.
    pub(super) roomy: bool,
    /// How far its entries stand to the right.
    pub(super) step: usize,
    /// Whether a comma stands after the last entry when it is open.
    pub(super) last_comma: bool,
    /// Which entries may stand open in a bracket that is not.
    pub(super) hangs: Hangs,
}

/// Which last entry may be open in a bracket whose other entries stand on one line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hangs {
    /// None.
    Never,
    /// The last.
    Last,
    /// The last, if it is the only one.
    Only,
}

impl Bracket {
    pub(super) const fn new(open: &'static str, close: &'static str) -> Bracket {
        Bracket {
            marks: (open, close),
            roomy: false,
            step: STEP,
            last_comma: true,
            hangs: Hangs::Never,
        }
    }
}

/// The layouts of a bracket.
pub(super) struct Bracketed {
    /// On one line; none when the author wanted it open.
    pub(super) closed: Option<Doc>,
    /// The last entry open, the bracket closed around it.
    pub(super) hanging: Option<Doc>,
    /// Every entry on a line below.
    pub(super) open: Doc,
}

impl Bracketed {
    /// However it fits.
    pub(super) fn doc(&self) -> Doc {
        match &self.closed {
            None => self.open.clone(),
            Some(closed) => {
                let mut layouts = vec![closed.clone()];
                layouts.extend(self.hanging.clone());
                layouts.push(self.open.clone());
                Doc::first(layouts)
            }
        }
    }

    /// Not on one line.
    pub(super) fn not_closed(&self) -> Doc {
        match (&self.closed, &self.hanging) {
            (Some(_), Some(hanging)) => Doc::first([hanging.clone(), self.open.clone()]),
            _ => self.open.clone(),
        }
    }
}

/// An entry and what stands around it.
struct Entry {
    gap: Gap,
    before: Doc,
    piece: Piece,
    /// The comma and its comments; only the comments for the last.
    comma: Doc,
}

impl Entry {
    fn doc(&self) -> Doc {
        let (before, doc) = (self.before.clone(), self.piece.doc.clone());
        Doc::all([before, doc, self.comma.clone()])
    }
}

impl Layout<'_> {
    /// Lay out a bracket with `entries`, each by `each`.
    pub(super) fn bracket<'i>(
        &mut self,
        bracket: Bracket,
        entries: impl Iterator<Item = Pair<'i, Rule>>,
        mut each: impl FnMut(&mut Self, Pair<'i, Rule>) -> Piece,
    ) -> Bracketed {
        let (opening, closing) = bracket.marks;
        let opening = self.cursor.mark(opening);
        let wanted_open = self.cursor.gap().breaks && !self.cursor.is_next(closing);
        let mut all: Vec<Entry> = Vec::new();
        let mut entries = entries.peekable();
        while let Some(pair) = entries.next() {
            let gap = self.cursor.gap();
            let before = self.cursor.comments();
            let piece = each(self, pair);
            let comma = if entries.peek().is_some() {
                self.cursor.mark(",")
            } else {
                self.cursor.skip(",")
            };
            all.push(Entry {
                gap,
                before,
                piece,
                comma,
            });
        }
        let dangling_gap = self.cursor.gap();
        let dangling = self.cursor.comments();
        let closing = self.cursor.mark(closing);
        let edge = if bracket.roomy && !all.is_empty() {
            Doc::Line
        } else {
            Doc::Soft
        };
        let (first, last) = (opening.clone(), closing.clone());
        let closed = Doc::all([
            first,
            edge.clone(),
            one_line(&all),
            dangling.clone(),
            edge,
            last,
        ]);
        let hanging = hanging(bracket, &all, &dangling, &opening, &closing);
        let mut inside = vec![HARD, runs(&all)];
        if bracket.last_comma && !all.is_empty() {
            inside.push(Doc::text(","));
        }
        if !dangling.is_none() {
            let blank = dangling_gap.blank;
            inside.extend([Doc::Hard { blank }, dangling]);
        }
        let inside = Doc::all(inside).indent(bracket.step);
        Bracketed {
            closed: (!wanted_open).then(|| closed.closed()),
            hanging: hanging.filter(|_| !wanted_open),
            open: Doc::all([opening, inside, HARD, closing]).open(),
        }
    }
}

fn one_line(entries: &[Entry]) -> Doc {
    let mut parts = Vec::new();
    for entry in entries {
        if !parts.is_empty() {
            parts.push(Doc::Line);
        }
        parts.push(entry.doc());
    }
    Doc::all(parts)
}

fn hanging(
    bracket: Bracket,
    entries: &[Entry],
    dangling: &Doc,
    opening: &Doc,
    closing: &Doc,
) -> Option<Doc> {
    let (last, others) = entries.split_last()?;
    let allowed = match bracket.hangs {
        Hangs::Never => false,
        Hangs::Last => true,
        Hangs::Only => others.is_empty(),
    };
    if !allowed || !dangling.is_none() {
        return None;
    }
    let mut line = vec![opening.clone(), one_line(others)];
    if !others.is_empty() {
        line.push(Doc::Line);
    }
    line.push(last.before.clone());
    let literal = last.piece.literal()?.clone();
    Some(Doc::all([
        Doc::all(line).closed(),
        literal,
        last.comma.clone(),
        closing.clone(),
    ]))
}

/// Entries below each other, those of one line of the source together if they fit.
fn runs(entries: &[Entry]) -> Doc {
    let mut parts = Vec::new();
    for run in entries.chunk_by(|_, next| !next.gap.breaks) {
        if !parts.is_empty() {
            let blank = run.first().is_some_and(|entry| entry.gap.blank);
            parts.push(Doc::Hard { blank });
        }
        parts.push(match run {
            [only] => only.doc(),
            run => Doc::first([one_line(run).closed(), below_each_other(run)]),
        });
    }
    Doc::all(parts)
}

/// A line for each; words fill the line.
fn below_each_other(run: &[Entry]) -> Doc {
    let words = run.iter().all(|entry| entry.piece.is_word);
    let mut parts = Vec::new();
    for entry in run {
        let doc = entry.doc();
        parts.push(match (parts.is_empty(), words) {
            (true, _) => doc,
            (false, true) => Doc::all([Doc::Line, doc]).group(),
            (false, false) => Doc::all([HARD, doc]),
        });
    }
    Doc::all(parts)
}
