//! The pages `tmo explain` shows: what a code means, a script that has the mistake, one
//! that has not.
//!
//! A page is `explain/CODE.md`, Markdown whose first paragraph says what is wrong in
//! general. Its fences hold whole scripts:
//!
//! * `~~~tmo bad` gives this code and no other. The line it is given at ends with
//!   `// error: CODE` (`// warning: CODE`); no line does when the message has no place.
//! * `~~~tmo good` gives no error, and not this code.
//! * `run` after `bad` or `good` says that the script is run, not only checked; a word
//!   after `run` says what befalls that run: `interrupted`, `damaged`, `exchanged`,
//!   `storeless` ([`Tried`]).
//! * `~~~file NAME` is a file that the scripts find beside them; `compressed`, `cut short`
//!   or `holding NAME` after it say what is made of the text ([`Form`]).
//! * `~~~text` is anything else to look at: a message that no script provokes.
//!
//! A test runs the scripts of every page.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::Code;

macro_rules! pages {
    ($($code:ident)*) => {
        /// The pages there are, in the order of the codes.
        const PAGES: &[(Code, &str)] = &[
            $((Code::$code, include_str!(concat!("explain/", stringify!($code), ".md"))),)*
        ];
    };
}

// A line a page; keep the order of `code.rs`.
pages! {
    E0001
    E0002
    E0003
    E0101
    E0102
    E0103
    E0104
    E0105
    E0106
    E0107
    E0201
    E0202
    E0203
    E0204
    E0205
    E0206
    E0207
    E0208
    E0301
    E0302
    E0303
    E0304
    E0401
    E0402
    E0403
    E0404
    E0405
    E0408
    E0501
    E0502
    E0503
    E0504
    E0505
    E0506
    E0508
    E0509
    E0601
    E0603
    E0604
    E0701
    E0702
    E0703
    E0704
    E0705
    E0706
    E0707
    E0708
    E0709
    E0710
    E0711
    E0712
    E0713
    E0714
    E0715
    E0716
    E0717
    E0718
    E0801
    E0802
    E0803
    E0804
    E0805
    E0806
    E0807
    E0808
    E0809
    E0810
    E0901
    E0902
    W0101
    W0401
    W0406
    W0407
    W0501
    W0502
    W0503
    W0504
    W0901
}

/// The page of a code.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What it explains.
    pub code: Code,
    /// Markdown, without a heading.
    pub text: &'static str,
}

/// A fence of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// What it holds.
    pub kind: FenceKind,
    /// Its text.
    pub text: String,
}

/// What a fence holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FenceKind {
    /// A script with the mistake.
    Bad(Tried),
    /// A script without it.
    Good(Tried),
    /// A file beside the scripts: its name, and what is made of the text.
    File(String, Form),
    /// Something to look at.
    Text,
    /// A fence whose first line is none of these.
    Unknown(String),
}

/// How a script shows what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is checked.
    Checked,
    /// It is run in a new store.
    Run,
    /// It is run, and interrupted as soon as it begins.
    Interrupted,
    /// It is run twice; before the second run a byte of every stored entry changes.
    Damaged,
    /// It is run twice; before the second run the weights of its two trainings change
    /// places in the store.
    Exchanged,
    /// It is run where a file lies in the place of the store.
    Storeless,
}

/// What is made of the text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The file is the text.
    Text,
    /// It is compressed by gzip.
    Compressed,
    /// It is compressed, and the second half of that is missing.
    CutShort,
    /// It is a tar archive that holds the text under that name.
    Holding(String),
}

impl Page {
    /// The page of a code, where it is written already.
    pub fn of(code: Code) -> Option<Page> {
        let found = PAGES.iter().find(|(known, _)| *known == code);
        found.map(|(code, text)| Page { code: *code, text })
    }

    /// Its fences, in order.
    pub fn fences(&self) -> Vec<Fence> {
        let mut fences = Vec::new();
        let mut open: Option<Fence> = None;
        for event in Parser::new(self.text) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match &kind {
                        CodeBlockKind::Fenced(info) => info,
                        CodeBlockKind::Indented => "",
                    };
                    open = Some(Fence {
                        kind: fence_kind(info),
                        text: String::new(),
                    });
                }
                Event::Text(text) => {
                    if let Some(fence) = &mut open {
                        fence.text.push_str(&text);
                    }
                }
                Event::End(TagEnd::CodeBlock) => fences.extend(open.take()),
                _ => {}
            }
        }
        fences
    }
}

fn fence_kind(info: &str) -> FenceKind {
    let words: Vec<&str> = info.split_whitespace().collect();
    let unknown = || FenceKind::Unknown(info.to_owned());
    match words.as_slice() {
        ["tmo", "bad", how @ ..] => tried(how).map_or_else(unknown, FenceKind::Bad),
        ["tmo", "good", how @ ..] => tried(how).map_or_else(unknown, FenceKind::Good),
        ["file", name, form @ ..] => form_of(form)
            .map_or_else(unknown, |form| FenceKind::File((*name).to_owned(), form)),
        ["text"] => FenceKind::Text,
        _ => unknown(),
    }
}

fn tried(words: &[&str]) -> Option<Tried> {
    Some(match words {
        [] => Tried::Checked,
        ["run"] => Tried::Run,
        ["run", "interrupted"] => Tried::Interrupted,
        ["run", "damaged"] => Tried::Damaged,
        ["run", "exchanged"] => Tried::Exchanged,
        ["run", "storeless"] => Tried::Storeless,
        _ => return None,
    })
}

fn form_of(words: &[&str]) -> Option<Form> {
    Some(match words {
        [] => Form::Text,
        ["compressed"] => Form::Compressed,
        ["cut", "short"] => Form::CutShort,
        ["holding", member] => Form::Holding((*member).to_owned()),
        _ => return None,
    })
}

/// The line of a script, from 1, that is marked as the place of its message, and the code
/// it is marked with.
pub fn marked_line(script: &str) -> Option<(usize, Code)> {
    (1..).zip(script.lines()).find_map(|(number, line)| {
        let (_, mark) = line.rsplit_once("// ")?;
        let (_, code) = mark
            .split_once("error: ")
            .or_else(|| mark.split_once("warning: "))?;
        Some((number, Code::parse(code.trim())?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page = Page {
            code: Code::E0301,
            text: "Words.\n\n~~~tmo bad run\ntmo 1\nlet a = 1  // error: E0301\n~~~\n\n\
                   ~~~file data/a.jsonl\n{}\n~~~\n\n~~~tmo godo\n~~~\n",
        };
        let fences = page.fences();
        let kinds: Vec<&FenceKind> = fences.iter().map(|fence| &fence.kind).collect();
        assert_eq!(
            kinds,
            [
                &FenceKind::Bad(Tried::Run),
                &FenceKind::File("data/a.jsonl".into(), Form::Text),
                &FenceKind::Unknown("tmo godo".into()),
            ]
        );
        assert_eq!(marked_line(&fences[0].text), Some((2, Code::E0301)));
        assert_eq!(marked_line("let a = 1 // error: E9999"), None);
    }

    #[test]
    fn pages_stand_in_the_order_of_the_codes() {
        assert!(PAGES.is_sorted_by_key(|(code, _)| *code));
    }
}
