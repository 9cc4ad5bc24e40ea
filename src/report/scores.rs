//! Scores: in come actual and predicted values, out come RMSE, MAE, R² and the largest
//! error, in f64, summed in the order of the rows. Beside them the baseline: what the
//! mean of the train targets would score on the same rows.

use serde::{Deserialize, Serialize};

use super::{Prediction, ReportProblem, Split};

/// How well predictions fit. All but `n` and `r2` are in the target's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Number of rows.
    pub n: usize,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// 1 − Σ(a−p)² / Σ(a−ā)²; `None` where all actual values are equal, as it is then
    /// undefined.
    pub r2: Option<f64>,
    /// The largest absolute error.
    pub max_error: f64,
}

/// The scores of one split and of the baseline on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitScores {
    /// The split.
    pub split: Split,
    /// The model's scores.
    pub scores: Scores,
    /// The scores of the mean of the train targets.
    pub baseline: Scores,
}

impl Scores {
    /// Scores `predicted` against `actual`.
    ///
    /// # Errors
    /// Lists of different lengths, no rows, or values whose squares overflow or are NaN.
    pub fn of(actual: &[f64], predicted: &[f64]) -> Result<Scores, ReportProblem> {
        let n = actual.len();
        if n != predicted.len() {
            let predicted = predicted.len();
            return Err(ReportProblem::Lengths {
                actual: n,
                predicted,
            });
        }
        if n == 0 {
            return Err(ReportProblem::NoRows);
        }
        let mean = mean(actual);
        let (mut squares, mut absolute, mut spread) = (0.0_f64, 0.0_f64, 0.0_f64);
        let mut max_error = 0.0_f64;
        for (a, p) in actual.iter().zip(predicted) {
            let error = p - a;
            squares += error * error;
            absolute += error.abs();
            spread += (a - mean) * (a - mean);
            max_error = max_error.max(error.abs());
        }
        if !squares.is_finite() || !spread.is_finite() {
            return Err(ReportProblem::TooLarge);
        }
        let count = n as f64;
        // Equal values may have a mean that differs from them in the last bit.
        let constant = actual.iter().all(|a| Some(a) == actual.first());
        let r2 = (!constant && spread > 0.0).then(|| 1.0 - squares / spread);
        Ok(Scores {
            n,
            rmse: (squares / count).sqrt(),
            mae: absolute / count,
            r2,
            max_error,
        })
    }
}

/// Scores each split that has rows, in the order train, val, test.
///
/// # Errors
/// There are no train rows, or a value is not finite.
pub fn score_splits(rows: &[Prediction]) -> Result<Vec<SplitScores>, ReportProblem> {
    for row in rows {
        for (what, value) in [("actual", row.actual), ("predicted", row.predicted)] {
            if !value.is_finite() {
                let (split, id) = (row.split, row.id.clone());
                return Err(ReportProblem::NotFinite {
                    split,
                    id,
                    what,
                    value,
                });
            }
        }
    }
    let actual_of = |split| -> Vec<f64> {
        rows.iter()
            .filter(|row| row.split == split)
            .map(|row| row.actual)
            .collect()
    };
    let train = actual_of(Split::Train);
    if train.is_empty() {
        return Err(ReportProblem::NoTrainRows);
    }
    let train_mean = mean(&train);
    let mut all = Vec::new();
    for split in Split::ALL {
        let actual = actual_of(split);
        if actual.is_empty() {
            continue;
        }
        let of_split = rows.iter().filter(|row| row.split == split);
        let predicted: Vec<f64> = of_split.map(|row| row.predicted).collect();
        let scores = Scores::of(&actual, &predicted)?;
        let baseline = Scores::of(&actual, &vec![train_mean; actual.len()])?;
        all.push(SplitScores {
            split,
            scores,
            baseline,
        });
    }
    Ok(all)
}

/// The share of rows whose error is at most `limit`.
pub fn within(actual: &[f64], predicted: &[f64], limit: f64) -> f64 {
    let errors = actual.iter().zip(predicted).map(|(a, p)| (p - a).abs());
    let count = errors.filter(|error| *error <= limit).count();
    count as f64 / actual.len().max(1) as f64
}

/// The share of a split's rows within one of the errors asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The split.
    pub split: Split,
    /// The error, in the target's unit.
    pub limit: f64,
    /// The share, from 0 to 1.
    pub share: f64,
}

/// The share of each split within each error, in the order train, val, test.
pub fn shares(rows: &[Prediction], limits: &[f64]) -> Vec<Share> {
    let mut all = Vec::new();
    for split in Split::ALL {
        let own = || rows.iter().filter(move |row| row.split == split);
        let actual: Vec<f64> = own().map(|row| row.actual).collect();
        let predicted: Vec<f64> = own().map(|row| row.predicted).collect();
        if actual.is_empty() {
            continue;
        }
        for limit in limits {
            let share = within(&actual, &predicted, *limit);
            all.push(Share {
                split,
                limit: *limit,
                share,
            });
        }
    }
    all
}

/// The shares of rows whose error is at most one and at most two standard deviations of
/// what the model says; none where it says of some row nothing, or of no row.
pub fn coverage<'r>(rows: impl Iterator<Item = &'r Prediction>) -> Option<[f64; 2]> {
    let (mut count, mut one, mut two) = (0usize, 0usize, 0usize);
    for row in rows {
        let (error, sigma) = ((row.predicted - row.actual).abs(), row.uncertainty?);
        count += 1;
        one += usize::from(error <= sigma);
        two += usize::from(error <= 2.0 * sigma);
    }
    let share = |within: usize| within as f64 / count as f64;
    (count > 0).then(|| [share(one), share(two)])
}

