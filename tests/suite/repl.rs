//! `tmo repl` in a real pseudo-terminal: what is typed and what is on the screen then. The
//! long session is docs/REPL.md; `INSTA_UPDATE=always` writes it anew.

#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

const COLUMNS: u16 = 90;
/// Enough that nothing scrolls away.
const ROWS: u16 = 900;
const PROMPT: &str = "tmo> ";
/// A hang, and not a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Terminal {
    screen: vt100::Parser,
    output: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Its other end must live as long as it does.
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn start(folder: &Path, arguments: &[&str], colour: bool) -> Terminal {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tmo"));
        command.arg("repl");
        command.args(arguments);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        command.env_remove("COLUMNS");
        match colour {
            true => command.env_remove("NO_COLOR"),
            false => command.env("NO_COLOR", "1"),
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Terminal {
            screen: vt100::Parser::new(ROWS, COLUMNS, 0),
            output,
            keys: pair.master.take_writer().unwrap(),
            child,
            _master: pair.master,
        };
        terminal.until_prompts(1);
        terminal
    }

    fn text(&self) -> String {
        let rows = self.screen.screen().rows(0, COLUMNS);
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Take in what it prints until that is so.
    fn until(&mut self, what: &str, is: impl Fn(&Terminal) -> bool) {
        let begun = Instant::now();
        while !is(self) {
            match self.output.recv_timeout(Duration::from_millis(200)) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("it ended before {what}\n{}", self.text())
                }
                Err(RecvTimeoutError::Timeout) => {
                    let waited = begun.elapsed() > PATIENCE;
                    assert!(!waited, "no {what}\n{}", self.text());
                }
            }
        }
    }

    /// Wait for an empty line to type in, the `count`th.
    fn until_prompts(&mut self, count: usize) {
        self.until(&format!("prompt {count}"), |terminal| {
            let (_, column) = terminal.screen.screen().cursor_position();
            let at_prompt = usize::from(column) == PROMPT.len();
            at_prompt && terminal.prompts() == count
        });
    }

    fn prompts(&self) -> usize {
        let rows = self.screen.screen().rows(0, COLUMNS);
        rows.filter(|row| row.starts_with(PROMPT.trim_end()))
            .count()
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Type a line and wait until it is answered.
    fn enter(&mut self, line: &str) {
        let before = self.prompts();
        self.press(&format!("{line}\r"));
        self.until_prompts(before + 1);
    }

    /// Wait for the end of the program.
    fn ended(mut self) -> (bool, String) {
        let begun = Instant::now();
        loop {
            while let Ok(bytes) = self.output.try_recv() {
                self.screen.process(&bytes);
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.success(), self.text());
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The session in docs/REPL.md. `\t` is Tab, `\r` goes to the next line of one input,
/// `\u{3}` is Ctrl-C.
const SESSION: &[&str] = &[
    "5 Å + 2 Å",
    "[64, 32] |> size",
    "5 Å + 2 eV",
    "let cutoff = 5",
    "let cutoff = 5 Å",
    "cutoff^3 * 4.18879",
    ":unit cutoff",
    "curoff * 2",
    "500 meV/atom to eV/atom",
    "20 km",
    "dataset oxides = bundled(\"flla-2015\")",
    "oxides",
    "oxides |> where(.nelement == 2)",
    "|> where(.nelements in 2..=4)",
    "oxides |> where(.volume < 500)",
    "dataset oxides = bundled(\"flla-2015\")",
    "|> target(.formation_energy_per_atom)",
    "|> split(test: 20%, seed: 7)",
    "|> holdout(val: 20%, seed: 7)",
    "features composition = oxides |> featurize(magpie())",
    "model plain(width: Int = 16)(x: [rows, d]) -> [rows, 1] =\rx |> dense(width) |> relu |> dense(2)",
    "model plain(width: Int = 16)(x: [rows, d]) -> [rows, 1] =\rx |> dense(width) |> relu |> dense(1)",
    ":shape plain(width: 4)",
    "plain(widht: 4)",
    "use std.models.cgcnn.{cgcnn}",
    ":type cgcnn",
    "study first = composition |> train(plain(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 5, batch: 32)",
    "study first = composition\r|> train(plain(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 5, batch: 32)\r|> evaluate(rmse, mae)",
    ":plan first",
    ":plan frist",
    "let cutoff = 5 eV",
    "cuto\t / 2",
    "half a thought\u{3}",
    ":help split",
    ":tpye 5",
    ":type O in oxides",
    "f (1)",
    "\"open",
    "// only a note",
    ":list",
    ":save study.tmo",
    ":load study.tmo",
    ":load nothing.tmo",
    "(1 + 2",
];

#[test]
fn the_session_in_docs_is_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), &["--quiet"], false);
    for line in SESSION.iter().take(SESSION.len() - 1) {
        match line.strip_suffix('\u{3}') {
            Some(typed) => {
                let before = terminal.prompts();
                terminal.press(&format!("{typed}\u{3}"));
                terminal.until_prompts(before + 1);
            }
            None => terminal.enter(line),
        }
    }
    // The last is not finished: Ctrl-C drops it, Ctrl-D ends.
    let before = terminal.prompts();
    terminal.press(&format!("{}\r\u{3}", SESSION.last().unwrap()));
    terminal.until_prompts(before + 1);
    terminal.press("\u{4}");
    let (fine, text) = terminal.ended();
    assert!(fine, "{text}");
    let saved = fs::read_to_string(folder.path().join("study.tmo")).unwrap();
    assert!(saved.starts_with("tmo 1\n"), "{saved}");

    let page = format!("{OPENING}~~~text\n{text}\n~~~\n");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write("docs/REPL.md", &page).unwrap();
    }
    let kept = fs::read_to_string("docs/REPL.md").unwrap_or_default();
    assert!(
        kept == page,
        "docs/REPL.md is another session (INSTA_UPDATE=always writes it):\n{page}"
    );
}

