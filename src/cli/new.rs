//! `tmo new`: a folder with a study that runs.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::args::{Args, New};
use super::messages::{print, say};
use super::{FAILED, FINE};
use crate::diagnostic::{Code, Problem};
use crate::source::{Sources, Span};

/// What stands for the name in the files.
const NAME: &str = "NAME";

/// Make the folder.
pub fn new(args: &Args, options: &New) -> u8 {
    match made(&options.folder) {
        Ok(script) => {
            let folder = options.folder.display();
            say(&format!(
                "made {folder}; next: cd {folder} && tmo run {script}\n"
            ));
            FINE
        }
        Err(problem) => {
            print(&[*problem], &Sources::default(), args.message_format);
            FAILED
        }
    }
}

/// The name of the script.
fn made(folder: &Path) -> Result<String, Box<Problem>> {
    let refused = |why: String, help: &str| {
        let title = format!("`{}` cannot be made: {why}", folder.display());
        Box::new(Problem::new(Code::E0902, title, Span::NOWHERE, "").help(help))
    };
    let name = folder.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        let help = "give it a name of its own: `tmo new voltages`";
        return Err(refused("that is no name for a folder".into(), help));
    };
    if folder.exists() {
        let help = "nothing was changed; take another name";
        return Err(refused("it is there already".into(), help));
    }
    let files = [
        (format!("{name}.tmo"), include_str!("new/study.tmo")),
        ("README.md".into(), include_str!("new/README.md")),
        (".gitignore".into(), include_str!("new/gitignore")),
    ];
    let failed = |error: std::io::Error| {
        refused(error.to_string(), "look at the permissions and the disk")
    };
    fs::create_dir_all(folder).map_err(failed)?;
    for (file, text) in &files {
        // Never over a file, not even one that appeared since.
        let opened = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join(file));
        opened
            .and_then(|mut out| out.write_all(text.replace(NAME, name).as_bytes()))
            .map_err(failed)?;
    }
    Ok(format!("{name}.tmo"))
}
