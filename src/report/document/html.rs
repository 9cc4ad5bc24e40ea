//! `report.html` of a document: one file that needs no other. Every string is escaped,
//! figures are images with data addresses, the data stand in a block that is not run, and
//! the policy at the head forbids everything else.

use serde::Serialize;

use super::super::html::{STYLE, address, fill, image, paragraphs};
use super::super::{Provenance, ReportProblem};
use super::parts::{Body, Part};
use super::{Document, Origin};

const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("document.html");

/// All that the template may name.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    title: &'a str,
    paragraphs: Vec<String>,
    parts: Vec<Shown<'a>>,
    script: &'a str,
    lines: Vec<&'a str>,
    provenance: &'a Provenance,
    data: String,
}

/// A part as the template wants it: what it has not is absent.
#[derive(Default, Serialize)]
struct Shown<'a> {
    heading: &'a str,
    paragraphs: Vec<String>,
    figure: Option<Picture<'a>>,
    table: Option<Grid<'a>>,
    origin: Option<&'a Origin>,
    data: Vec<Data<'a>>,
}

#[derive(Serialize)]
struct Picture<'a> {
    number: usize,
    said: &'a str,
    image: String,
}

#[derive(Serialize)]
struct Grid<'a> {
    number: usize,
    titles: &'a [String],
    numbers: &'a [bool],
    rows: &'a [Vec<String>],
}

/// A file of data, inside the page.
#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    address: String,
}

/// The page.
pub(super) fn render(
    document: &Document,
    parts: &[Part<'_>],
) -> Result<String, ReportProblem> {
    let data =
        serde_json::to_string(document).map_err(|e| ReportProblem::compose(NAME, e))?;
    let page = Page {
        style: STYLE,
        title: &document.title,
        paragraphs: paragraphs(&document.doc),
        parts: parts.iter().map(shown).collect(),
        script: &document.script.name,
        lines: document.script.text.lines().collect(),
        provenance: &document.provenance,
        data: harmless(&data),
    };
    fill(NAME, TEMPLATE, &page)
}

fn shown<'a>(part: &'a Part<'_>) -> Shown<'a> {
    let data = part.files.iter().filter(|file| file.name.ends_with(".csv"));
    let mut shown = Shown {
        heading: part.heading,
        origin: part.origin,
        data: data
            .map(|file| Data {
                name: &file.name,
                address: address("text/csv", &file.bytes),
            })
            .collect(),
        ..Shown::default()
    };
    match &part.body {
        Body::Text(text) => shown.paragraphs = paragraphs(text),
        Body::Figure {
            number, said, svg, ..
        } => {
            let (number, image) = (*number, image(svg));
            shown.figure = Some(Picture {
                number,
                said,
                image,
            });
        }
        Body::Table {
            number,
            titles,
            numbers,
            rows,
            ..
        } => {
            let number = *number;
            shown.table = Some(Grid {
                number,
                titles,
                numbers,
                rows,
            });
        }
    }
    shown
}

/// JSON that may stand in a page: no character in it can end its block.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
