//! Written types, and the brackets around what is written.

use pest::iterators::Pair;

use super::super::parse::Rule;
use super::Layout;
use super::brackets::{Bracket, Piece};
use super::doc::Doc;

impl Layout<'_> {
    /// The rule `type_`.
    pub(super) fn ty(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::type_ {
                let arrow = self.cursor.mark("=>");
                parts.extend([Doc::text(" "), arrow, Doc::text(" "), self.ty(part)]);
            } else {
                parts.push(self.plain_ty(part));
            }
        }
        Doc::all(parts)
    }

    fn plain_ty(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            parts.push(match part.as_rule() {
                Rule::tensor_ty => self.type_list(("[", "]"), part),
                Rule::tuple_ty => self.type_list(("(", ")"), part),
                Rule::record_ty => self.record_ty(part),
                Rule::maybe => self.cursor.mark("?"),
                _ => self.quantity_ty(part),
            });
        }
        Doc::all(parts)
    }

    /// Axes, sizes or types in brackets.
    fn type_list(
        &mut self,
        marks: (&'static str, &'static str),
        pair: Pair<'_, Rule>,
    ) -> Doc {
        let entries: Vec<_> = pair.into_inner().collect();
        let bracket = Bracket {
            // A bracket around a single type is no tuple.
            last_comma: marks.0 == "[" || entries.len() > 1,
            ..Bracket::new(marks.0, marks.1)
        };
        self.bracket(bracket, entries.into_iter(), |layout, part| {
            match part.as_rule() {
                Rule::rest => Piece::word(layout.cursor.mark("..")),
                Rule::type_ => Piece::plain(layout.ty(part)),
                _ => layout.operation(part),
            }
        })
        .doc()
    }

    fn record_ty(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let fields = pair.into_inner();
        self.bracket(Bracket::new("{", "}"), fields, |layout, field| {
            let mut parts = Vec::new();
            for part in field.into_inner() {
                if part.as_rule() == Rule::type_ {
                    parts.extend([layout.cursor.mark(":"), Doc::text(" ")]);
                    parts.push(layout.ty(part));
                } else {
                    parts.push(layout.word(&part));
                }
            }
            Piece::plain(Doc::all(parts))
        })
        .doc()
    }

    fn quantity_ty(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::power_ty {
                parts.push(self.power_ty(part));
            } else {
                let op = self.word(&part);
                parts.extend([Doc::text(" "), op, Doc::text(" ")]);
            }
        }
        Doc::all(parts)
    }

    fn power_ty(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::exponent {
                parts.extend([self.cursor.mark("^"), self.word(&part)]);
            } else {
                parts.push(self.named_ty(part));
            }
        }
        Doc::all(parts)
    }

    fn named_ty(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            parts.push(match part.as_rule() {
                Rule::type_args => self.type_list(("[", "]"), part),
                _ => self.word(&part),
            });
        }
        Doc::all(parts)
    }
}
