//! Dimensions: what kind of quantity a number is.
//!
//! A dimension is seven rational exponents over Length Å, Time fs, Energy eV, Charge e,
//! Temperature K, Angle ° and Count atom. The unit in each place is the canonical one:
//! values are kept in canonical units.

use std::fmt;

/// How many base dimensions there are.
const BASES: usize = 7;

/// Names of the base dimensions, in the order of the exponents.
const BASE_NAMES: [&str; BASES] = [
    "Length",
    "Time",
    "Energy",
    "Charge",
    "Temperature",
    "Angle",
    "Count",
];

/// Canonical unit of each base dimension.
const BASE_UNITS: [&str; BASES] = ["Å", "fs", "eV", "e", "K", "°", "atom"];

/// A small rational, kept in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exponent {
    numerator: i16,
    denominator: i16,
}

impl Exponent {
    const ZERO: Exponent = Exponent {
        numerator: 0,
        denominator: 1,
    };

    /// `numerator / denominator`; a zero denominator counts as one.
    pub fn new(numerator: i16, denominator: i16) -> Self {
        let denominator = if denominator == 0 { 1 } else { denominator };
        let sign = denominator.signum();
        let (mut a, mut b) = (numerator.unsigned_abs(), denominator.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = (a.max(1)) as i16;
        Exponent {
            numerator: sign * numerator / divisor,
            denominator: sign * denominator / divisor,
        }
    }

    fn plus(self, other: Exponent) -> Exponent {
        Exponent::new(
            self.numerator
                .saturating_mul(other.denominator)
                .saturating_add(other.numerator.saturating_mul(self.denominator)),
            self.denominator.saturating_mul(other.denominator),
        )
    }

    fn times(self, other: Exponent) -> Exponent {
        Exponent::new(
            self.numerator.saturating_mul(other.numerator),
            self.denominator.saturating_mul(other.denominator),
        )
    }
}

/// The dimension of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dimension([Exponent; BASES]);

/// Dimensions that have a name of their own, in order of preference for messages.
const NAMED: [(&str, [i16; BASES]); 14] = [
    ("Length", [1, 0, 0, 0, 0, 0, 0]),
    ("Time", [0, 1, 0, 0, 0, 0, 0]),
    ("Energy", [0, 0, 1, 0, 0, 0, 0]),
    ("Charge", [0, 0, 0, 1, 0, 0, 0]),
    ("Temperature", [0, 0, 0, 0, 1, 0, 0]),
    ("Angle", [0, 0, 0, 0, 0, 1, 0]),
    ("Count", [0, 0, 0, 0, 0, 0, 1]),
    ("Area", [2, 0, 0, 0, 0, 0, 0]),
    ("Volume", [3, 0, 0, 0, 0, 0, 0]),
    ("Force", [-1, 0, 1, 0, 0, 0, 0]),
    ("Pressure", [-3, 0, 1, 0, 0, 0, 0]),
    ("Voltage", [0, 0, 1, -1, 0, 0, 0]),
    ("Mass", [-2, 2, 1, 0, 0, 0, 0]),
    ("Density", [-5, 2, 1, 0, 0, 0, 0]),
];

impl Dimension {
    /// The dimension of plain numbers.
    pub const NONE: Dimension = Dimension([Exponent::ZERO; BASES]);

    fn whole(exponents: [i16; BASES]) -> Dimension {
        Dimension(exponents.map(|exponent| Exponent::new(exponent, 1)))
    }

    /// The dimension a type name stands for; `Real` and `Ratio` are plain.
    pub fn named(name: &str) -> Option<Dimension> {
        if name == "Real" {
            return Some(Dimension::NONE);
        }
        let (_, exponents) = NAMED.iter().find(|(known, _)| *known == name)?;
        Some(Dimension::whole(*exponents))
    }

    /// Names that [`Dimension::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// Whether numbers of it are plain.
    pub fn is_none(self) -> bool {
        self == Dimension::NONE
    }

    /// Exponents add.
    pub fn times(self, other: Dimension) -> Dimension {
        let mut all = self.0;
        for (mine, theirs) in all.iter_mut().zip(other.0) {
            *mine = mine.plus(theirs);
        }
        Dimension(all)
    }

    /// Exponents subtract.
    pub fn over(self, other: Dimension) -> Dimension {
        self.times(other.power(Exponent::new(-1, 1)))
    }

    /// Exponents multiply.
    pub fn power(self, by: Exponent) -> Dimension {
        Dimension(self.0.map(|exponent| exponent.times(by)))
    }

    /// The canonical unit, as `eV/atom`; empty for plain numbers.
    pub fn unit(self) -> String {
        self.spell(&BASE_UNITS)
    }

    /// The exponents as text, unambiguous: what keys hash.
    pub fn canonical(self) -> String {
        self.0
            .map(|e| format!("{}/{}", e.numerator, e.denominator))
            .join(",")
    }

    fn spell(self, words: &[&str; BASES]) -> String {
        let part = |word: &str, exponent: Exponent| match (
            exponent.numerator.abs(),
            exponent.denominator,
        ) {
            (1, 1) => word.to_string(),
            (numerator, 1) => format!("{word}^{numerator}"),
            (numerator, denominator) => format!("{word}^({numerator}/{denominator})"),
        };
        let mut above = Vec::new();
        let mut below = Vec::new();
        for (word, exponent) in words.iter().zip(self.0) {
            match exponent.numerator {
                0 => {}
                1.. => above.push(part(word, exponent)),
                _ => below.push(part(word, exponent)),
            }
        }
        // Energy before Length: eV/Å^3 reads better than the order of the bases.
        let top = above.join("·");
        match (top.is_empty(), below.is_empty()) {
            (_, true) => top,
            (true, false) => format!("1/{}", below.join("/")),
            (false, false) => format!("{top}/{}", below.join("/")),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("Real");
        }
        if let Some((name, _)) = NAMED
            .iter()
            .find(|(_, exponents)| Dimension::whole(*exponents) == *self)
        {
            return f.write_str(name);
        }
        for (above, numerator) in NAMED {
            for (below, denominator) in NAMED {
                let quotient =
                    Dimension::whole(numerator).over(Dimension::whole(denominator));
                if quotient == *self {
                    return write!(f, "{above}/{below}");
                }
            }
        }
        f.write_str(&self.spell(&BASE_NAMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimension(name: &str) -> Dimension {
        Dimension::named(name).unwrap()
    }

    #[test]
    fn dimensions_form_a_group() {
        for (a, _) in NAMED {
            for (b, _) in NAMED {
                let (a, b) = (dimension(a), dimension(b));
                assert_eq!(a.times(b), b.times(a));
                assert_eq!(a.times(b).over(b), a);
                assert_eq!(a.over(a), Dimension::NONE);
            }
        }
    }

    #[test]
    fn messages_prefer_names_then_quotients() {
        assert_eq!(
            dimension("Energy").over(dimension("Count")).to_string(),
            "Energy/Count"
        );
        assert_eq!(
            dimension("Energy").over(dimension("Length")).to_string(),
            "Force"
        );
        assert_eq!(
            dimension("Volume").power(Exponent::new(1, 3)).to_string(),
            "Length"
        );
        assert_eq!(
            dimension("Energy").over(dimension("Count")).unit(),
            "eV/atom"
        );
        assert_eq!(dimension("Pressure").unit(), "eV/Å^3");
        assert_eq!(Dimension::NONE.to_string(), "Real");
    }
}
