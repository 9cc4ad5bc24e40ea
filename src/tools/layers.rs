//! A network as a table of layers.

use std::fmt::Write as _;

use crate::builtins::{layer_table, weight_count};
use crate::ir::Network;
use crate::plan::grouped;

/// The layers of a network with shapes and weight counts.
pub fn layers(network: &Network) -> String {
    let rows = layer_table(network);
    let width = |of: &dyn Fn(usize) -> usize, least: usize| {
        (0..rows.len()).map(of).max().unwrap_or(0).max(least)
    };
    let place = width(
        &|i| rows.get(i).map_or(0, |row| row.place.chars().count()),
        5,
    );
    let layer = width(
        &|i| rows.get(i).map_or(0, |row| row.layer.chars().count()),
        5,
    );
    let shape = width(
        &|i| rows.get(i).map_or(0, |row| row.output.chars().count()),
        6,
    );
    let mut text = format!(
        "\n  {:place$}  {:layer$}  {:shape$}  {:>10}\n",
        "place", "layer", "output", "weights"
    );
    for row in &rows {
        let weights = if row.weights == 0 {
            String::new()
        } else {
            grouped(row.weights)
        };
        let _ = writeln!(
            text,
            "  {:place$}  {:layer$}  {:shape$}  {weights:>10}",
            row.place, row.layer, row.output
        );
    }
    let _ = writeln!(text, "\n  {} weights", grouped(weight_count(network)));
    text
}
