//! Expressions other than runs of operators.

use pest::iterators::Pair;

use super::super::parse::Rule;
use super::Layout;
use super::brackets::{Bracket, Bracketed, Hanging, Hangs, Piece};
use super::doc::{Doc, HARD, STEP};

impl Layout<'_> {
    /// The rule `expr`.
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let mut piece = Piece::plain(Doc::none());
        for inner in pair.into_inner() {
            piece = match inner.as_rule() {
                Rule::lambda => self.lambda(inner),
                Rule::if_ => Piece::plain(self.if_(inner)),
                _ => self.operation(inner),
            };
        }
        piece
    }

    /// A single parameter goes without brackets.
    fn lambda(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let mut params: Vec<_> = pair.into_inner().collect();
        let Some(body) = params.pop() else {
            unreachable!("grammar: a lambda ends with its body")
        };
        let names = match params.as_slice() {
            [only] => {
                let open = self.cursor.skip("(");
                let name = self.word(only);
                Doc::all([open, name, self.cursor.skip(","), self.cursor.skip(")")])
            }
            _ => {
                let bracket = Bracket::new("(", ")");
                let word = |layout: &mut Self, name| Piece::word(layout.word(&name));
                self.bracket(bracket, params.into_iter(), word).doc()
            }
        };
        let head = [
            names,
            Doc::text(" "),
            self.cursor.mark("=>"),
            Doc::text(" "),
        ];
        self.expr(body).after(Doc::all(head))
    }

    fn if_(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut all = Vec::new();
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_if => all.extend([self.word(&part), Doc::text(" ")]),
                Rule::kw_then | Rule::kw_else => {
                    rest.extend([Doc::Line, self.word(&part), Doc::text(" ")]);
                }
                _ if rest.is_empty() => all.push(self.expr(part).doc),
                _ => rest.push(self.expr(part).doc),
            }
        }
        all.push(Doc::all(rest).indent(STEP));
        Doc::all(all).group()
    }

    /// The rule `postfix`: an atom and the calls, indices and fields that touch it.
    pub(super) fn postfix(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let mut parts = pair.into_inner().peekable();
        let Some(atom) = parts.next() else {
            unreachable!("grammar: a postfix begins with an atom")
        };
        let mut piece = self.atom(atom);
        for part in parts {
            piece = match part.as_rule() {
                Rule::call => {
                    let args = self.args(part);
                    let open = [piece.doc.clone().closed(), args.not_closed()];
                    let open = Doc::all(open);
                    Piece {
                        doc: Doc::all([piece.doc, args.doc()]),
                        hanging: Some(match args.hanging {
                            Some(_) => Hanging::Literal(open),
                            None => Hanging::Call(open),
                        }),
                        is_word: false,
                    }
                }
                Rule::index => {
                    let open = self.cursor.mark("[");
                    let at = Doc::all([
                        Doc::Soft,
                        part.into_inner()
                            .fold(Doc::none(), |_, at| self.expr(at).doc),
                    ]);
                    let close = self.cursor.mark("]");
                    let index = [open, at.indent(STEP), Doc::Soft, close];
                    Piece::plain(Doc::all([piece.doc, Doc::all(index).group()]))
                }
                _ => Piece::plain(Doc::all([piece.doc, self.word(&part)])),
            };
        }
        piece
    }

    fn args(&mut self, call: Pair<'_, Rule>) -> Bracketed {
        let bracket = Bracket {
            hangs: Hangs::Last,
            ..Bracket::new("(", ")")
        };
        self.bracket(bracket, call.into_inner(), Self::arg)
    }

    fn arg(&mut self, pair: Pair<'_, Rule>) -> Piece {
        match pair.as_rule() {
            Rule::spread => {
                let dots = self.cursor.mark("..");
                let inner = pair.into_inner();
                let of = inner.fold(Doc::none(), |_, of| self.postfix(of).doc);
                Piece::plain(Doc::all([dots, of]))
            }
            Rule::named => {
                let mut parts = pair.into_inner();
                let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
                    unreachable!("grammar: a named argument has a name and a value")
                };
                let name = [self.word(&name), self.cursor.mark(":"), Doc::text(" ")];
                self.expr(value).after(Doc::all(name))
            }
            _ => self.expr(pair),
        }
    }

    fn atom(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let literal = |bracketed: &Bracketed| Piece {
            doc: bracketed.doc(),
            hanging: Some(Hanging::Literal(bracketed.not_closed())),
            is_word: false,
        };
        match pair.as_rule() {
            Rule::record => {
                let bracket = Bracket {
                    roomy: true,
                    hangs: Hangs::Never,
                    ..Bracket::new("{", "}")
                };
                literal(&self.bracket(bracket, pair.into_inner(), Self::arg))
            }
            Rule::list => {
                let bracket = Bracket {
                    hangs: Hangs::Only,
                    ..Bracket::new("[", "]")
                };
                literal(&self.bracket(bracket, pair.into_inner(), Self::expr))
            }
            Rule::tuple => self.tuple(pair),
            Rule::block => self.block(pair),
            Rule::quantity => Piece::word(self.quantity(pair)),
            _ => Piece::word(self.word(&pair)),
        }
    }

    /// One space before a unit, none before `%` and `°`.
    fn quantity(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::unit && !part.as_str().starts_with('°') {
                parts.push(Doc::text(" "));
            }
            parts.push(self.word(&part));
        }
        Doc::all(parts)
    }

    /// Brackets around a single expression stay; without a comma, for it is no tuple.
    fn tuple(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let parts: Vec<_> = pair.into_inner().collect();
        if parts.len() > 1 {
            let bracket = Bracket::new("(", ")");
            let tuple = self.bracket(bracket, parts.into_iter(), Self::expr);
            return Piece::plain(tuple.doc());
        }
        let open = self.cursor.mark("(");
        let before = self.cursor.comments();
        let inner = parts.into_iter().fold(Doc::none(), |_, e| self.expr(e).doc);
        let comma = self.cursor.skip(",");
        let after = self.cursor.comments();
        let close = self.cursor.mark(")");
        let inside = Doc::all([Doc::Soft, before, inner, comma, after]).indent(STEP);
        let whole = Doc::all([open, inside, Doc::Soft, close]);
        Piece {
            doc: whole.clone().group(),
            hanging: Some(Hanging::Brackets(whole.open())),
            is_word: false,
        }
    }

    /// On one line only if the author wrote it so.
    fn block(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let open = self.cursor.mark("{");
        let mut is_open = self.cursor.gap().breaks;
        let mut broken = Vec::new();
        let mut flat = vec![open.clone(), Doc::Line];
        for part in pair.into_inner() {
            let gap = self.cursor.gap();
            is_open |= gap.breaks;
            let comments = self.cursor.comments();
            let blank = gap.blank && !broken.is_empty();
            let doc = match part.as_rule() {
                Rule::let_item => {
                    let item = self.let_item(part);
                    let close = self.cursor.skip(";");
                    // `let a = b` and then `-c` would read as `b - c`.
                    let end = match self.cursor.is_next("-") {
                        true => Doc::text(";"),
                        false => Doc::WhenClosed(";"),
                    };
                    Doc::all([item, end, close])
                }
                _ => self.expr(part).doc,
            };
            let doc = Doc::all([comments, doc]);
            broken.extend([Doc::Hard { blank }, doc.clone()]);
            flat.extend([doc, Doc::Line]);
        }
        let gap = self.cursor.gap();
        let dangling = self.cursor.comments();
        let close = self.cursor.mark("}");
        if !dangling.is_none() {
            is_open = true;
            broken.extend([Doc::Hard { blank: gap.blank }, dangling]);
        }
        flat.push(close.clone());
        let inside = Doc::all(broken).indent(STEP);
        let broken = Doc::all([open, inside, HARD, close]).open();
        let doc = if is_open {
            broken.clone()
        } else {
            Doc::first([Doc::all(flat).closed(), broken.clone()])
        };
        Piece {
            doc,
            hanging: Some(Hanging::Literal(broken)),
            is_word: false,
        }
    }
}
