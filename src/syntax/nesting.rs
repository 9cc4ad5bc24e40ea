//! How deep a text nests, known before it is parsed.
//!
//! Comes in: tokens. Goes out: the token at which it becomes too much, if there is one.
//! Every later stage walks the tree by recursion, and so does dropping it; the bounds
//! here are what keeps all of them far from the end of the stack.

use super::tokens::{ITEM_WORDS, Token};

/// Brackets, functions, `if`s and signs inside each other.
pub(super) const DEEPEST_NESTING: usize = 100;
/// Links of a chain, and the height of a tree as a whole.
pub(super) const LONGEST_CHAIN: usize = 500;

/// What is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooDeep {
    /// More than [`DEEPEST_NESTING`], at this token.
    Nesting(Token),
    /// More than [`LONGEST_CHAIN`], at this token.
    Chain(Token),
}

/// One open bracket, and what stands in it since its last comma.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Links of the levels around it.
    links_outside: usize,
    /// Functions, `if`s and signs of the levels around it, and those levels.
    nested_outside: usize,
    /// Operators, calls and fields since the last comma.
    links: usize,
    /// Functions, `if`s and signs since the last comma.
    nested: usize,
    /// Highest bracket that closed since the last comma.
    highest_child: usize,
    /// Highest part before the last comma.
    highest_part: usize,
}

impl Level {
    fn inside(outer: Level) -> Level {
        Level {
            links_outside: outer.links_outside + outer.links,
            nested_outside: outer.nested_outside + outer.nested + 1,
            ..Level::default()
        }
    }

    /// Height of what was read since the last comma.
    fn part(self) -> usize {
        self.links + self.highest_child
    }

    fn end_part(&mut self) {
        self.highest_part = self.highest_part.max(self.part());
        self.links = 0;
        self.nested = 0;
        self.highest_child = 0;
    }
}

/// The first token at which `tokens` nest too deeply. The bound is from above: what
/// passes is never deeper, what fails may be a little shallower than said.
pub(super) fn too_deep(text: &str, tokens: &[Token]) -> Option<TooDeep> {
    let mut level = Level::default();
    let mut outside: Vec<Level> = Vec::new();
    let words = |at: usize| tokens.get(at).map_or("", |token| token.text(text));
    let mut last: Option<Token> = None;
    for (at, &token) in tokens.iter().enumerate() {
        if token.is_comment() {
            continue;
        }
        let before = last.replace(token);
        match token.text(text) {
            "(" | "[" | "{" => {
                level.links += 1;
                outside.push(level);
                level = Level::inside(level);
            }
            ")" | "]" | "}" => {
                let Some(outer) = outside.pop() else { continue };
                level.end_part();
                let height = level.highest_part + 1;
                level = outer;
                level.highest_child = level.highest_child.max(height);
            }
            "," | ";" => level.end_part(),
            "=>" | "if" | "not" => {
                level.links += 1;
                level.nested += 1;
            }
            "-" if !before.is_some_and(|before: Token| before.ends_value(text)) => {
                level.links += 1;
                level.nested += 1;
            }
            "+" | "-" | "*" | "/" | "^" | "==" | "!=" | "<" | "<=" | ">" | ">="
            | ".." | "..=" | "|>" | ">>" | "." | "->" | "?" | "and" | "or" | "in"
            | "to" => {
                level.links += 1;
            }
            word if ITEM_WORDS.contains(&word)
                && words(at + 1) != ":"
                && (at == 0 || words(at - 1) != ".") =>
            {
                level.end_part();
            }
            _ => continue,
        }
        if level.nested_outside + level.nested > DEEPEST_NESTING {
            return Some(TooDeep::Nesting(token));
        }
        if level.links_outside + level.part() > LONGEST_CHAIN {
            return Some(TooDeep::Chain(token));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn check(text: &str) -> Option<TooDeep> {
        too_deep(text, &tokens(text))
    }

    #[test]
    fn what_people_write_passes() {
        assert_eq!(
            check(&"let x = f(a)(b)[c] |> g(h => if a then b else c)\n".repeat(500)),
            None
        );
        assert_eq!(check(&format!("[{}]", "f(x + 1), ".repeat(5_000))), None);
        let block = "let a = b + c * d\n".repeat(5_000);
        assert_eq!(check(&format!("study s = {{ {block} a }}")), None);
    }

    #[test]
    fn brackets_and_chains_are_bounded() {
        assert!(check(&"(".repeat(DEEPEST_NESTING)).is_none());
        let one_more = check(&"(".repeat(DEEPEST_NESTING + 1));
        assert!(
            matches!(one_more, Some(TooDeep::Nesting(token)) if token.start == DEEPEST_NESTING)
        );
        assert!(check(&" + a".repeat(LONGEST_CHAIN)).is_none());
        assert!(matches!(
            check(&" + a".repeat(LONGEST_CHAIN + 1)),
            Some(TooDeep::Chain(_))
        ));
        assert!(matches!(
            check(&"x => ".repeat(DEEPEST_NESTING + 1)),
            Some(TooDeep::Nesting(_))
        ));
    }

    #[test]
    fn chains_within_chains_add_up() {
        let half = "a + ".repeat(LONGEST_CHAIN * 2 / 3);
        assert!(check(&format!("{half} ({half} a)")).is_some());
        assert!(check(&format!("({half} a) {half}")).is_some());
        assert!(check(&format!("[({half} a), {half} a]")).is_none());
    }
}
