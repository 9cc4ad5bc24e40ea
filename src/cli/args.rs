//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Checks, plans and runs studies of transition-metal oxides written in tmo.
#[derive(Debug, Parser)]
#[command(name = "tmo", version, about, max_term_width = 90)]
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

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a script and run its studies; what is in the store is not computed again.
    Run(Run),
    /// Check scripts without running them: names, types, units, shapes, splits.
    Check(Check),
    /// Write scripts in the house style; comments stay, meaning stays.
    Fmt(Fmt),
    /// Write the new names in the places of deprecated ones; all else stays.
    Fix(Fix),
    /// Say what `run` would do, and what of it the store has already.
    Plan(Plan),
    /// Show an item of a script or of the standard library; of a model its layers.
    Show(Show),
    /// Say what an error code stands for.
    Explain(Explain),
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
    /// No progress bars.
    #[arg(long, short)]
    pub quiet: bool,
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
}

/// `tmo explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code, as `E0401`; without it every code is listed.
    pub code: Option<String>,
}
