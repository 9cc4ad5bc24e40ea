//! What a number given to a builtin may be, where no type can say it.

use super::builtin::Applied;
use super::check::Checker;
use super::problems::{self, Due};
use super::value::Val;

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Above 0.
    AboveZero,
    /// 0 or above.
    NotBelowZero,
    /// Above 0 and below 1.
    InsideOne,
    /// 0 or above, and below 1.
    BelowOne,
}

impl Range {
    fn holds(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Range::AboveZero => x > 0.0,
                Range::NotBelowZero => x >= 0.0,
                Range::InsideOne => x > 0.0 && x < 1.0,
                Range::BelowOne => (0.0..1.0).contains(&x),
            }
    }

    /// In words: "a number above 0".
    pub fn words(self) -> &'static str {
        match self {
            Range::AboveZero => "a number above 0",
            Range::NotBelowZero => "0 or a number above",
            Range::InsideOne => "a number above 0 and below 1",
            Range::BelowOne => "0, or a number below 1",
        }
    }
}

/// Builtins, their parameters, and what each may be.
const RANGES: &[(&str, &str, Range)] = &[
    ("adam", "beta1", Range::BelowOne),
    ("adam", "beta2", Range::BelowOne),
    ("adam", "eps", Range::AboveZero),
    ("adamw", "beta1", Range::BelowOne),
    ("adamw", "beta2", Range::BelowOne),
    ("adamw", "decay", Range::NotBelowZero),
    ("adamw", "eps", Range::AboveZero),
    ("batch_norm", "eps", Range::AboveZero),
    ("cosine", "final_rate", Range::NotBelowZero),
    ("crystal_graph", "radius", Range::AboveZero),
    ("dropout", "rate", Range::BelowOne),
    ("huber", "delta", Range::AboveZero),
    ("knn_graph", "radius", Range::AboveZero),
    ("layer_norm", "eps", Range::AboveZero),
    ("multi_step", "factor", Range::AboveZero),
    ("nearest_image_graph", "radius", Range::AboveZero),
    ("one_cycle", "final_divisor", Range::AboveZero),
    ("one_cycle", "highest", Range::BelowOne),
    ("one_cycle", "lowest", Range::BelowOne),
    ("one_cycle", "rise", Range::InsideOne),
    ("one_cycle", "start_divisor", Range::AboveZero),
    ("padded_graph", "radius", Range::AboveZero),
    ("plateau", "factor", Range::InsideOne),
    ("plateau", "lowest", Range::NotBelowZero),
    ("plateau", "patience", Range::NotBelowZero),
    ("plateau", "threshold", Range::BelowOne),
    ("sgd", "momentum", Range::BelowOne),
    ("standardized", "sample", Range::NotBelowZero),
    ("train", "clip", Range::NotBelowZero),
    ("train", "clip_global", Range::NotBelowZero),
    ("train", "ema", Range::BelowOne),
    ("train", "l2", Range::NotBelowZero),
    ("train", "min_delta", Range::NotBelowZero),
    ("train", "patience", Range::NotBelowZero),
    ("train", "rate", Range::AboveZero),
];

impl Checker<'_> {
    /// Whether the known numbers given to a builtin are what they may be.
    pub fn in_range(&mut self, call: &Applied) -> bool {
        let of = &*call.signature.name;
        let mut fine = true;
        for (_, param, range) in RANGES.iter().filter(|(builtin, ..)| *builtin == of) {
            let Some(val) = call.value(param) else {
                continue;
            };
            if let Some(x) = val.as_f64()
                && !range.holds(x)
            {
                let due = call.due(param);
                let words = match x.is_finite() {
                    true => range.words(),
                    false => "a finite number",
                };
                self.report(problems::out_of_its_range(val, &due, words));
                fine = false;
            }
        }
        fine
    }

    /// Say that a size or count is below the least it may be.
    pub fn too_small(&mut self, val: &Val, due: &Due, least: i64) {
        let problem = problems::too_small(val, due, least);
        let written = self.sources.text(val.span);
        self.report(match self.own_use(val.span) {
            Some(used) => problems::too_small_inside(problem, val, written, used, least),
            None => problem,
        });
    }
}

/// Whether a share given to a builtin must be below 1.
pub fn is_below_one(builtin: &str, param: &str) -> bool {
    let mut ranges = RANGES.iter();
    ranges.any(|range| *range == (builtin, param, Range::BelowOne))
}
