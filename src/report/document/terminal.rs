//! A document in the terminal: its parts in order, tables in full, figures by name.

use super::super::ReportProblem;
use super::super::terminal::{Look, bold, grid, plain};
use super::Document;
use super::parts::{self, Body};

/// Rows of a table shown in a terminal before the rest is counted only.
const SHOWN: usize = 40;

impl Document {
    /// The document as lines for the terminal, each ended.
    ///
    /// # Errors
    /// As [`Document::files`].
    pub fn lines(&self, look: Look) -> Result<String, ReportProblem> {
        let mut out = format!("{}\n", bold(&plain(self.title.clone(), look), look));
        for part in parts::of(self, false)? {
            match part.body {
                Body::Text(text) => {
                    let paragraphs = super::super::html::paragraphs(&text);
                    for text in paragraphs {
                        out.push_str(&format!("{}\n", plain(text, look)));
                    }
                }
                Body::Figure { number, said, .. } => {
                    out.push_str(&plain(format!("figure {number}: {said}\n"), look));
                }
                Body::Table {
                    titles,
                    numbers,
                    rows,
                    ..
                } => {
                    let columns: Vec<(bool, Vec<String>)> = titles
                        .into_iter()
                        .zip(numbers)
                        .enumerate()
                        .map(|(at, (title, right))| {
                            let cells = rows.iter().take(SHOWN);
                            let cells =
                                cells.map(|row| row.get(at).cloned().unwrap_or_default());
                            (right, std::iter::once(title).chain(cells).collect())
                        })
                        .collect();
                    out.push_str(&grid(&columns, look));
                    if rows.len() > SHOWN {
                        let more = rows.len() - SHOWN;
                        out.push_str(&format!(
                            "and {more} more of {} rows\n",
                            rows.len()
                        ));
                    }
                }
            }
        }
        Ok(out)
    }
}
