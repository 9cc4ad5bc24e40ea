//! The reference as pages.

use std::fmt::Write as _;

use super::{Chapter, Entry};
use crate::tools::markdown::to_html;

/// What the pages open with.
const OPENING: &str = "\
This is written by `tmo doc` from the declarations in `stdlib/`; each example is checked by
a test. In a signature, the first brackets hold the settings and the second what stands
before `|>`. `[rows, d]` is a tensor: at most one domain (`rows`, the nodes `n` or edges `e`
of a graph), then sizes; `..` is any axes; `Q` is a number of any unit. What is marked
**planned** is declared and checked, and running it is an error that says so.
";

/// The whole reference as Markdown.
pub fn markdown(chapters: &[Chapter]) -> String {
    let mut page = format!("# The standard library\n\n{OPENING}\n");
    for chapter in chapters {
        let anchor = anchor(&chapter.title);
        let names: Vec<String> = chapter
            .entries
            .iter()
            .map(|entry| format!("`{}`", entry.name))
            .collect();
        let _ = writeln!(
            page,
            "* [{}](#{anchor}): {}",
            chapter.title,
            names.join(", ")
        );
    }
    for chapter in chapters {
        let _ = write!(page, "\n## {}\n", chapter.title);
        if !chapter.intro.is_empty() {
            let _ = write!(page, "\n{}\n", chapter.intro);
        }
        for entry in &chapter.entries {
            let _ = write!(page, "\n### {}\n\n{}", entry.name, entry_markdown(entry));
        }
    }
    page
}

/// The anchor GitHub and `html` give a heading.
fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || " _-".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// One item as Markdown, without a heading.
pub fn entry_markdown(entry: &Entry) -> String {
    let mut page = format!("~~~tmo\n{}\n~~~\n", entry.signature);
    if entry.planned {
        page.push_str("\n**Planned**: it is checked, and cannot run yet.\n");
    }
    if let Some(instead) = &entry.deprecated {
        let _ = write!(page, "\n**Deprecated**: {instead}\n");
    }
    if let Some(import) = &entry.import {
        let _ = write!(page, "\nImport: `{import}`\n");
    }
    if !entry.words.is_empty() {
        let _ = write!(page, "\n{}\n", entry.words);
    }
    // One parameter without a default says nothing the signature does not.
    let telling = entry.parameters.len() > 1
        || entry.parameters.iter().any(|param| param.default.is_some());
    if telling {
        page.push('\n');
        for param in &entry.parameters {
            let input = if param.input { ", before `|>`" } else { "" };
            let ty = match param.ty.as_str() {
                "" => String::new(),
                ty => format!(": `{ty}`"),
            };
            let default = match &param.default {
                Some(value) => format!(", `{value}` if not given"),
                None => String::new(),
            };
            let _ = writeln!(page, "* `{}`{ty}{default}{input}", param.name);
        }
    }
    page
}

/// The whole reference as a page of HTML that needs nothing else.
pub fn html(markdown: &str) -> String {
    let body = to_html(markdown);
    // Headings get the anchors that the list at the top points to.
    let mut with_anchors = String::with_capacity(body.len());
    let mut rest = body.as_str();
    while let Some(at) = rest.find("<h2>") {
        let (before, after) = rest.split_at(at);
        let title = after.strip_prefix("<h2>").unwrap_or(after);
        let end = title.find("</h2>").unwrap_or(title.len());
        let name = anchor(title.get(..end).unwrap_or_default());
        let _ = write!(with_anchors, "{before}<h2 id=\"{name}\">");
        rest = title;
    }
    with_anchors.push_str(rest);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>tmo: the standard library</title>\n<style>{STYLE}</style>\n\
         <main>\n{with_anchors}</main>\n</html>\n"
    )
}

/// Every item with its first sentence, for a terminal of `width` columns.
pub fn overview(chapters: &[Chapter], width: usize) -> String {
    let mut page = String::new();
    for chapter in chapters {
        let _ = writeln!(page, "{}", chapter.title);
        for entry in &chapter.entries {
            let mark = match (entry.planned, &entry.deprecated) {
                (true, _) => "planned: ",
                (_, Some(_)) => "deprecated: ",
                _ => "",
            };
            let line = format!("  {:<20} {mark}{}", entry.name, entry.summary());
            let cut: String = line.chars().take(width.max(40)).collect();
            let _ = writeln!(page, "{}", cut.trim_end());
        }
        page.push('\n');
    }
    page.push_str("`tmo doc NAME` says all of one.\n");
    page
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#222;margin:0}\
main{max-width:46rem;margin:2rem auto;padding:0 1rem}\
pre{background:#f4f4f4;padding:.7rem;overflow-x:auto}\
code{font:14px/1.4 ui-monospace,monospace;background:#f4f4f4}\
h2{border-bottom:1px solid #ccc;margin-top:3rem}h3{margin-top:2rem}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}pre,code{background:#222}}";