/// How often a model's uncertainty holds on a split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The split.
    pub split: Split,
    /// The share of rows within one standard deviation, from 0 to 1; 0.683 is due.
    pub one_sigma: f64,
    /// The share within two; 0.954 is due.
    pub two_sigma: f64,
}

/// The coverage of each split, in the order train, val, test; none where the model does
/// not say how unsure it is.
pub fn coverages(rows: &[Prediction]) -> Vec<Coverage> {
    let of = |split: Split| {
        let own = rows.iter().filter(move |row| row.split == split);
        let [one_sigma, two_sigma] = coverage(own)?;
        Some(Coverage {
            split,
            one_sigma,
            two_sigma,
        })
    };
    Split::ALL.into_iter().filter_map(of).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The line y = slope·x + offset of least squares, or `None` where x does not vary.
pub(super) fn trend(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let x_mean = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let y_mean = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let (mut both, mut square) = (0.0, 0.0);
    for (x, y) in points {
        both += (x - x_mean) * (y - y_mean);
        square += (x - x_mean) * (x - x_mean);
    }
    let slope = both / square;
    let line = (slope, y_mean - slope * x_mean);
    (slope.is_finite() && line.1.is_finite()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(split: Split, actual: f64, predicted: f64) -> Prediction {
        let (id, formula) = ("mp-1".to_owned(), "MnO2".to_owned());
        Prediction {
            id,
            formula,
            split,
            actual,
            predicted,
            uncertainty: None,
        }
    }

    #[test]
    fn coverage_counts_rows_within_one_and_two_deviations() {
        let sure = |error: f64, sigma: f64| Prediction {
            uncertainty: Some(sigma),
            ..row(Split::Test, 0.0, error)
        };
        let rows = [
            sure(0.1, 0.1),
            sure(-0.15, 0.1),
            sure(0.3, 0.1),
            sure(0.0, 0.0),
        ];
        let all = coverages(&rows);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].one_sigma, all[0].two_sigma), (0.5, 0.75));
        // One row without is enough to say nothing.
        let more = [sure(0.1, 0.1), row(Split::Test, 0.0, 0.1)];
        assert_eq!(coverages(&more), []);
    }

    #[test]
    fn scores_of_four_rows_by_hand() {
        // Errors 0, 1, −1, 2: squares 6, spread 1.5² + 0.5² + 0.5² + 1.5² = 5.
        let s = Scores::of(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 6.0]).unwrap();
        assert_eq!((s.n, s.mae, s.max_error), (4, 1.0, 2.0));
        assert_eq!(s.rmse, 1.5_f64.sqrt());
        assert!((s.r2.unwrap() - (1.0 - 6.0 / 5.0)).abs() < 1e-15);
    }

    #[test]
    fn perfect_and_constant() {
        let s = Scores::of(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
        assert_eq!(
            (s.rmse, s.mae, s.r2, s.max_error),
            (0.0, 0.0, Some(1.0), 0.0)
        );
        // 0.1 thrice has a mean that is not 0.1 in binary.
        assert_eq!(Scores::of(&[0.1; 3], &[0.2; 3]).unwrap().r2, None);
        assert_eq!(Scores::of(&[5.0], &[4.0]).unwrap().r2, None);
    }

    #[test]
    fn bad_lists_are_refused() {
        assert!(matches!(Scores::of(&[], &[]), Err(ReportProblem::NoRows)));
        let lengths = Scores::of(&[1.0], &[1.0, 2.0]);
        assert!(matches!(
            lengths,
            Err(ReportProblem::Lengths {
                actual: 1,
                predicted: 2
            })
        ));
        let large = Scores::of(&[1e200, 0.0], &[0.0, 0.0]);
        assert!(matches!(large, Err(ReportProblem::TooLarge)));
        let nan = Scores::of(&[1.0, 2.0], &[f64::NAN, 2.0]);
        assert!(matches!(nan, Err(ReportProblem::TooLarge)));
    }

    #[test]
    fn the_baseline_is_the_mean_of_train_on_every_split() {
        let rows = [
            row(Split::Test, 5.0, 4.0),
            row(Split::Train, 1.0, 1.5),
            row(Split::Train, 3.0, 3.0),
            row(Split::Test, 2.0, 2.0),
        ];
        let all = score_splits(&rows).unwrap();
        let [train, test] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!((train.split, test.split), (Split::Train, Split::Test));
        assert_eq!(
            train.baseline.r2,
            Some(0.0),
            "the mean explains nothing on train"
        );
        assert_eq!((test.baseline.mae, test.baseline.max_error), (1.5, 3.0));
        assert_eq!((test.scores.n, test.scores.mae), (2, 0.5));
        assert!(test.baseline.r2.unwrap() < 0.0);
    }

    #[test]
    fn rows_that_cannot_be_scored_are_named() {
        let none = score_splits(&[row(Split::Test, 1.0, 1.0)]);
        assert!(matches!(none, Err(ReportProblem::NoTrainRows)));
        let problem = score_splits(&[row(Split::Train, 1.0, f64::NAN)]).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "the predicted value of train row `mp-1` is NaN"
        );
        assert!(problem.help().contains("diverged"));
        let problem = score_splits(&[row(Split::Train, f64::INFINITY, 1.0)]).unwrap_err();
        assert!(
            problem.help().contains("mend or leave out"),
            "{}",
            problem.help()
        );
    }

    #[test]
    fn trends() {
        let (slope, offset) = trend(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        assert!((slope - 2.0).abs() < 1e-12 && (offset - 1.0).abs() < 1e-12);
        assert_eq!(trend(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(trend(&[]), None);
    }
}
