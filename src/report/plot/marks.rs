//! What figures share about their rows: categories in order, series, ranges, and the line
//! that says what is not drawn.

use indexmap::IndexSet;

use super::super::figure::minus;
use super::super::numbers;
use super::{Mark, Point, drawable, drawn};

/// The categories of an axis: in the order of the rows, or by size where all are numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Categories {
    keys: IndexSet<Key>,
    /// Whether all are numbers.
    pub numbers: bool,
}

/// A mark as a key; numbers by their bits, in the order of the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Number(u64),
    Name(String),
}

fn key(mark: &Mark) -> Option<Key> {
    match mark {
        // Zero has two signs.
        Mark::Number(x) if drawable(*x) => Some(Key::Number((x + 0.0).to_bits())),
        Mark::Name(name) => Some(Key::Name(name.clone())),
        Mark::Number(_) | Mark::Missing => None,
    }
}

impl Categories {
    /// The categories of marks.
    pub(super) fn of<'a>(marks: impl Iterator<Item = &'a Mark>) -> Categories {
        let mut keys: IndexSet<Key> = marks.filter_map(key).collect();
        let numbers = keys.iter().all(|key| matches!(key, Key::Number(_)));
        if numbers {
            keys.sort_by(|a, b| match (a, b) {
                (Key::Number(a), Key::Number(b)) => {
                    f64::from_bits(*a).total_cmp(&f64::from_bits(*b))
                }
                _ => std::cmp::Ordering::Equal,
            });
        }
        Categories { keys, numbers }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The number of a mark's category.
    pub(super) fn number(&self, mark: &Mark) -> Option<usize> {
        self.keys.get_index_of(&key(mark)?)
    }

    /// What stands at the axis.
    pub(super) fn labels(&self) -> Vec<String> {
        let label = |key: &Key| match key {
            Key::Number(bits) => exact(f64::from_bits(*bits)),
            Key::Name(name) => name.clone(),
        };
        self.keys.iter().map(label).collect()
    }
}

/// What stands at an axis or bar for one mark.
pub(super) fn label(mark: &Mark) -> String {
    match mark {
        Mark::Number(x) => exact(*x),
        Mark::Name(name) => name.clone(),
        Mark::Missing => String::new(),
    }
}

/// A number that names a category: as it was written, unless that is very long.
fn exact(x: f64) -> String {
    let text = format!("{x}");
    if x.fract() != 0.0 && text.len() <= 12 {
        return minus(&text);
    }
    number(x)
}

/// A number as it was written, or with four digits where that is long.
pub fn number(x: f64) -> String {
    let whole = x.fract() == 0.0 && x.abs() < 1e15;
    if whole && x.abs() >= 1e4 {
        let sign = if x < 0.0 { "−" } else { "" };
        return format!("{sign}{}", numbers::count(x.abs() as u64));
    }
    let text = format!("{x}");
    if text.len() <= 7 {
        return minus(&text);
    }
    minus(&numbers::significant(x))
}

/// Numbers that stand side by side, with as many digits after the point as the largest
/// needs for four in all, less what is zero in each; each by itself where they are whole,
/// or where a small one would vanish.
pub(in crate::report) fn alike(values: &[f64]) -> Vec<String> {
    const DIGITS: i32 = 4;
    let each = || values.iter().map(|x| number(*x)).collect();
    let most = values.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let least = values.iter().map(|x| x.abs()).filter(|x| *x > 0.0);
    let least = least.fold(f64::INFINITY, f64::min);
    if !(1e-3..1e5).contains(&most) || values.iter().all(|x| x.fract() == 0.0) {
        return each();
    }
    let before = libm::floor(libm::log10(most)) as i32 + 1;
    let digits = (DIGITS - before).clamp(0, 6);
    if least < 20.0 * libm::pow(10.0, f64::from(-digits)) {
        return each();
    }
    let mut digits = digits.unsigned_abs() as usize;
    let set = |digits: usize| -> Vec<String> {
        values.iter().map(|x| format!("{x:.digits$}")).collect()
    };
    while digits > 0 && set(digits).iter().all(|text| text.ends_with('0')) {
        digits -= 1;
    }
    set(digits).iter().map(|text| minus(text)).collect()
}

