//! Columns of a run as typed columns of a file.

use crate::builtins::tables::{fields_of, in_unit, said};
use crate::chem::{Composition, Record, Structure};
use crate::report::columns::{TypedColumn, Values};
use crate::run::{Cell, Column, Dataset};

/// A column; one of records becomes a column for each field, one of structures lists of
/// their lattice, positions and elements. What failed counts as missing.
pub(super) fn typed(column: &Column) -> Vec<TypedColumn> {
    if let Some(fields) = fields_of(column) {
        return fields.iter().flat_map(typed).collect();
    }
    let number = in_unit(&column.unit);
    let first = column
        .cells
        .iter()
        .find(|cell| !matches!(cell, Cell::Missing | Cell::Failed(_)));
    let cells = column.cells.iter();
    let values = match first {
        Some(Cell::Number(_)) => Values::Numbers(
            cells
                .map(|cell| cell.number().filter(|x| x.is_finite()).map(&number))
                .collect(),
        ),
        Some(Cell::Bool(_)) => Values::Truths(
            cells
                .map(|cell| match cell {
                    Cell::Bool(value) => Some(*value),
                    _ => None,
                })
                .collect(),
        ),
        Some(Cell::Many(_)) if numeric(column) => Values::NumberLists(
            cells
                .map(|cell| match cell {
                    Cell::Many(all) => {
                        Some(all.iter().filter_map(Cell::number).map(&number).collect())
                    }
                    _ => None,
                })
                .collect(),
        ),
        Some(Cell::Many(_)) => Values::TextLists(
            cells
                .map(|cell| match cell {
                    Cell::Many(all) => {
                        Some(all.iter().map(|one| said(one, &number)).collect())
                    }
                    _ => None,
                })
                .collect(),
        ),
        _ => Values::Texts(
            cells
                .map(|cell| match cell {
                    Cell::Missing | Cell::Failed(_) => None,
                    cell => Some(said(cell, &number)),
                })
                .collect(),
        ),
    };
    vec![TypedColumn::new(&column.name, &column.unit, values)]
}

/// Whether lists of a column hold numbers.
fn numeric(column: &Column) -> bool {
    let mut all = column.cells.iter().flat_map(|cell| match cell {
        Cell::Many(all) => all.as_slice(),
        _ => &[],
    });
    all.all(|cell| matches!(cell, Cell::Number(_)))
}

/// The structures of a data set, under the names OPTIMADE 1.2 has for them.
pub(super) fn optimade(data: &Dataset) -> Vec<TypedColumn> {
    let rows = &data.rows;
    let texts = |of: fn(&Record) -> String| {
        Values::Texts(rows.iter().map(|row| Some(of(row))).collect())
    };
    let lists = |of: fn(&Structure) -> Vec<String>| {
        Values::TextLists(rows.iter().map(|row| Some(of(&row.structure))).collect())
    };
    let whole = |of: fn(&Structure) -> usize| {
        Values::Whole(rows.iter().map(|row| of(&row.structure) as i64).collect())
    };
    let vectors = |of: fn(&Structure) -> Vec<[f64; 3]>| {
        Values::Vectors(rows.iter().map(|row| of(&row.structure)).collect())
    };
    let ratios = rows.iter().map(|row| Some(ratios(&row.structure)));
    let plain = |name, values| TypedColumn::new(name, "", values);
    vec![
        plain("id", texts(|row| row.id.clone())),
        plain("elements", lists(elements)),
        plain("nelements", whole(|s| s.composition().len())),
        plain("elements_ratios", Values::NumberLists(ratios.collect())),
        plain(
            "chemical_formula_reduced",
            texts(|row| reduced(&row.structure)),
        ),
        plain(
            "dimension_types",
            Values::WholeLists(vec![vec![1; 3]; rows.len()]),
        ),
        plain("nperiodic_dimensions", Values::Whole(vec![3; rows.len()])),
        TypedColumn::new("lattice_vectors", "Å", vectors(|s| s.lattice().to_vec())),
        TypedColumn::new(
            "cartesian_site_positions",
            "Å",
            vectors(Structure::cartesian),
        ),
        plain("nsites", whole(Structure::sites)),
        plain("species_at_sites", lists(|s| symbols(s.species()))),
    ]
}

fn symbols(all: &[crate::chem::Element]) -> Vec<String> {
    all.iter()
        .map(|element| element.symbol().to_owned())
        .collect()
}

/// The elements in alphabetical order, as OPTIMADE has them.
fn elements(structure: &Structure) -> Vec<String> {
    let mut symbols = symbols(&structure.composition().elements());
    symbols.sort_unstable();
    symbols
}

/// The amounts of a composition in alphabetical order.
fn amounts(composition: &Composition) -> Vec<(&'static str, f64)> {
    let pairs = composition.iter();
    let mut pairs: Vec<_> = pairs.map(|(element, n)| (element.symbol(), n)).collect();
    pairs.sort_unstable_by_key(|(symbol, _)| *symbol);
    pairs
}

fn ratios(structure: &Structure) -> Vec<f64> {
    let fractions = structure.composition().fractions();
    amounts(&fractions).into_iter().map(|(_, n)| n).collect()
}

/// `Fe2O3`: the elements in alphabetical order, no number where it is 1.
fn reduced(structure: &Structure) -> String {
    let said = |(symbol, n): (&str, f64)| match n {
        1.0 => symbol.to_owned(),
        n => format!("{symbol}{n}"),
    };
    amounts(&structure.composition().reduced())
        .into_iter()
        .map(said)
        .collect()
}
