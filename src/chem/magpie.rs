//! Magpie features: a composition comes in, 132 numbers go out.
//!
//! 22 properties of the elements × 6 statistics (Ward et al., npj Comput. Mater. 2,
//! 16028 (2016)), in the order, with the labels and with the values of matminer's
//! `ElementProperty.from_preset("magpie")`. With the fractions f of the elements and
//! their values x: mean = Σ f x / Σ f, avg_dev = Σ f |x − mean| / Σ f, and mode = the
//! least x among the elements whose fraction is close to the greatest.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays of fixed length"
)]

use std::borrow::Borrow;
use std::sync::LazyLock;

use rayon::prelude::*;

use super::composition::Composition;
use super::element::{Element, MAX_Z};

mod table;
#[cfg(test)]
mod tests;

pub use table::{PROPERTIES, Property, value};

/// The statistics, in the order of the features of one property.
pub const STATISTICS: [&str; 6] =
    ["minimum", "maximum", "range", "mean", "avg_dev", "mode"];

/// Number of features: 22 properties × 6 statistics.
pub const FEATURES: usize = PROPERTIES * STATISTICS.len();

/// Rows one task computes in [`magpie_rows`]; fixed, so that results do not depend on
/// the number of threads.
const BLOCK: usize = 256;

/// Fractions this close count as equal when the mode is taken: numpy's `isclose`.
const MODE_RELATIVE: f64 = 1e-5;
/// Absolute part of the same rule.
const MODE_ABSOLUTE: f64 = 1e-8;

/// What stands for a value the table does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Imputation {
    /// Nothing: such an element is an error (matminer up to 0.9.2 gives NaN).
    #[default]
    None,
    /// The mean of the property over all elements that have it (matminer 0.10 on).
    Mean,
}

/// Why a composition has no features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MagpieError {
    /// The Magpie table has no value of a property for an element.
    #[error("the Magpie table has no {} for {element}", property.name())]
    MissingValue {
        /// The element.
        element: Element,
        /// The first property it lacks.
        property: Property,
    },
}

/// The 132 labels, `MagpieData minimum Number` first.
pub fn labels() -> &'static [String] {
    static LABELS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let one = |property: Property| {
            STATISTICS.map(|stat| format!("MagpieData {stat} {}", property.name()))
        };
        Property::all().flat_map(one).collect()
    });
    &LABELS
}

/// Compute the features of one composition without allocating.
///
/// Only the ratio of the amounts counts: `LiO` and `Li2O2` give the same bits.
///
/// # Errors
/// With [`Imputation::None`], an element that lacks one of the properties (He, Ne,
/// Ar, At, Rn, Fr and Z ≥ 97).
pub fn magpie_into(
    composition: &Composition,
    imputation: Imputation,
    out: &mut [f64; FEATURES],
) -> Result<(), MagpieError> {
    let table = table::table();
    let rows = match imputation {
        Imputation::Mean => &table.imputed,
        Imputation::None => {
            for (element, _) in composition.iter() {
                if let Some(property) = table.lacks(element) {
                    return Err(MagpieError::MissingValue { element, property });
                }
            }
            &table.raw
        }
    };
    let total = composition.total();
    let mut least = [f64::INFINITY; PROPERTIES];
    let mut most = [f64::NEG_INFINITY; PROPERTIES];
    let mut sum = [0.0; PROPERTIES];
    let mut weight = 0.0;
    let mut largest = 0.0_f64;
    for (element, amount) in composition.iter() {
        let fraction = amount / total;
        let row = row_of(rows, element);
        for p in 0..PROPERTIES {
            let x = row[p];
            least[p] = if x < least[p] { x } else { least[p] };
            most[p] = if x > most[p] { x } else { most[p] };
            sum[p] += fraction * x;
        }
        weight += fraction;
        largest = largest.max(fraction);
    }
    let mean = sum.map(|s| s / weight);
    let near = MODE_ABSOLUTE + MODE_RELATIVE * largest;
    let mut deviation = [0.0; PROPERTIES];
    let mut mode = [f64::INFINITY; PROPERTIES];
    for (element, amount) in composition.iter() {
        let fraction = amount / total;
        let row = row_of(rows, element);
        for p in 0..PROPERTIES {
            deviation[p] += fraction * (row[p] - mean[p]).abs();
        }
        if (fraction - largest).abs() <= near {
            for p in 0..PROPERTIES {
                mode[p] = if row[p] < mode[p] { row[p] } else { mode[p] };
            }
        }
    }
    for (p, features) in out.as_chunks_mut::<6>().0.iter_mut().enumerate() {
        let average_deviation = deviation[p] / weight;
        let range = most[p] - least[p];
        *features = [
            least[p],
            most[p],
            range,
            mean[p],
            average_deviation,
            mode[p],
        ];
    }
    Ok(())
}

/// Compute the features of many compositions, on all threads of the rayon pool.
///
/// # Errors
/// The first row that has none, with its index.
pub fn magpie_rows<C: Borrow<Composition> + Sync>(
    compositions: &[C],
    imputation: Imputation,
) -> Result<Vec<[f64; FEATURES]>, (usize, MagpieError)> {
    let mut rows = vec![[0.0; FEATURES]; compositions.len()];
    let first_error = rows
        .par_chunks_mut(BLOCK)
        .zip(compositions.par_chunks(BLOCK))
        .enumerate()
        .filter_map(|(block, (rows, compositions))| {
            let pairs = rows.iter_mut().zip(compositions).enumerate();
            for (at, (row, composition)) in pairs {
                if let Err(error) = magpie_into(composition.borrow(), imputation, row) {
                    return Some((block * BLOCK + at, error));
                }
            }
            None
        })
        .min_by_key(|(row, _)| *row);
    match first_error {
        Some(error) => Err(error),
        None => Ok(rows),
    }
}

fn row_of(
    rows: &[[f64; PROPERTIES]; MAX_Z as usize],
    element: Element,
) -> &[f64; PROPERTIES] {
    &rows[usize::from(element.z()) - 1]
}
