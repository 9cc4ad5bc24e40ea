//! What begins with `:`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::script::{Chunk, Origin, compose};
use super::{Answer, Dialogue, GIVEN, describe, item_named, unknown};
use crate::diagnostic::{Code, Problem, nearest};
use crate::nn::{Executor, Threads};
use crate::report::terminal::Look;
use crate::run::progress::{Progress, Silent, Terminal};
use crate::run::store::Store;
use crate::session::{CHECKPOINT_EVERY, Options, Session};
use crate::source::{Sources, Span};
use crate::syntax::format;
use crate::tools::doc;
use crate::tools::layers::layers;
use crate::tools::markdown::to_terminal;
use crate::tools::outcome::shown;
use crate::tools::planned::{asked_twice, planned};
use crate::types::Ty;

/// Name, what follows it, what it does.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    (
        "help",
        "[NAME]",
        "this list, or the signature and first words of a name",
    ),
    (
        "doc",
        "NAME",
        "all that is said of a name, with its example",
    ),
    ("type", "EXPRESSION", "its type: of a data set its columns"),
    (
        "shape",
        "MODEL",
        "a model's layers, shapes and weights; the shape of a tensor",
    ),
    (
        "unit",
        "EXPRESSION",
        "the units it can be written in, and its value in each",
    ),
    ("list", "", "the items so far"),
    (
        "plan",
        "[STUDY]",
        "what a run would do, and what the store has",
    ),
    (
        "run",
        "[--yes] [STUDY]",
        "computes a study, or all; Ctrl-C stops it cleanly",
    ),
    ("save", "[FILE]", "writes the items as a script"),
    ("load", "FILE", "a script in the place of the items so far"),
    ("quit", "", "ends, as Ctrl-D does"),
];