/// The names of the series, in the order of the rows.
pub(super) fn series(points: &[Point]) -> IndexSet<&str> {
    points.iter().map(|one| one.series.as_str()).collect()
}

/// The least and the largest of values that can be drawn.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, x| match range {
        None => Some((x, x)),
        Some((low, high)) => Some((low.min(x), high.max(x))),
    })
}

/// What is said of the rows that are not drawn, if there are any.
pub(super) fn omitted(points: &[Point]) -> Option<String> {
    let fit = points
        .iter()
        .map(|one| one.x.drawable() && drawn(one.y).is_some());
    omission(fit, "row")
}

/// What is said of the `false` among `fit`: their numbers, counted from 1.
pub(super) fn omission(fit: impl Iterator<Item = bool>, what: &str) -> Option<String> {
    const NAMED: usize = 8;
    let mut all = 0_u64;
    let mut left: Vec<u64> = Vec::new();
    for fit in fit {
        all += 1;
        if !fit {
            left.push(all);
        }
    }
    if left.is_empty() {
        return None;
    }
    let named: Vec<String> = left.iter().take(NAMED).map(u64::to_string).collect();
    let more = match left.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", numbers::count(more as u64)),
    };
    let s = if left.len() == 1 { "" } else { "s" };
    Some(format!(
        "{} of {} {what}s not drawn, without a finite value: {what}{s} {}{more}",
        numbers::count(left.len() as u64),
        numbers::count(all),
        named.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_and_names_are_not() {
        let marks = [3.0, -1.0, 0.0, -0.0, f64::NAN, 3.0].map(Mark::Number);
        let all = Categories::of(marks.iter());
        assert_eq!(all.labels(), ["−1", "0", "3"]);
        assert_eq!(all.number(&Mark::Number(-0.0)), Some(1));
        assert_eq!(all.number(&Mark::Number(f64::NAN)), None);
        let names = ["b", "a", "b"].map(|name| Mark::Name(name.to_owned()));
        let all = Categories::of(names.iter().chain(&[Mark::Missing]));
        assert_eq!(all.labels(), ["b", "a"]);
        assert!(!all.numbers);
    }

    #[test]
    fn what_is_left_out_is_told() {
        assert_eq!(omission([true, true].into_iter(), "row"), None);
        let said = omission([true, false].into_iter(), "row").unwrap();
        assert_eq!(said, "1 of 2 rows not drawn, without a finite value: row 2");
        let said = omission([false; 12].into_iter(), "cell").unwrap();
        assert!(
            said.ends_with("cells 1, 2, 3, 4, 5, 6, 7, 8 and 4 more"),
            "{said}"
        );
    }

    #[test]
    fn numbers_side_by_side_have_digits_alike() {
        assert_eq!(alike(&[4.0, 4.73, -1.95]), ["4.00", "4.73", "−1.95"]);
        assert_eq!(
            alike(&[0.112, 0.106, 0.1, 0.098]),
            ["0.112", "0.106", "0.100", "0.098"]
        );
        assert_eq!(alike(&[0.1 + 0.2, 1.0]), ["0.3", "1.0"]);
        assert_eq!(alike(&[728.0, 3.0]), ["728", "3"]);
        assert_eq!(alike(&[560.25, 112.5]), ["560.2", "112.5"]);
        assert_eq!(alike(&[500.0, 0.25]), ["500", "0.25"]);
        assert_eq!(alike(&[1e-9]), ["1.000e−9"]);
        assert!(alike(&[]).is_empty());
    }

    #[test]
    fn labels_of_numbers() {
        let cases = [
            (5.0, "5"),
            (-0.25, "−0.25"),
            (0.1 + 0.2, "0.3000"),
            (12345.0, "12\u{202f}345"),
            (1e300, "1.000e300"),
        ];
        for (x, text) in cases {
            assert_eq!(number(x), text);
        }
    }
}
