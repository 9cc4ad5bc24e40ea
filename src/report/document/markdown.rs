//! `report.md`: the document as Markdown, its figures as image files beside it.

use super::super::html::paragraphs;
use super::parts::{Body, Part};
use super::{Document, Origin};

/// The text.
pub(super) fn render(document: &Document, parts: &[Part<'_>]) -> String {
    let mut out = format!("# {}\n", plain(&document.title));
    for text in paragraphs(&document.doc) {
        out.push_str(&format!("\n{}\n", plain(&text)));
    }
    for part in parts {
        if !part.heading.is_empty() {
            out.push_str(&format!("\n## {}\n", plain(part.heading)));
        }
        match &part.body {
            Body::Text(text) => {
                for text in paragraphs(text) {
                    out.push_str(&format!("\n{}\n", plain(&text)));
                }
                continue;
            }
            Body::Figure {
                number, said, stem, ..
            } => {
                let said = plain(said);
                out.push_str(&format!("\n![{said}]({stem}.svg)\n"));
                out.push_str(&format!("\n**Figure {number}.** {said}.{}\n", tail(part)));
            }
            Body::Table {
                number,
                titles,
                numbers,
                rows,
                ..
            } => {
                out.push('\n');
                line(&mut out, titles.iter().map(|title| plain(title)));
                let rules = numbers
                    .iter()
                    .map(|right| if *right { "---:" } else { "---" });
                line(&mut out, rules.map(str::to_owned));
                for row in rows {
                    line(&mut out, row.iter().map(|cell| plain(cell)));
                }
                out.push_str(&format!("\n**Table {number}.**{}\n", tail(part)));
            }
        }
    }
    script(&mut out, document);
    provenance(&mut out, document);
    out
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    out.push_str(&format!("| {} |\n", cells.join(" | ")));
}

/// What follows a caption: where the part comes from and where its data are.
fn tail(part: &Part<'_>) -> String {
    let mut tail = String::new();
    if let Some(origin) = part.origin {
        let said = said_of(origin);
        if !said.is_empty() {
            tail.push_str(&format!(" {said}."));
        }
    }
    let data = part.files.iter().filter(|file| file.name.ends_with(".csv"));
    let data: Vec<String> = data
        .map(|file| format!("[{name}]({name})", name = file.name))
        .collect();
    if !data.is_empty() {
        tail.push_str(&format!(" Data: {}.", data.join(", ")));
    }
    tail
}

fn said_of(origin: &Origin) -> String {
    let mut said = Vec::new();
    if !origin.study.is_empty() {
        said.push(format!("Study {}", plain(&origin.study)));
    }
    if !origin.key.is_empty() {
        said.push(format!("key `{}`", code(&origin.key)));
    }
    match origin.lines {
        Some((first, last)) if first == last => said.push(format!("script line {first}")),
        Some((first, last)) => said.push(format!("script lines {first} to {last}")),
        None => {}
    }
    said.join(", ")
}

fn script(out: &mut String, document: &Document) {
    let script = &document.script;
    if script.text.is_empty() {
        return;
    }
    // A fence longer than any in the script.
    let mut fence = "```".to_owned();
    while script.text.contains(&fence) {
        fence.push('`');
    }
    let name = plain(&script.name);
    out.push_str(&format!("\n## Script {name}\n\n{fence}tmo\n"));
    let lines = script.text.lines().count();
    let wide = lines.to_string().len();
    for (number, text) in (1..).zip(script.text.lines()) {
        out.push_str(format!("{number:>wide$}  {text}").trim_end());
        out.push('\n');
    }
    out.push_str(&format!("{fence}\n"));
}

fn provenance(out: &mut String, document: &Document) {
    let provenance = &document.provenance;
    if provenance.tmo_version.is_empty() {
        return;
    }
    out.push_str("\n## Where the numbers come from\n\n");
    let mut item = |name: &str, value: &str| {
        out.push_str(&format!("* {}: `{}`\n", plain(name), code(value)));
    };
    item("tmo", &provenance.tmo_version);
    item("device class", &provenance.device);
    for one in &provenance.seeds {
        item(&format!("seed: {}", one.name), &one.value);
    }
    for one in &provenance.versions {
        item(&one.name, &one.value);
    }
    for one in &provenance.keys {
        item(&format!("key: {}", one.name), &one.value);
    }
}

/// Text that means nothing to Markdown or HTML, on one line.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text between backticks.
fn code(text: &str) -> String {
    let fit = |c: char| if c == '`' { '\'' } else { c };
    let one_line = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { fit(c) });
    one_line.collect()
}
