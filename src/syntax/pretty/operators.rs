//! Runs of operators: pipelines, compositions, arithmetic.

use pest::iterators::Pair;

use super::super::parse::Rule;
use super::Layout;
use super::brackets::{Hanging, Piece};
use super::cursor::Gap;
use super::doc::{Doc, HARD, STEP};

/// An operand with the signs before it and the conversion behind it, or an operator.
enum Part {
    Operand(Piece),
    Operator { level: u8, symbol: Doc, gap: Gap },
}

/// Levels of operators, loosest first.
const PIPE: u8 = 0;
const COMPOSE: u8 = 1;
const RANGE: u8 = 5;
const POWER: u8 = 8;

impl Layout<'_> {
    /// The rules `operation` and `size`.
    pub(super) fn operation(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let mut parts: Vec<Part> = Vec::new();
        let mut signs: Vec<Doc> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::negate => signs.push(self.word(&part)),
                Rule::not => signs.extend([self.word(&part), Doc::text(" ")]),
                Rule::convert => {
                    let unit = self.conversion(part);
                    if let Some(Part::Operand(piece)) = parts.last_mut() {
                        *piece = Piece::plain(Doc::all([piece.doc.clone(), unit]));
                    }
                }
                Rule::postfix => {
                    let operand = self.postfix(part);
                    let signs = std::mem::take(&mut signs);
                    parts.push(Part::Operand(match signs.is_empty() {
                        true => operand,
                        false => Piece::plain(Doc::all([Doc::all(signs), operand.doc])),
                    }));
                }
                rule => {
                    let gap = self.cursor.gap();
                    let symbol = self.word(&part);
                    let level = level(rule);
                    parts.push(Part::Operator { level, symbol, gap });
                }
            }
        }
        run(&parts)
    }

    fn conversion(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            parts.extend([Doc::text(" "), self.word(&part)]);
        }
        Doc::all(parts)
    }
}

/// Lay out a run by its loosest operators.
fn run(parts: &[Part]) -> Piece {
    let levels = parts.iter().filter_map(|part| match part {
        Part::Operator { level, .. } => Some(*level),
        Part::Operand(_) => None,
    });
    let Some(loosest) = levels.min() else {
        return match parts.first() {
            Some(Part::Operand(piece)) => piece.clone(),
            _ => Piece::plain(Doc::none()),
        };
    };
    let is_loosest =
        |part: &Part| matches!(part, Part::Operator { level, .. } if *level == loosest);
    let mut operands = parts.split(is_loosest).map(run);
    let operators = parts.iter().filter_map(|part| match part {
        Part::Operator { level, symbol, gap } if *level == loosest => {
            Some((symbol.clone(), *gap))
        }
        _ => None,
    });
    let head = operands.next().unwrap_or_else(|| Piece::plain(Doc::none()));
    let links: Vec<Link> = operators
        .zip(operands)
        .map(|((symbol, gap), operand)| Link {
            symbol,
            operand,
            breaks: gap.breaks,
        })
        .collect();
    match loosest {
        PIPE | COMPOSE => Piece::plain(chain(&head, &links)),
        RANGE | POWER => Piece::plain(stuck(&head, &links)),
        _ => arithmetic(&head, &links),
    }
}

/// An operator and the operand behind it.
struct Link {
    symbol: Doc,
    operand: Piece,
    /// Whether it begins a line in the source.
    breaks: bool,
}

impl Link {
    fn with(&self, operand: &Doc) -> Doc {
        Doc::all([self.symbol.clone(), Doc::text(" "), operand.clone()])
    }

    fn doc(&self) -> Doc {
        self.with(&self.operand.doc)
    }
}

/// `a..=b`, `a .. b`, `a ^ b`: never apart. `..=` touches words.
fn stuck(head: &Piece, links: &[Link]) -> Doc {
    let mut parts = vec![head.doc.clone()];
    for link in links {
        let closed = matches!(&link.symbol, Doc::Text(text) if &**text == "..=");
        if closed && head.is_word && link.operand.is_word {
            parts.extend([link.symbol.clone(), link.operand.doc.clone()]);
        } else {
            parts.extend([Doc::text(" "), link.doc()]);
        }
    }
    Doc::all(parts)
}