const OPENING: &str = "\
# A session

What `tmo repl` is like: this is what a terminal shows, and a test types it anew. An
expression shows its value and type; an item defines it, or defines it anew; a mistake is
told as `tmo check` tells it, and changes nothing. Unfinished input goes on in the next
line, and a line that begins with `|>` goes on from the one before. While you type, hints
behind the cursor say the type of what stands there, or what the open call takes; Tab
completes names, columns, arguments, units after a number, elements and commands. Ctrl-C
drops the line, or stops a run cleanly and keeps the session; Ctrl-D ends it. The history is
in `.tmo/history`.

";

#[test]
fn ctrl_c_stops_a_run_and_keeps_the_session() {
    let folder = tempfile::tempdir().unwrap();
    // Minutes, if nobody stopped it.
    let script = fs::read_to_string("tests/scripts/long.tmo").unwrap();
    let script = script.replace("epochs: 250", "epochs: 90000");
    assert!(script.contains("90000"));
    fs::write(folder.path().join("long.tmo"), script).unwrap();
    let mut terminal =
        Terminal::start(folder.path(), &["long.tmo", "--threads", "1"], false);
    for round in 1..=2 {
        let before = terminal.prompts();
        terminal.press(":run\r");
        // Of this run, and not of the one before it while the line is not echoed yet.
        terminal.until("an epoch", |terminal| {
            let text = terminal.text();
            let runs = text.split(":run").count() - 1;
            runs == round && text.rsplit(":run").next().unwrap().contains("epoch")
        });
        terminal.press("\u{3}");
        terminal.until_prompts(before + 1);
        assert!(terminal.text().contains("E0809"), "{}", terminal.text());
    }
    terminal.enter("5 Å + 1 Å");
    assert!(
        terminal.text().contains("6 Å : Length"),
        "{}",
        terminal.text()
    );
    terminal.press("\u{4}");
    assert!(terminal.ended().0);
    let history = fs::read_to_string(folder.path().join(".tmo/history")).unwrap();
    assert!(history.contains("5 Å + 1 Å"), "{history}");
}

#[test]
fn hints_and_completions_are_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), &[], true);
    terminal.press("5 Å + 2 Å");
    terminal.until("a hint", |t| t.text().contains("= 7 Å : Length"));
    terminal.press("\r");
    terminal.until_prompts(2);
    terminal.enter("dataset oxides = bundled(\"flla-2015\")");
    terminal.press("oxides |> where(.vol\t");
    terminal.until("a column", |t| t.text().contains("where(.volume"));
    terminal.until("its type", |t| t.text().contains(": Volume"));
    terminal.press(" < 5 \t\t");
    terminal.until("units", |t| t.text().contains("bohr"));
    terminal.press("\u{3}");
    terminal.until("a new line", |t| t.text().trim_end().ends_with("tmo>"));
    terminal.press("\u{4}");
    assert!(terminal.ended().0);
}

#[test]
fn without_a_terminal_it_answers_what_it_reads() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let mut child = crate::project::tmo(&["repl"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all("let a =\n  5 Å\na |> nothing\na\n(1 +\n".as_bytes())
        .unwrap();
    drop(keys);
    let done = child.wait_with_output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{text}");
    assert!(text.starts_with("let a = 5 Å : Length\n"), "{text}");
    assert!(text.contains("error[E0101]"), "{text}");
    assert!(text.contains("\n5 Å : Length\n"), "{text}");
    assert!(text.contains("error[E0001]"), "{text}");
}