impl Dialogue<'_> {
    pub(super) fn command(&mut self, text: &str) -> Answer {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match (word, rest) {
            ("help" | "h" | "", "") => Answer::say(help()),
            ("help" | "h", name) => self.told_of(name, false),
            ("doc", "") => Answer::say("`:doc NAME`; `:help` lists the commands"),
            ("doc", name) => self.told_of(name, true),
            ("type" | "t", "") => Answer::say("`:type EXPRESSION`, as `:type 5 Å^3`"),
            ("type" | "t", of) => {
                self.of(of, |looked| describe::ty(&looked.seen, &looked.program))
            }
            ("shape", "") => Answer::say("`:shape MODEL`, as `:shape alignn()`"),
            ("shape", of) => self.shape(of),
            ("unit", "") => Answer::say("`:unit EXPRESSION`, as `:unit 5 nm`"),
            ("unit", of) => self.of(of, |looked| {
                let no = || format!("{} has no unit", looked.seen.ty);
                describe::units(&looked.seen).unwrap_or_else(no)
            }),
            ("list", _) => self.list(),
            ("plan", study) => self.plan(study),
            ("run", study) => self.run(study),
            ("save", file) => self.save(file),
            ("load", "") => Answer::say("`:load FILE`"),
            ("load", file) => match self.load(Path::new(file)) {
                Ok(text) | Err(text) => Answer::say(text),
            },
            ("quit" | "q" | "exit", _) => Answer {
                over: true,
                ..Answer::default()
            },
            (word, _) => {
                let known: Vec<&str> = COMMANDS.iter().map(|(name, ..)| *name).collect();
                Answer::say(unknown(word, &known))
            }
        }
    }

    /// Look at an expression and say something of it.
    fn of(&self, text: &str, say: impl Fn(&super::Looked) -> String) -> Answer {
        let looked = self.look(&typed(text), None);
        match looked.failed {
            true => Answer::say(looked.told),
            false => Answer::say(self.painted(&say(&looked))),
        }
    }

    fn shape(&self, text: &str) -> Answer {
        let looked = self.look(&typed(text), Some(GIVEN));
        if looked.failed {
            return Answer::say(looked.told);
        }
        match (&looked.seen.network, &looked.seen.ty) {
            (Some(network), _) => {
                Answer::say(layers(network).trim_start_matches('\n').to_owned())
            }
            (None, Ty::Number(number)) if !number.axes.is_scalar() => {
                Answer::say(number.axes.to_string())
            }
            (None, ty) => {
                let what = match ty {
                    Ty::Function => {
                        "this is no model; `:type` shows what it takes".into()
                    }
                    ty => format!("{ty} has no shape"),
                };
                Answer::say(what)
            }
        }
    }

    fn told_of(&self, name: &str, all: bool) -> Answer {
        let composed = compose(&self.chunks);
        let mut session = Session::new(self.world);
        let checked = session.check(&self.place_name(), &composed.text);
        let found = item_named(&checked.program, name);
        let Some(entry) = found.and_then(|id| doc::entry(&checked.program, id)) else {
            if let Ok(element) = name.parse::<crate::chem::Element>() {
                return Answer::say(format!("{element} is an element"));
            }
            if let Some(code) = Code::parse(&name.to_uppercase()) {
                let page = crate::diagnostic::explain::Page::of(code);
                let page = page.map_or(String::new(), |page| {
                    format!("\n\n{}", to_terminal(page.text, self.setting.layout))
                });
                return Answer::say(format!("{code}: {}{page}", code.meaning()));
            }
            let names = checked.program.items.iter().map(|def| &*def.name);
            return Answer::say(match nearest(name, names) {
                Some(near) => format!("there is no `{name}`; did you mean `{near}`?"),
                None => format!("there is no `{name}`; `tmo doc` lists the library"),
            });
        };
        if all {
            let text = doc::entry_markdown(&entry);
            return Answer::say(to_terminal(&text, self.setting.layout));
        }
        let words: Vec<&str> = entry
            .words
            .lines()
            .take_while(|line| !line.trim().is_empty())
            .collect();
        let import = entry
            .import
            .map_or(String::new(), |line| format!("\n{line}"));
        let words = to_terminal(&words.join("\n"), self.setting.layout);
        Answer::say(format!(
            "{}{import}\n\n{words}",
            self.painted(&entry.signature)
        ))
    }

    fn list(&self) -> Answer {
        if self.chunks.is_empty() {
            return Answer::say("nothing yet");
        }
        let texts: Vec<&str> = self.chunks.iter().map(|chunk| &*chunk.text).collect();
        Answer::say(self.painted(&texts.join("\n\n")))
    }

    /// The script, checked, with only the study of that name, when one is said.
    fn with_study(&self, study: &str) -> Result<(Vec<Chunk>, Vec<String>), String> {
        let composed = compose(&self.chunks);
        let mut session = Session::new(self.world);
        let checked = session.check(&self.place_name(), &composed.text);
        let studies: Vec<&str> = checked
            .module
            .studies
            .iter()
            .map(|study| &*study.name)
            .collect();
        if studies.is_empty() {
            return Err(
                "there is no study yet: `study first = … |> train(…) |> evaluate(rmse)`"
                    .into(),
            );
        }
        if study.is_empty() || studies.contains(&study) {
            let names = match study {
                "" => Vec::new(),
                name => vec![name.to_owned()],
            };
            return Ok((self.chunks.clone(), names));
        }
        Err(match nearest(study, studies.iter().copied()) {
            Some(near) => format!("there is no study `{study}`; did you mean `{near}`?"),
            None => format!(
                "there is no study `{study}`; there are {}",
                studies.join(", ")
            ),
        })
    }

    fn plan(&self, study: &str) -> Answer {
        let (chunks, names) = match self.with_study(study) {
            Ok(found) => found,
            Err(text) => return Answer::say(text),
        };
        let composed = compose(&chunks);
        let mut session = Session::new(self.world);
        let mut checked = session.check(&self.place_name(), &composed.text);
        if !names.is_empty() {
            checked
                .module
                .studies
                .retain(|study| names.iter().any(|n| **n == *study.name));
        }
        let text = self
            .store()
            .and_then(|store| planned(&session, &checked, &store, Executor::default()));
        match text {
            Ok(text) => Answer::say(text),
            Err(problem) => {
                let root = super::root(&checked.program);
                let told =
                    self.drawn(&[*problem], session.sources(), root, &composed, &chunks);
                Answer::say(told)
            }
        }
    }

    fn store(&self) -> Result<Store, Box<Problem>> {
        Store::open(&self.setting.store)
            .map_err(|problem| Box::new(crate::run::store_problem(&problem)))
    }

    fn run(&mut self, rest: &str) -> Answer {
        let (flags, words): (Vec<&str>, Vec<&str>) = rest
            .split_whitespace()
            .partition(|word| word.starts_with('-'));
        if let Some(flag) = flags.iter().find(|flag| !matches!(**flag, "--yes" | "-y")) {
            return Answer::say(format!("`:run` knows `--yes`, and no `{flag}`"));
        }
        let study = &words.join(" ");
        let (chunks, names) = match self.with_study(study) {
            Ok(found) => found,
            Err(text) => return Answer::say(text),
        };
        let composed = compose(&chunks);
        let mut session = Session::new(self.world);
        let checked = session.check(&self.place_name(), &composed.text);
        let done = self.ran(&session, &checked, &names, !flags.is_empty());
        let (text, problems) = match done {
            Ok((text, problems)) => (text, problems),
            Err(problem) => (String::new(), vec![*problem]),
        };
        let root = super::root(&checked.program);
        let told = self.drawn(&problems, session.sources(), root, &composed, &chunks);
        Answer::say(format!("{text}{told}"))
    }

    fn ran(
        &self,
        session: &Session<'_>,
        checked: &crate::session::Checked,
        names: &[String],
        yes: bool,
    ) -> Result<(String, Vec<Problem>), Box<Problem>> {
        let plan = session.plan(checked)?;
        let store = self.store()?;
        if !yes && let Some(problem) = asked_twice(&plan, names, &store) {
            let help = "`:plan` says what they are; `:run --yes` runs them all";
            return Err(problem.help(help).into());
        }
        let threads = Threads::new(self.setting.threads).map_err(|failure| {
            let code = Code::parse(failure.code()).unwrap_or(Code::E0807);
            Problem::new(code, failure.to_string(), Span::NOWHERE, "")
        })?;
        let progress: Box<dyn Progress> = match self.setting.quiet {
            true => Box::new(Silent),
            false => Box::new(Terminal::on_stderr()),
        };
        self.setting.interrupt.lower();
        let options = Options {
            store: &store,
            progress: &*progress,
            interrupt: self.setting.interrupt.clone(),
            threads: &threads,
            checkpoint_every: CHECKPOINT_EVERY,
        };
        let ran = session.run(&checked.program, &plan, names, &options);
        drop(progress);
        self.setting.interrupt.lower();
        let look = Look {
            colour: self.setting.layout.colour,
            unicode: true,
        };
        let mut text = String::new();
        for outcome in &ran.outcomes {
            text.push_str(&shown(outcome, look)?);
        }
        Ok((text, ran.problems))
    }

    fn save(&mut self, file: &str) -> Answer {
        let file = match (file, &self.file) {
            ("", None) => return Answer::say("`:save FILE`"),
            ("", Some(file)) => file.clone(),
            (file, _) => PathBuf::from(file),
        };
        let text = self.script();
        // The script checks, so it can be laid out.
        let text = format(&Sources::default().add("repl.tmo", &text)).unwrap_or(text);
        let own = self.file.as_deref() == Some(&*file);
        match written(&file, &text, own) {
            Ok(()) => {
                let shown = file.display().to_string();
                self.file = Some(file);
                Answer::say(format!("{} lines in {shown}", text.lines().count()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let mut text = format!("`{}` is there already, and ", file.display());
                let _ = write!(text, "was not loaded from; nothing was written");
                Answer::say(text)
            }
            Err(error) => {
                Answer::say(format!("`{}` cannot be written: {error}", file.display()))
            }
        }
    }
}

/// Write a file; over one that is there only if it is the dialogue's own.
fn written(file: &Path, text: &str, own: bool) -> std::io::Result<()> {
    if own {
        return fs::write(file, text);
    }
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)?;
    out.write_all(text.as_bytes())
}

fn typed(text: &str) -> Origin {
    Origin {
        name: "input".into(),
        text: text.into(),
    }
}

fn help() -> String {
    let mut text = "An expression shows its value and type; an item defines it, or defines it anew.\n\
        Unfinished input goes on in the next line; `|>` at its beginning goes on from the last.\n\n"
        .to_owned();
    for (name, what, does) in COMMANDS {
        let head = format!(":{name} {what}");
        let _ = writeln!(text, "  {head:<18} {does}");
    }
    text.push_str("\nCtrl-C drops a line or stops a run, Tab completes, Ctrl-R searches the history.");
    text
}
