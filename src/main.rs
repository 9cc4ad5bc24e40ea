//! The `tmo` program: arguments in, an exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    tmo::cli::main()
}
