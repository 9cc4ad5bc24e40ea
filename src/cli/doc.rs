//! `tmo doc`: the reference of the standard library.

use std::fs;
use std::path::Path;

use super::args::{Args, Doc, DocFormat};
use super::messages::{layout, print, say};
use super::{FAILED, FINE};
use crate::diagnostic::{Code, Problem, nearest};
use crate::session::Session;
use crate::source::{Sources, Span};
use crate::tools::doc::{
    Chapter, Entry, entry_markdown, html, library, markdown, overview,
};
use crate::tools::markdown::to_terminal;
use crate::world::Disk;

/// Say what there is, or write the reference.
pub fn doc(args: &Args, options: &Doc) -> u8 {
    let mut session = Session::new(&Disk);
    let program = session.standard_library().program;
    let chapters = library(&program);
    let done = match &options.name {
        Some(name) => one(&chapters, name, options.format),
        None => {
            all(&chapters, options);
            written(&chapters, options)
        }
    };
    match done {
        Ok(()) => FINE,
        Err(problem) => {
            print(&[*problem], &Sources::default(), args.message_format);
            FAILED
        }
    }
}

fn page(chapters: &[Chapter], format: DocFormat) -> String {
    let text = markdown(chapters);
    match format {
        DocFormat::Markdown => text,
        DocFormat::Html => html(&text),
    }
}

fn all(chapters: &[Chapter], options: &Doc) {
    match (options.format, &options.out) {
        (_, Some(_)) => {}
        (Some(format), None) => say(&page(chapters, format)),
        (None, None) => say(&overview(chapters, layout().width)),
    }
}

fn written(chapters: &[Chapter], options: &Doc) -> Result<(), Box<Problem>> {
    let Some(dir) = &options.out else {
        return Ok(());
    };
    let format = options.format.unwrap_or(DocFormat::Markdown);
    let name = match format {
        DocFormat::Markdown => "stdlib.md",
        DocFormat::Html => "stdlib.html",
    };
    let file = dir.join(name);
    write(&file, &page(chapters, format))?;
    say(&format!("{}\n", file.display()));
    Ok(())
}

/// Write a file, its folder with it.
pub fn write(file: &Path, text: &str) -> Result<(), Box<Problem>> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .map_err(|error| {
            let title = format!("`{}` cannot be written: {error}", file.display());
            Box::new(
                Problem::new(Code::E0902, title, Span::NOWHERE, "")
                    .help("look at the folder's permissions and the disk"),
            )
        })
}

fn one(
    chapters: &[Chapter],
    name: &str,
    format: Option<DocFormat>,
) -> Result<(), Box<Problem>> {
    let all = || chapters.iter().flat_map(|chapter| &chapter.entries);
    let found: Vec<&Entry> = all().filter(|entry| entry.name == name).collect();
    if found.is_empty() {
        let title = format!("the standard library has no `{name}`");
        let problem = Problem::new(Code::E0101, title, Span::NOWHERE, "");
        let near = nearest(name, all().map(|entry| &*entry.name));
        return Err(Box::new(match near {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("`tmo doc` lists what it has"),
        }));
    }
    for entry in found {
        let text = entry_markdown(entry);
        say(&match format {
            None => to_terminal(&text, layout()),
            Some(DocFormat::Markdown) => text,
            Some(DocFormat::Html) => html(&text),
        });
    }
    Ok(())
}
