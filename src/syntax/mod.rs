//! Text in, [`ast`] out, with every problem of the text at once.

pub mod ast;
mod entry;
mod explain;
mod failure;
mod lower;
mod nesting;
mod parse;
mod pretty;
mod recover;
mod tokens;
mod unclosed;

pub use entry::{Entry, entry};
pub use parse::{EDITION, Parsed, parse};
pub use pretty::format;
pub use tokens::{ITEM_WORDS, KEYWORDS, Token, TokenKind, tokens};
