//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::nn;
use crate::session::CHECKPOINT_EVERY;

/// What stands below the list of commands.
const TOUR: &str = "\
A first study:
  tmo new mine && cd mine      a folder with a script that runs
  tmo run mine.tmo             trains and prints the scores
  tmo doc                      what a script can use; `tmo doc train` says all of one
  tmo repl                     try expressions and items line by line
  tmo explain E0401            what an error code means, with a script that has it

A script checks before it runs; what ran is kept in .tmo/store and not computed again.
`tmo help COMMAND` has examples of each.";

/// Checks, plans and runs studies of transition-metal oxides written in tmo.
#[derive(Debug, Parser)]
#[command(name = "tmo", version, about, max_term_width = 90, after_help = TOUR)]
pub struct Args {
    /// How errors and warnings are written.
    #[arg(long, value_enum, global = true, default_value = "human")]
    pub message_format: MessageFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How errors and warnings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// With the lines of the script they point to.
    Human,
    /// One line each: file, line, column, code, what is wrong, what to do.
    Short,
    /// One JSON object a line.
    Json,
}

/// What computes networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Executor {
    /// The fast one, on the processor.
    #[default]
    Fused,
    /// The plain one, every operation by itself: the same numbers to rounding, slower; on
    /// the GPU in a build for it.
    Reference,
}

impl From<Executor> for nn::Executor {
    fn from(executor: Executor) -> nn::Executor {
        match executor {
            Executor::Fused => nn::Executor::Fused,
            Executor::Reference => nn::Executor::Reference,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a script and run its studies; what is in the store is not computed again.
    #[command(after_help = "\
Examples:
  tmo run mine.tmo                       every study of the script
  tmo run mine.tmo first --out results   one, its figures and report in results/first
  tmo run mine.tmo --threads 4 --quiet   the same numbers, four threads, no bars
  tmo run mine.tmo --executor reference  networks by the plain executor, as a check
  tmo run mine.tmo --yes                 also where a study has more than 100 cells

Ctrl-C stops it cleanly (exit code 130); the same command goes on where it stopped.")]
    Run(Run),
    /// Check scripts without running them: names, types, units, shapes, splits.
    #[command(after_help = "\
Examples:
  tmo check mine.tmo                           errors with the lines they are in
  tmo check --message-format short *.tmo       one line each, as editors read them
  tmo check --message-format json mine.tmo     one JSON object a line

Exit code 0: no error (warnings allowed); 1: an error.")]
    Check(Check),
    /// Write scripts in the house style; comments stay, meaning stays.
    #[command(after_help = "\
Examples:
  tmo fmt mine.tmo             rewrites the file
  tmo fmt --check *.tmo        only lists what would change (exit code 1)
  cat mine.tmo | tmo fmt -     reads and writes the standard streams")]
    Fmt(Fmt),
    /// Write the new names in the places of deprecated ones; all else stays.
    #[command(after_help = "\
Examples:
  tmo fix study.tmo            rewrite one script
  tmo fix --check *.tmo        only list those that would change")]
    Fix(Fix),
    /// Say what `run` would do, and what of it the store has already.
    #[command(after_help = "\
Example:
  tmo plan mine.tmo            each step, its size, and whether the store has it")]
    Plan(Plan),
    /// Show an item of a script or of the standard library; of a model its layers.
    #[command(after_help = "\
Examples:
  tmo show mine.tmo                        every item with the first line of its words
  tmo show mine.tmo network                a model: layers, shapes, weights
  tmo show stdlib alignn --radius 6        a model of the library over bonds up to 6 Å
  tmo show stdlib cgcnn --lowered          the steps it is run as, after fusion")]
    Show(Show),
    /// Say what an error code stands for.
    #[command(after_help = "\
Examples:
  tmo explain                  every code in a line
  tmo explain E0401            what it means, a script that has the mistake, one that has not")]
    Explain(Explain),
    /// Say what the standard library has: signatures, parameters, examples.
    #[command(after_help = "\
Examples:
  tmo doc                                  every item in a line
  tmo doc conv1d                           all of one
  tmo doc --format html --out site         the whole reference as site/stdlib.html")]
    Doc(Doc),
    /// Talk: enter items and expressions line by line and see what they are.
    #[command(after_help = "\
Examples:
  tmo repl                     an empty session
  tmo repl mine.tmo            one with the items of a script
  tmo> 5 Å + 2 Å               a value and its type
  tmo> oxides |> where(.nelements == 2)
  tmo> :help                   what else can be typed

Unfinished input goes on in the next line. Ctrl-C drops a line or stops a run, Ctrl-D ends.")]
    Repl(Repl),
    /// Make a folder with a study that runs on data that come with tmo.
    #[command(after_help = "\
Example:
  tmo new voltages && cd voltages && tmo run voltages.tmo")]
    New(New),
    /// Print completions for a shell.
    #[command(after_help = "\
Examples:
  tmo completions bash > ~/.local/share/bash-completion/completions/tmo
  tmo completions zsh > ~/.zfunc/_tmo      (with `fpath+=~/.zfunc` in ~/.zshrc)
  tmo completions fish > ~/.config/fish/completions/tmo.fish
  tmo completions powershell >> $PROFILE")]
    Completions(Completions),
    /// Print the manual page.
    #[command(after_help = "\
Examples:
  tmo man | man -l -
  tmo man --out ~/.local/share/man/man1    a page for each command")]
    Man(Man),
}

/// `tmo run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The script.
    pub file: PathBuf,
    /// The studies to run; all when none is named.
    pub studies: Vec<String>,
    /// Put each study's figures, tables, weights and report into a folder of its name
    /// below this one.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where results are kept [default: .tmo/store below the current folder].
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Threads to use [default: one per core]. The results are the same for any number.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// What computes networks. Results of the two are kept apart.
    #[arg(long, value_enum, default_value = "fused")]
    pub executor: Executor,
    /// The least time between two checkpoints of a training: what a run that is killed
    /// does again. The results are the same for any.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = CHECKPOINT_EVERY.as_secs_f64(),
        value_parser = seconds
    )]
    pub checkpoint_every: f64,
    /// No progress bars.
    #[arg(long, short)]
    pub quiet: bool,
    /// Run a study of more than 100 cells and trials without asking.
    #[arg(long, short)]
    pub yes: bool,
}

