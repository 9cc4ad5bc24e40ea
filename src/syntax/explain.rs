//! Why a piece of text does not parse, in one problem.
//!
//! Comes in: a piece that failed and its tokens. Goes out: the one problem to show. Pest
//! says how far it came and what it would have taken there; the tokens around that place
//! say what the writer was doing.

use std::sync::{Mutex, PoisonError};

use pest::Parser;
use pest::error::ErrorVariant;

use super::failure;
use super::parse::{Rule, Tmo};
use super::tokens::{ITEM_WORDS, Token, TokenKind};
use super::unclosed::{self, closer};
use crate::diagnostic::Problem;
use crate::source::{Source, Span};

/// The problem of `text`, which begins at byte `offset` and does not parse.
pub(super) fn explain(
    source: &Source,
    tokens: &[Token],
    offset: usize,
    text: &str,
) -> Problem {
    let Some(stop) = furthest(text) else {
        return failure::out_of_stack(source.span(offset, offset + text.len()));
    };
    let tokens: Vec<Token> = tokens
        .iter()
        .copied()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let at = offset + stop.at;
    let index = tokens.partition_point(|token| token.end <= at);
    Spot {
        source,
        text: &source.text,
        tokens: &tokens,
        index,
        expected: &stop.expected,
    }
    .explain()
}

/// Where pest gave up.
pub(super) struct Stop {
    /// Byte within the piece.
    pub(super) at: usize,
    /// The literal text it would have taken there.
    expected: Vec<String>,
}

/// Parse once more, now with a record of what was tried. Pest keeps the switch for that in
/// one place for the whole process, hence the lock. None: pest ran out of stack.
pub(super) fn furthest(text: &str) -> Option<Stop> {
    static SWITCH: Mutex<()> = Mutex::new(());
    let held = SWITCH.lock().unwrap_or_else(PoisonError::into_inner);
    pest::set_error_detail(true);
    let result = Tmo::parse(Rule::piece, text);
    pest::set_error_detail(false);
    drop(held);
    let error = result.err()?;
    if matches!(error.variant, ErrorVariant::CustomError { .. }) {
        return None;
    }
    let attempts = error.parse_attempts()?;
    let expected = attempts
        .expected_tokens()
        .iter()
        .map(ToString::to_string)
        .collect();
    Some(Stop {
        at: attempts.max_position,
        expected,
    })
}

/// The place of the failure and what surrounds it.
struct Spot<'a> {
    source: &'a Source,
    text: &'a str,
    /// Without plain comments.
    tokens: &'a [Token],
    /// The first token that could not be taken; one past the last at the end.
    index: usize,
    expected: &'a [String],
}

