//! `tmo repl` in a terminal: keys, colours, history. What a line does is
//! [`super::dialogue`]'s; this is the only file that knows rustyline.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::dialogue::{Answer, Dialogue, Setting};
use super::highlight::coloured;
use super::markdown::Layout;
use crate::run::interrupt::Interrupt;
use crate::world::Disk;

/// What a line begins with.
const PROMPT: &str = "tmo> ";
/// Lines of history that are kept.
const HISTORY: usize = 1000;
/// Where results are kept when nothing is said.
const STORE: &str = ".tmo/store";

/// What a dialogue in a terminal is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// A script to begin with.
    pub file: Option<PathBuf>,
    /// Where results are kept.
    pub store: Option<PathBuf>,
    /// Threads of a run.
    pub threads: Option<usize>,
    /// Whether runs show no progress.
    pub quiet: bool,
    /// How texts are laid out.
    pub layout: Layout,
    /// Whether someone is watching: without, nothing is said that was not asked for.
    pub terminal: bool,
}

/// Read lines and answer them until the end.
///
/// # Errors
/// Why the terminal cannot be used.
pub fn talk(given: Given) -> Result<(), String> {
    let interrupt = Interrupt::new();
    interrupt.hear().map_err(|problem| problem.to_string())?;
    let store = given.store.clone().unwrap_or(PathBuf::from(STORE));
    let history = store.parent().unwrap_or(Path::new("")).join("history");
    let dialogue = Rc::new(RefCell::new(Dialogue::new(
        &Disk,
        Setting {
            layout: given.layout,
            store,
            threads: given.threads,
            quiet: given.quiet,
            interrupt,
        },
    )));
    if !stdin().is_terminal() {
        return read_all(&mut dialogue.borrow_mut(), given.file.as_deref());
    }
    let mut editor = editor(&dialogue, given.layout.colour)?;
    if given.terminal {
        let version = env!("CARGO_PKG_VERSION");
        say(&format!(
            "tmo {version}; `:help` lists what can be typed, Ctrl-D ends"
        ));
        // There is none before the first time.
        let _ = editor.load_history(&history);
    }
    if let Some(file) = &given.file {
        let loaded = dialogue.borrow_mut().load(file);
        match loaded {
            Ok(text) | Err(text) => say(&text),
        }
    }
    loop {
        match editor.readline(PROMPT) {
            Ok(line) => {
                // A line that cannot be remembered can be answered all the same.
                let _ = editor.add_history_entry(line.trim());
                let answer: Answer = dialogue.borrow_mut().enter(&line);
                say(&answer.text);
                if answer.over {
                    break;
                }
            }
            // Ctrl-C drops the line.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    if given.terminal {
        keep(&mut editor, &history);
    }
    Ok(())
}

/// Answer what is piped in.
fn read_all(dialogue: &mut Dialogue<'_>, file: Option<&Path>) -> Result<(), String> {
    if let Some(file) = file {
        match dialogue.load(file) {
            Ok(text) | Err(text) => say(&text),
        }
    }
    let mut input = String::new();
    let mut lines = stdin().lock().lines();
    loop {
        let line = lines
            .next()
            .transpose()
            .map_err(|error| error.to_string())?;
        let ended = line.is_none();
        input.push_str(&line.unwrap_or_default());
        input.push('\n');
        if !ended && dialogue.goes_on(&input) {
            continue;
        }
        let answer = dialogue.enter(&std::mem::take(&mut input));
        say(&answer.text);
        if ended || answer.over {
            return Ok(());
        }
    }
}

/// Print an answer; an empty one is nothing.
fn say(text: &str) {
    if text.is_empty() {
        return;
    }
    let mut out = stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    let _ = out.flush();
}

fn editor(
    dialogue: &Rc<RefCell<Dialogue<'static>>>,
    colour: bool,
) -> Result<Editor<Terminal, FileHistory>, String> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)
        .and_then(|config| config.history_ignore_dups(true))
        .map_err(|error| error.to_string())?
        .history_ignore_space(true)
        .build();
    let mut editor = Editor::with_config(config).map_err(|error| error.to_string())?;
    editor.set_helper(Some(Terminal {
        dialogue: dialogue.clone(),
        colour,
    }));
    Ok(editor)
}

fn keep(editor: &mut Editor<Terminal, FileHistory>, history: &Path) {
    let folder = history.parent().unwrap_or(Path::new(""));
    let kept = std::fs::create_dir_all(folder)
        .map_err(|error| error.to_string())
        .and_then(|()| {
            editor
                .save_history(history)
                .map_err(|error| error.to_string())
        });
    if let Err(why) = kept {
        say(&format!(
            "the history is not kept: {}: {why}",
            history.display()
        ));
    }
}

/// What rustyline asks while a line is typed.
struct Terminal {
    dialogue: Rc<RefCell<Dialogue<'static>>>,
    colour: bool,
}

impl Helper for Terminal {}

impl Validator for Terminal {
    fn validate(
        &self,
        context: &mut ValidationContext<'_>,
    ) -> rustyline::Result<ValidationResult> {
        Ok(match self.dialogue.borrow().goes_on(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Highlighter for Terminal {
    fn highlight<'l>(&self, line: &'l str, _at: usize) -> Cow<'l, str> {
        match self.colour {
            true => coloured(line).into(),
            false => line.into(),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        _default: bool,
    ) -> Cow<'b, str> {
        match self.colour {
            true => format!("\x1b[1m{prompt}\x1b[0m").into(),
            false => prompt.into(),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.colour {
            true => format!("\x1b[90m{hint}\x1b[0m").into(),
            false => hint.into(),
        }
    }

    fn highlight_char(&self, _line: &str, _at: usize, kind: CmdKind) -> bool {
        self.colour && kind != CmdKind::MoveCursor
    }
}

/// A text behind the cursor that is only looked at.
struct Aside(String);

impl Hint for Aside {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Terminal {
    type Hint = Aside;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Aside> {
        // Without colours a hint would look like what was typed.
        if !self.colour || at < line.len() {
            return None;
        }
        self.dialogue.borrow().hint(line).map(Aside)
    }
}

impl Completer for Terminal {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let found = self.dialogue.borrow().complete(line, at);
        Ok((found.start, found.words))
    }
}