/// A time in seconds, of at most a day.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is due")?;
    match (0.0..=86_400.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("from 0 to 86400 seconds are due".into()),
    }
}

/// `tmo check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The scripts.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// `tmo fmt`.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// The scripts; `-` reads one from the standard input and writes it to the output.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing; list the scripts that would change, and fail if there are any.
    #[arg(long)]
    pub check: bool,
}

/// `tmo fix`.
#[derive(Debug, clap::Args)]
pub struct Fix {
    /// The scripts.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing; list the scripts that would change, and fail if there are any.
    #[arg(long)]
    pub check: bool,
}

/// `tmo plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// The script.
    pub file: PathBuf,
    /// Where results are kept [default: .tmo/store below the current folder].
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// What would compute networks.
    #[arg(long, value_enum, default_value = "fused")]
    pub executor: Executor,
}

/// `tmo show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// A script, or `stdlib`.
    pub file: PathBuf,
    /// The item; without it every item is listed.
    pub name: Option<String>,
    /// Length of the vector a model of vectors is shown for: 132 for Magpie.
    #[arg(long, value_name = "N", default_value_t = 132)]
    pub length: usize,
    /// Reach of the bonds a graph network is shown for, in Å.
    #[arg(long, value_name = "Å", default_value_t = 5.0)]
    pub radius: f64,
    /// Of a model the steps it is run as: what is multiplied, what is done row by row in
    /// one loop, what is summed along with it.
    #[arg(long)]
    pub lowered: bool,
}

/// `tmo explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code, as `E0401`; without it every code is listed.
    pub code: Option<String>,
}

/// `tmo doc`.
#[derive(Debug, clap::Args)]
pub struct Doc {
    /// The item; without it every item is listed.
    pub name: Option<String>,
    /// The whole reference, or one item, in this format instead of for a terminal.
    #[arg(long, value_enum)]
    pub format: Option<DocFormat>,
    /// Write the whole reference into this folder, as `stdlib.md` or `stdlib.html`.
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    pub out: Option<PathBuf>,
}

/// How the reference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocFormat {
    /// Markdown.
    Markdown,
    /// A page of HTML that needs nothing else.
    Html,
}

/// `tmo repl`.
#[derive(Debug, clap::Args)]
pub struct Repl {
    /// A script to begin with; `:save` writes it only when asked.
    pub file: Option<PathBuf>,
    /// Where results are kept [default: .tmo/store below the current folder].
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Threads to use [default: one per core]. The results are the same for any number.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// No progress bars.
    #[arg(long, short)]
    pub quiet: bool,
}

/// `tmo new`.
#[derive(Debug, clap::Args)]
pub struct New {
    /// The folder to make; its name becomes the script's.
    #[arg(value_name = "NAME")]
    pub folder: PathBuf,
}

/// `tmo completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// `tmo man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Write a page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