impl Spot<'_> {
    fn explain(&self) -> Problem {
        self.broken_token()
            .or_else(|| self.unclosed())
            .or_else(|| self.keyword_as_name())
            .or_else(|| self.no_item())
            .or_else(|| self.blank_before())
            .or_else(|| self.unit_by_accident())
            .or_else(|| self.missing_mark())
            .or_else(|| self.brackets())
            .or_else(|| self.missing_operand())
            .unwrap_or_else(|| self.unexpected())
    }

    /// Strings without an end, `///` where none may be, characters nobody knows.
    fn broken_token(&self) -> Option<Problem> {
        let open = |token: &&Token| token.kind == TokenKind::Text { closed: false };
        if let Some(string) = self.tokens.iter().take(self.index + 1).find(open) {
            return Some(failure::string_not_closed(self.span(*string)));
        }
        let doc = |token: &Token| token.kind == TokenKind::Doc;
        let nothing_after = self.tokens.iter().skip(self.index).all(doc);
        if let Some(first) = self.here().or(self.before()).filter(doc)
            && nothing_after
        {
            return Some(failure::doc_of_nothing(self.span(first)));
        }
        if let Some(here) = self.here().filter(doc) {
            return Some(failure::doc_inside(self.span(here)));
        }
        let inside = self.tokens.iter().take(self.index).any(|token| !doc(token));
        if let Some(before) = self.before().filter(doc)
            && inside
        {
            return Some(failure::doc_inside(self.span(before)));
        }
        let here = self.here()?;
        let alien = here.kind == TokenKind::Stray
            || matches!(self.word(here), "!" | "|" | "&" | "@");
        let c = self.word(here).chars().next().filter(|_| alien)?;
        Some(failure::stray_character(c, self.span(here)))
    }

    /// A bracket whose line says that it should have ended before the grammar noticed.
    fn unclosed(&self) -> Option<Problem> {
        let found = unclosed::find(self.text, self.tokens)?;
        if found.before > self.index {
            return None;
        }
        let expected = format!("`{}`", closer(self.word(found.opener)));
        let place = self.gap_at(found.before);
        Some(failure::not_closed(
            &expected,
            self.span(found.opener),
            place,
        ))
    }

    /// A word of the language where a name is due: pest stops right behind it, for
    /// more letters would have made it a name.
    fn keyword_as_name(&self) -> Option<Problem> {
        let before = self.before().filter(|token| token.is_keyword(self.text))?;
        let ends_word = !self.wants(" ") || (self.wants(":") && !self.wants("="));
        ends_word.then(|| failure::keyword_as_name(self.word(before), self.span(before)))
    }

    /// A word that begins no item where one should begin.
    fn no_item(&self) -> Option<Problem> {
        let here = self.here().filter(|_| self.wants("study"))?;
        let name = here.kind == TokenKind::Word && !self.before_is_on_line(here);
        if name {
            let next = self.tokens.get(self.index + 1);
            let defines = next.is_some_and(|next| self.word(*next) == "=");
            return Some(failure::not_an_item(
                self.word(here),
                defines,
                self.span(here),
            ));
        }
        let only = !self.wants("*") && !self.wants(".{");
        only.then(|| {
            failure::does_not_belong(self.word(here), "an item", self.span(here))
        })
    }

    /// `f (x)`, `xs [1]`, `row .name`, `20 %`.
    fn blank_before(&self) -> Option<Problem> {
        let (before, here) = (self.before()?, self.here()?);
        let apart = before.end < here.start && before.ends_value(self.text);
        let mark = self.word(here);
        if !apart || self.wants(mark) || !self.wants("*") {
            return None;
        }
        let span = self.span(here);
        let name = if before.kind == TokenKind::Word {
            self.word(before)
        } else {
            "…"
        };
        match mark {
            "(" | "[" if self.before_is_on_line(here) => {
                Some(failure::bracket_must_touch(mark, name, span))
            }
            "(" | "[" if self.open().is_none() => {
                Some(failure::bracket_on_new_line(mark, span))
            }
            "." => Some(failure::field_must_touch(span)),
            "%" if before.kind == TokenKind::Number => {
                Some(failure::percent_must_touch(span))
            }
            _ => None,
        }
    }

    /// `{ let a = 5 b }` and `{ a: 5 b: 6 }`, where `5 b` reads as a quantity.
    fn unit_by_accident(&self) -> Option<Problem> {
        let (word, here) = (self.before()?, self.here()?);
        let number = *self.tokens.get(self.index.checked_sub(2)?)?;
        let quantity = number.kind == TokenKind::Number
            && word.kind == TokenKind::Word
            && number.end + 1 == word.start;
        let separator = match self.word(here) {
            ":" => ',',
            "}" if self.wants("let") => ';',
            _ => return None,
        };
        let (span, word) = (self.span(word), self.word(word));
        let problem = failure::unit_by_accident(self.word(number), word, separator, span);
        quantity.then_some(problem)
    }

    /// `=`, `:`, `then`, `else` and the like, where nothing else could stand.
    fn missing_mark(&self) -> Option<Problem> {
        let found = self.here().map_or("", |here| self.word(here));
        let continues = self.wants("|>");
        let place = self.gap();
        let number = self.index.checked_sub(2).and_then(|at| self.tokens.get(at));
        if let (Some(number), Some(dot)) = (number, self.before())
            && number.kind == TokenKind::Number
            && number.end == dot.start
            && self.word(dot) == "."
        {
            return Some(failure::fraction_missing(
                self.word(*number),
                self.span(dot),
            ));
        }
        if found == "==" && self.wants("\"") && self.before()?.ends_value(self.text) {
            return Some(failure::equals_missing(place, found));
        }
        if self.wants("else") {
            return Some(failure::else_missing(place));
        }
        if self.wants("then") {
            return Some(failure::then_missing(place));
        }
        if self.wants(".{") && found == "{" {
            return Some(failure::imports_need_dot(place));
        }
        let named = self
            .before()
            .filter(|before| before.kind == TokenKind::Word);
        if found == "="
            && self.wants(":")
            && continues
            && let Some(name) = named
        {
            return Some(failure::named_with_equals(self.word(name), place));
        }
        if continues {
            return None;
        }
        let is_fn = self
            .tokens
            .iter()
            .find(|token| token.kind != TokenKind::Doc);
        if found == "="
            && self.wants("(")
            && is_fn.is_some_and(|first| self.word(*first) == "fn")
        {
            return Some(failure::fn_without_params(place));
        }
        let types = matches!(found, "[" | "{" | "(")
            || self.here().is_some_and(|here| here.kind == TokenKind::Word);
        let rest = self.tokens.get(self.index..).unwrap_or(&[]);
        let value_follows = rest.iter().any(|token| self.word(*token) == "=");
        match self.open() {
            None if self.wants(":") && types && value_follows => {
                Some(failure::type_colon_missing(place))
            }
            None if self.wants("=") => Some(failure::equals_missing(place, found)),
            Some(_) if self.wants(":") && self.wants("=") && types => {
                Some(failure::type_colon_missing(place))
            }
            Some(_) if self.wants(":") && !self.wants("=") => {
                let name = self.before().map_or("", |before| self.word(before));
                Some(failure::value_colon_missing(name, place))
            }
            _ => None,
        }
    }

    /// Brackets that do not close, close twice, or close something else.
    fn brackets(&self) -> Option<Problem> {
        let found = self.here().map_or("", |here| self.word(here));
        let closes = matches!(found, ")" | "]" | "}");
        let Some(open) = self.open() else {
            let here = self.here().filter(|_| closes)?;
            return Some(failure::nothing_to_close(found, self.span(here)));
        };
        let opener = self.word(open);
        let closer = closer(opener);
        if found == closer {
            return match opener {
                "{" if self.wants("let") => {
                    Some(failure::value_missing(self.gap(), self.span(open)))
                }
                "(" if self.wants(",") && !self.wants(")") => {
                    Some(failure::one_name_in_brackets(self.gap()))
                }
                _ => None,
            };
        }
        let part_is_due = self.wants("\"") && !self.wants("*");
        let breaks_off = self
            .here()
            .is_none_or(|here| closes || self.begins_item(here));
        let could_close = self.wants(closer) || self.wants(",");
        if !could_close
            || (part_is_due && !breaks_off)
            || (found == "," && self.wants(closer))
        {
            return None;
        }
        let expected = match self.wants(",") {
            true => format!("`,` or `{closer}`"),
            false => format!("`{closer}`"),
        };
        Some(failure::not_closed(&expected, self.span(open), self.gap()))
    }

    /// An expression, a type, a name or a unit that should follow and does not.
    fn missing_operand(&self) -> Option<Problem> {
        let what = if self.wants("*") || self.wants("study") {
            return None;
        } else if self.wants("\"") && self.wants("{") {
            "an expression"
        } else if self.wants("[") && self.wants("{") {
            "a type"
        } else if self.wants("°") {
            "a unit"
        } else if self.wants("_") || self.wants("BUILTIN_RULE") {
            "a name"
        } else {
            return None;
        };
        let before = self.before()?;
        let (after, place) = (self.word(before), self.span(before));
        let Some(here) = self.here() else {
            return Some(failure::operand_missing(what, after, place));
        };
        let breaks_off = matches!(self.word(here), ")" | "]" | "}" | "," | ";")
            || !self.before_is_on_line(here)
            || self.begins_item(here);
        let asks =
            !matches!(after, "(" | "[" | "{" | ",") && !before.ends_value(self.text);
        if breaks_off && asks {
            return Some(failure::operand_missing(what, after, place));
        }
        Some(failure::found_instead(
            what,
            self.word(here),
            self.span(here),
        ))
    }

    /// Everything else.
    fn unexpected(&self) -> Problem {
        let expected = self.expectation();
        match self.here() {
            Some(here) => {
                failure::does_not_belong(self.word(here), &expected, self.span(here))
            }
            None => failure::ends_too_early(&expected, self.gap()),
        }
    }

    /// What pest would have taken, in words.
    fn expectation(&self) -> String {
        if self.wants("|>") {
            return match self.open() {
                None => "an operator or the next item".to_owned(),
                Some(open) => format!("an operator or `{}`", closer(self.word(open))),
            };
        }
        let marks = self.expected.iter().filter(|mark| {
            let readable = mark.chars().all(|c| c.is_ascii_graphic());
            readable
                && !matches!(mark.as_str(), "//" | "///" | "_" | "0..9" | "BUILTIN_RULE")
        });
        let mut words: Vec<String> = marks.map(|mark| format!("`{mark}`")).collect();
        if words.is_empty() || self.wants("_") {
            words.insert(0, "a name".to_owned());
        }
        words.truncate(5);
        match words.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => "a name".to_owned(),
        }
    }

    /// Whether pest would have taken this text here.
    fn wants(&self, mark: &str) -> bool {
        self.expected.iter().any(|expected| expected == mark)
    }

    /// The token that could not be taken.
    fn here(&self) -> Option<Token> {
        self.tokens.get(self.index).copied()
    }

    /// The last token that could.
    fn before(&self) -> Option<Token> {
        self.tokens.get(self.index.checked_sub(1)?).copied()
    }

    /// The innermost bracket that is open where the parse stopped.
    fn open(&self) -> Option<Token> {
        let mut open = Vec::new();
        for token in self.tokens.iter().take(self.index) {
            match self.word(*token) {
                "(" | "[" | "{" => open.push(*token),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
        }
        open.pop()
    }

    /// Where something is missing: at the next token, or right after the last one when
    /// the next is on another line or there is none.
    fn gap(&self) -> Span {
        self.gap_at(self.index)
    }

    /// The same before another token.
    fn gap_at(&self, index: usize) -> Span {
        let before = index.checked_sub(1).and_then(|at| self.tokens.get(at));
        let same_line = |before: Token, here: Token| {
            let between = self.text.get(before.end..here.start).unwrap_or("");
            !between.contains(['\n', '\r'])
        };
        match (before.copied(), self.tokens.get(index).copied()) {
            (Some(before), Some(here)) if same_line(before, here) => self.span(here),
            (Some(before), _) => self.source.span(before.end, before.end),
            (None, Some(here)) => self.span(here),
            (None, None) => Span::NOWHERE,
        }
    }

    /// Whether the token before `here` stands on the same line.
    fn before_is_on_line(&self, here: Token) -> bool {
        let Some(before) = self.before() else {
            return false;
        };
        let between = self.text.get(before.end..here.start).unwrap_or("");
        !between.contains(['\n', '\r'])
    }

    fn begins_item(&self, token: Token) -> bool {
        ITEM_WORDS.contains(&self.word(token))
    }

    fn word(&self, token: Token) -> &str {
        token.text(self.text)
    }

    fn span(&self, token: Token) -> Span {
        self.source.span(token.start, token.end)
    }
}

#[cfg(test)]
mod tests;
