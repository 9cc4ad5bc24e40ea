//! Bytes of a CIF come in, its tokens by the CIF 1.1 grammar go out, one at a time.
//! (International Tables for Crystallography G, chapter 2.2; Hall, Allen and Brown,
//! Acta Cryst. A47, 655 (1991).)

use crate::chem::formats::source::{Bad, quoted};

/// A value with its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value<'a> {
    /// Without delimiters.
    pub(super) text: &'a [u8],
    /// Written in quotes or as a text field: then `?` and `.` are plain text.
    pub(super) delimited: bool,
    /// Byte at which it begins.
    pub(super) at: usize,
}

impl<'a> Value<'a> {
    /// `?` (unknown) and `.` (not applicable) are no value.
    pub(super) fn given(&self) -> Option<&'a [u8]> {
        let none = !self.delimited && matches!(self.text, b"?" | b".");
        (!none).then_some(self.text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `data_name`; the name.
    Data(&'a [u8]),
    /// `loop_`
    Loop,
    /// `_name`
    Tag(&'a [u8]),
    Value(Value<'a>),
}

/// The tokens of a file from some byte on.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the token last read begins.
    pub(super) start: usize,
    ahead: Option<(Token<'a>, usize)>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Tokens<'a> {
        let bom = bytes.starts_with(b"\xef\xbb\xbf");
        Tokens {
            bytes,
            at: if bom { 3 } else { 0 },
            start: 0,
            ahead: None,
        }
    }

    fn peek_byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn at_line_start(&self) -> bool {
        match self.at.checked_sub(1).and_then(|at| self.peek_byte(at)) {
            None => true,
            Some(byte) => matches!(byte, b'\n' | b'\r'),
        }
    }

    /// Give a token back; the next call returns it again.
    pub(super) fn put_back(&mut self, token: Token<'a>) {
        self.ahead = Some((token, self.start));
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Bad> {
        if let Some((token, start)) = self.ahead.take() {
            self.start = start;
            return Ok(Some(token));
        }
        self.skip_blanks()?;
        self.start = self.at;
        let Some(first) = self.peek_byte(self.at) else {
            return Ok(None);
        };
        match first {
            b';' if self.at_line_start() => self.text_field(),
            b'\'' | b'"' => self.quoted(first),
            b'_' => Ok(Some(Token::Tag(self.bare()))),
            _ => {
                let at = self.at;
                let text = self.bare();
                self.word(text, at)
            }
        }
    }

    fn skip_blanks(&mut self) -> Result<(), Bad> {
        while let Some(byte) = self.peek_byte(self.at) {
            match byte {
                b'#' => self.skip_line(),
                0 => {
                    self.at += 1;
                    return Err(Bad::syntax(
                        self.at - 1,
                        "the file is not text: it holds NUL",
                    )
                    .help("fetch the CIF again; binary files are not read"));
                }
                1..=b' ' => self.at += 1,
                _ => break,
            }
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while let Some(byte) = self.peek_byte(self.at)
            && !matches!(byte, b'\n' | b'\r')
        {
            self.at += 1;
        }
    }

    /// The bytes up to the next blank.
    fn bare(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|b| *b <= b' ').unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn word(&self, text: &'a [u8], at: usize) -> Result<Option<Token<'a>>, Bad> {
        let starts = |word: &[u8]| {
            text.get(..word.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(word))
        };
        match text.first() {
            Some(b'd' | b'D') if starts(b"data_") => {
                return Ok(Some(Token::Data(text.get(5..).unwrap_or_default())));
            }
            Some(b'l' | b'L') if text.eq_ignore_ascii_case(b"loop_") => {
                return Ok(Some(Token::Loop));
            }
            Some(b's' | b'S' | b'g' | b'G')
                if starts(b"save_")
                    || text.eq_ignore_ascii_case(b"stop_")
                    || text.eq_ignore_ascii_case(b"global_") =>
            {
                let title =
                    format!("`{}` has no place in a CIF of a structure", quoted(text));
                return Err(Bad::syntax(at, title).help(
                    "save frames, `stop_` and `global_` belong to dictionaries and STAR \
                     files; remove the line, or quote the word if it is a value",
                ));
            }
            _ => {}
        }
        Ok(Some(Token::Value(Value {
            text,
            delimited: false,
            at,
        })))
    }

    /// `'it's text'`: the closing quote is followed by a blank.
    fn quoted(&mut self, quote: u8) -> Result<Option<Token<'a>>, Bad> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            match self.peek_byte(end) {
                None | Some(b'\n' | b'\r') => {
                    let text = self.bytes.get(self.at..end).unwrap_or_default();
                    let title = format!(
                        "the quote before `{}` is not closed on its line",
                        quoted(text.get(1..).unwrap_or_default())
                    );
                    self.at = end;
                    return Err(Bad::syntax(start - 1, title).help(
                        "close it with the same quote, followed by a blank; text of \
                         several lines stands between lines that begin with `;`",
                    ));
                }
                Some(byte)
                    if byte == quote
                        && self.peek_byte(end + 1).is_none_or(|b| b <= b' ') =>
                {
                    break;
                }
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        Ok(Some(Token::Value(Value {
            text: self.bytes.get(start..end).unwrap_or_default(),
            delimited: true,
            at: start - 1,
        })))
    }

    /// Lines between one that begins with `;` and the next that does.
    fn text_field(&mut self) -> Result<Option<Token<'a>>, Bad> {
        let start = self.at + 1;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let closing = rest
            .windows(2)
            .position(|pair| matches!(pair, [b'\n' | b'\r', b';']));
        let Some(length) = closing else {
            self.at = self.bytes.len();
            return Err(Bad::syntax(
                start - 1,
                "the text field that begins here has no end",
            )
            .help("close it with a line that begins with `;`; was the file cut off?"));
        };
        self.at = start + length + 2;
        Ok(Some(Token::Value(Value {
            text: rest.get(..length).unwrap_or_default(),
            delimited: true,
            at: start - 1,
        })))
    }

    /// Go to the next data block, past whatever stands before it.
    pub(super) fn skip_to_data(&mut self) {
        loop {
            match self.next() {
                Ok(Some(token @ Token::Data(_))) => {
                    self.put_back(token);
                    return;
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                // What is refused was passed over.
                Err(_) => {}
            }
        }
    }

    /// Whether two places stand on one line.
    pub(super) fn same_line(&self, from: usize, to: usize) -> bool {
        let between = self.bytes.get(from..to).unwrap_or_default();
        !between.iter().any(|b| matches!(b, b'\n' | b'\r'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text.as_bytes());
        let mut said = Vec::new();
        loop {
            match tokens.next() {
                Ok(None) => return said,
                Ok(Some(Token::Value(value))) => said.push(format!(
                    "{}{}",
                    if value.delimited { "=" } else { "" },
                    String::from_utf8_lossy(value.text)
                )),
                Ok(Some(Token::Data(name))) => {
                    said.push(format!("data:{}", String::from_utf8_lossy(name)));
                }
                Ok(Some(Token::Loop)) => said.push("loop".to_owned()),
                Ok(Some(Token::Tag(tag))) => {
                    said.push(String::from_utf8_lossy(tag).into_owned());
                }
                Err(bad) => {
                    said.push(format!("error at {:?}", bad.at));
                    return said;
                }
            }
        }
    }

    #[test]
    fn tokens_are_those_of_the_grammar() {
        let text = "\u{feff}DATA_a1 # note\nLoop_\r\n_x _y\n'it's' \"b'\" ? . 1.2(3) a#b\n;t\n'\"\n;\n_z ;no";
        assert_eq!(
            all(text),
            [
                "data:a1", "loop", "_x", "_y", "=it's", "=b'", "?", ".", "1.2(3)", "a#b",
                "=t\n'\"", "_z", ";no"
            ]
        );
    }

    #[test]
    fn what_breaks_the_grammar_is_placed() {
        assert_eq!(all("_a 'b\n c"), ["_a", "error at Some(3)"]);
        assert_eq!(all("_a\n;b\nc"), ["_a", "error at Some(3)"]);
        assert_eq!(all("save_x"), ["error at Some(0)"]);
        assert_eq!(all("a\0b"), ["a", "error at Some(1)"]);
        assert_eq!(all(" \0"), ["error at Some(1)"]);
    }

    #[test]
    fn after_an_error_the_next_block_is_found() {
        for text in ["_a 'b\n data_c", "\0\0 data_c", "global_ data_c"] {
            let mut tokens = Tokens::new(text.as_bytes());
            tokens.skip_to_data();
            assert_eq!(tokens.next(), Ok(Some(Token::Data(b"c"))));
        }
    }
}