/// On one line, or with the brackets at its end open, or each operator at the beginning
/// of a line.
fn arithmetic(head: &Piece, links: &[Link]) -> Piece {
    let join = |links: &[Link]| {
        let each = links.iter().flat_map(|link| [Doc::Line, link.doc()]);
        Doc::all([
            head.doc.clone(),
            Doc::all(each.collect::<Vec<_>>()).indent(STEP),
        ])
    };
    let whole = join(links);
    let hanging = links.split_last().and_then(|(last, before)| {
        let (Hanging::Literal(open) | Hanging::Brackets(open)) =
            last.operand.hanging.as_ref()?
        else {
            return None;
        };
        let before = Doc::all([join(before), Doc::text(" ")]).closed();
        Some(Doc::all([before, last.with(open)]))
    });
    let mut layouts = vec![whole.clone().closed()];
    layouts.extend(hanging.clone());
    layouts.push(whole.open());
    Piece {
        doc: Doc::first(layouts),
        hanging: hanging.map(Hanging::Brackets),
        is_word: false,
    }
}

/// A pipeline. Broken where the author broke it; if nowhere, and it does not fit, at
/// every link.
fn chain(head: &Piece, links: &[Link]) -> Doc {
    let broken_by_author = links.iter().any(|link| link.breaks);
    if broken_by_author {
        let mut runs = links.chunk_by(|_, next| !next.breaks).peekable();
        let mut parts = Vec::new();
        match runs.next_if(|run| !run.first().is_some_and(|link| link.breaks)) {
            Some(run) => {
                let line = on_one_line(run).indent(STEP);
                let below = below_each_other(run).indent(STEP);
                let whole = |links| Doc::all([head.doc.clone(), Doc::text(" "), links]);
                let beside = |links| Doc::all([head.doc.clone(), links]);
                parts.push(match run {
                    [_] => whole(line),
                    _ if is_short(head) => Doc::first([
                        whole(line).closed(),
                        whole(first_beside(run).indent(STEP)),
                    ]),
                    _ => Doc::first([whole(line).closed(), beside(below)]),
                });
            }
            None => parts.push(head.doc.clone()),
        }
        for run in runs {
            parts.push(
                match run {
                    [only] => Doc::all([HARD, only.doc()]),
                    _ => Doc::all([
                        HARD,
                        Doc::first([on_one_line(run).closed(), first_beside(run)]),
                    ]),
                }
                .indent(STEP),
            );
        }
        return Doc::all(parts).open();
    }
    let closed = Doc::all([head.doc.clone(), Doc::text(" "), on_one_line(links)]);
    let mut layouts = vec![closed.closed()];
    if let Some((last, before)) = links.split_last()
        && let Some(Hanging::Literal(open)) = &last.operand.hanging
    {
        let mut line = vec![head.doc.clone(), Doc::text(" ")];
        if !before.is_empty() {
            line.extend([on_one_line(before), Doc::text(" ")]);
        }
        layouts.push(Doc::all([Doc::all(line).closed(), last.with(open)]));
    }
    layouts.push(match is_short(head) && links.len() > 1 {
        true => {
            let links = first_beside(links).indent(STEP);
            Doc::all([head.doc.clone(), Doc::text(" "), links]).open()
        }
        false => {
            Doc::all([head.doc.clone(), below_each_other(links).indent(STEP)]).open()
        }
    });
    Doc::first(layouts)
}

/// A name of one letter: `|>` beside it and those below stand under each other.
fn is_short(head: &Piece) -> bool {
    head.is_word && matches!(&head.doc, Doc::Text(text) if text.chars().count() == 1)
}

fn on_one_line(links: &[Link]) -> Doc {
    let mut parts = Vec::new();
    for link in links {
        if !parts.is_empty() {
            parts.push(Doc::text(" "));
        }
        parts.push(link.doc());
    }
    Doc::all(parts)
}

fn below_each_other(links: &[Link]) -> Doc {
    Doc::all([HARD, first_beside(links)])
}

fn first_beside(links: &[Link]) -> Doc {
    let mut parts = Vec::new();
    for link in links {
        if !parts.is_empty() {
            parts.push(HARD);
        }
        parts.push(link.doc());
    }
    Doc::all(parts)
}

fn level(rule: Rule) -> u8 {
    match rule {
        Rule::pipe => PIPE,
        Rule::compose => COMPOSE,
        Rule::or => 2,
        Rule::and => 3,
        Rule::equal
        | Rule::not_equal
        | Rule::less
        | Rule::less_equal
        | Rule::greater
        | Rule::greater_equal
        | Rule::in_ => 4,
        Rule::open_range | Rule::closed_range => RANGE,
        Rule::plus | Rule::minus => 6,
        Rule::times | Rule::over => 7,
        _ => POWER,
    }
}
