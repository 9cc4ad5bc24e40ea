//! Markdown for a terminal and for a browser. Comes in: the words of an item or of an
//! `explain` page. Goes out: wrapped text, in colours if wanted, or HTML.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::highlight::coloured;

/// How a text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns there are.
    pub width: usize,
    /// Whether colours are wanted.
    pub colour: bool,
}

/// Columns a text takes at most, however wide the terminal is: long lines read badly.
const WIDEST: usize = 90;
/// Blanks before a script.
const INDENT: &str = "    ";

/// HTML.
pub fn to_html(text: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Parser::new(text));
    html
}

/// Text for a terminal; it ends with a line break.
pub fn to_terminal(text: &str, layout: Layout) -> String {
    let mut page = Page {
        layout,
        out: String::new(),
        words: Vec::new(),
        lists: Vec::new(),
        open: String::new(),
    };
    let mut script: Option<(String, String)> = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                page.flush();
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                script = Some((info, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((info, text)) = script.take() {
                    page.script(&info, &text);
                }
            }
            Event::Text(text) => match &mut script {
                Some((_, script)) => script.push_str(&text),
                None => page.text(&text),
            },
            Event::Code(code) => page.code(&code),
            Event::SoftBreak | Event::HardBreak => page.text(" "),
            Event::Start(Tag::Item) => {
                page.flush();
                page.open = "* ".into();
            }
            Event::Start(Tag::List(_)) => {
                page.flush();
                page.lists.push(());
            }
            Event::End(TagEnd::List(_)) => {
                page.flush();
                page.lists.pop();
                page.gap();
            }
            Event::Start(Tag::Strong | Tag::Heading { .. }) if layout.colour => {
                page.raw("\x1b[1m");
            }
            Event::End(TagEnd::Strong) if layout.colour => page.raw("\x1b[0m"),
            Event::End(TagEnd::Heading(_)) => {
                if layout.colour {
                    page.raw("\x1b[0m");
                }
                page.flush();
                page.gap();
            }
            Event::End(TagEnd::Paragraph) => {
                page.flush();
                if page.lists.is_empty() {
                    page.gap();
                }
            }
            Event::End(TagEnd::Item) => page.flush(),
            _ => {}
        }
    }
    page.flush();
    let trimmed = page.out.trim_end();
    format!("{trimmed}\n")
}

/// A word as it is written and the columns it takes.
#[derive(Default)]
struct Word {
    text: String,
    columns: usize,
}

struct Page {
    layout: Layout,
    out: String,
    /// Words of the paragraph so far; a new one begins after a blank.
    words: Vec<Word>,
    lists: Vec<()>,
    /// What stands before the first word: the mark of a list's entry.
    open: String,
}

impl Page {
    fn text(&mut self, text: &str) {
        for (number, part) in text.split(' ').enumerate() {
            if number > 0 {
                self.words.push(Word::default());
            }
            self.add(part, part.chars().count());
        }
    }

    /// Code stays on one line; without colours its quotes mark it.
    fn code(&mut self, code: &str) {
        let columns = code.chars().count();
        match self.layout.colour {
            true => self.add(&format!("\x1b[36m{code}\x1b[0m"), columns),
            false => self.add(&format!("`{code}`"), columns + 2),
        }
    }

    fn raw(&mut self, escape: &str) {
        self.add(escape, 0);
    }

    fn add(&mut self, text: &str, columns: usize) {
        if self.words.is_empty() {
            self.words.push(Word::default());
        }
        if let Some(last) = self.words.last_mut() {
            last.text.push_str(text);
            last.columns += columns;
        }
    }

    /// Write the paragraph.
    fn flush(&mut self) {
        let words = std::mem::take(&mut self.words);
        let open = std::mem::take(&mut self.open);
        if words.iter().all(|word| word.text.is_empty()) {
            self.open = open;
            return;
        }
        let indent = "  ".repeat(self.lists.len());
        let width = self.layout.width.clamp(20, WIDEST);
        let first = indent.get(open.len()..).unwrap_or_default();
        self.out.push_str(first);
        self.out.push_str(&open);
        let mut column = indent.len();
        let mut begun = false;
        for word in words.iter().filter(|word| !word.text.is_empty()) {
            if begun && column + 1 + word.columns > width {
                self.out.push('\n');
                self.out.push_str(&indent);
                column = indent.len();
            } else if begun {
                self.out.push(' ');
                column += 1;
            }
            self.out.push_str(&word.text);
            column += word.columns;
            begun = true;
        }
        self.out.push('\n');
    }

    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn script(&mut self, info: &str, text: &str) {
        self.gap();
        let title = title(info);
        if !title.is_empty() {
            self.out.push_str(&title);
            self.out.push_str("\n\n");
        }
        let text = match self.layout.colour && info.starts_with("tmo") {
            true => coloured(text),
            false => text.to_owned(),
        };
        for line in text.lines() {
            if !line.is_empty() {
                self.out.push_str(INDENT);
            }
            self.out.push_str(line);
            self.out.push('\n');
        }
        self.out.push('\n');
    }
}

/// What to say above a script: what it is in an `explain` page.
fn title(info: &str) -> String {
    let words: Vec<&str> = info.split_whitespace().collect();
    match words.as_slice() {
        ["tmo", "bad"] => "With the mistake:".into(),
        ["tmo", "bad", "run"] => "With the mistake, which a run finds:".into(),
        ["tmo", "bad", "run", "interrupted"] => "Interrupted as it runs:".into(),
        ["tmo", "bad", "run", ..] => "A run that says so:".into(),
        ["tmo", "good", ..] => "Without it:".into(),
        ["file", name] => format!("{name}:"),
        ["file", name, "holding", member] => format!("{name}, which holds {member}:"),
        ["file", name, form @ ..] => format!("{name}, {}:", form.join(" ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Layout = Layout {
        width: 30,
        colour: false,
    };

    #[test]
    fn paragraphs_are_wrapped_and_scripts_are_not() {
        let text = "One two three four five six seven\n`eight nine` ten.\n\n* first entry of a list, long\n* second\n\n~~~tmo bad\ntmo 1\nlet a = (1\n~~~\n";
        assert_eq!(
            to_terminal(text, PLAIN),
            "One two three four five six\nseven `eight nine` ten.\n\n* first entry of a list, long\n* second\n\nWith the mistake:\n\n    tmo 1\n    let a = (1\n"
        );
    }

    #[test]
    fn colours_take_no_columns() {
        let colour = Layout {
            colour: true,
            ..PLAIN
        };
        let text = to_terminal(
            "`a` `b` `c` `d` `e` `f` `g` `h` `i` `j` `k` `l` `m`",
            colour,
        );
        assert_eq!(text.lines().count(), 1, "{text:?}");
    }
}
