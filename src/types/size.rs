//! Sizes of tensor axes: polynomials with integer coefficients.
//!
//! The letters of a polynomial are parameters (`width`), size variables of a signature
//! (`d`) and terms kept whole (`div(p, q)`, `mod(p, q)`). Two sizes are equal when their
//! normal forms are. They differ for certain when their difference is a non-zero
//! polynomial without whole terms; otherwise it is decided where numbers are known.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Terms that two sums are multiplied out to.
const LONGEST_PRODUCT: usize = 1024;

/// What a polynomial is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// A parameter or size variable.
    Letter(Arc<str>),
    /// `div(p, q)`: rounds down.
    Div(Box<Size>, Box<Size>),
    /// `mod(p, q)`.
    Mod(Box<Size>, Box<Size>),
    /// A product of two sums so long that it is not multiplied out.
    Times(Box<Size>, Box<Size>),
    /// Something whose size only a run, or a list not yet known, decides.
    Unknown(u32),
}

impl Atom {
    fn is_whole(&self) -> bool {
        !matches!(self, Atom::Letter(_))
    }
}

/// A size, or any whole number known before a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Size {
    /// Product of atoms (sorted) → coefficient (never 0).
    terms: BTreeMap<Vec<Atom>, i64>,
}

/// Whether two sizes are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are.
    Same,
    /// They differ for some setting.
    Different,
    /// It depends on what is not known here.
    Open,
}

impl Size {
    /// A number.
    pub fn number(value: i64) -> Size {
        let mut size = Size::default();
        size.add(Vec::new(), value);
        size
    }

    /// A parameter or size variable.
    pub fn letter(name: &str) -> Size {
        Size::atom(Atom::Letter(name.into()))
    }

    /// Something unknown, told apart by a number.
    pub fn unknown(id: u32) -> Size {
        Size::atom(Atom::Unknown(id))
    }

    fn atom(atom: Atom) -> Size {
        let mut size = Size::default();
        size.add(vec![atom], 1);
        size
    }

    fn add(&mut self, product: Vec<Atom>, coefficient: i64) {
        if coefficient == 0 {
            return;
        }
        let entry = self.terms.entry(product.clone()).or_insert(0);
        *entry = entry.saturating_add(coefficient);
        if *entry == 0 {
            self.terms.remove(&product);
        }
    }

    /// The number it is, if it is one.
    pub fn as_number(&self) -> Option<i64> {
        match self.terms.len() {
            0 => Some(0),
            1 => self.terms.get(&Vec::new()).copied(),
            _ => None,
        }
    }

    /// `self + other`.
    pub fn plus(&self, other: &Size) -> Size {
        let mut sum = self.clone();
        for (product, coefficient) in &other.terms {
            sum.add(product.clone(), *coefficient);
        }
        sum
    }

    /// `self - other`.
    pub fn minus(&self, other: &Size) -> Size {
        self.plus(&other.times(&Size::number(-1)))
    }

    /// `self * other`.
    pub fn times(&self, other: &Size) -> Size {
        let longest = self.terms.len().max(other.terms.len());
        let kept_whole = longest > 1 && (self.has_product() || other.has_product());
        if kept_whole
            || self.terms.len().saturating_mul(other.terms.len()) > LONGEST_PRODUCT
        {
            let (a, b) = if self <= other {
                (self, other)
            } else {
                (other, self)
            };
            return Size::atom(Atom::Times(a.clone().into(), b.clone().into()));
        }
        let mut result = Size::default();
        for (mine, a) in &self.terms {
            for (theirs, b) in &other.terms {
                let mut product = mine.clone();
                product.extend(theirs.iter().cloned());
                product.sort();
                result.add(product, a.saturating_mul(*b));
            }
        }
        result
    }

    /// Whether it holds a product that was not multiplied out; nothing more is, then.
    fn has_product(&self) -> bool {
        let mut atoms = self.terms.keys().flatten();
        atoms.any(|atom| matches!(atom, Atom::Times(..)))
    }

    /// `div(self, by)`, rounding down; none when `by` is zero.
    pub fn div(&self, by: &Size) -> Option<Size> {
        match (self.as_number(), by.as_number()) {
            (_, Some(0)) => None,
            (_, Some(1)) => Some(self.clone()),
            (Some(a), Some(b)) => Some(Size::number(a.div_euclid(b))),
            (None, Some(b)) if b > 0 => Some(self.div_number(b)),
            _ => Some(Size::atom(Atom::Div(
                self.clone().into(),
                by.clone().into(),
            ))),
        }
    }

    /// Whole multiples of a known divisor come out: `div(w - 2, 2)` is `div(w, 2) - 1`.
    fn div_number(&self, by: i64) -> Size {
        let mut whole = Size::default();
        let mut rest = Size::default();
        for (product, coefficient) in &self.terms {
            whole.add(product.clone(), coefficient.div_euclid(by));
            rest.add(product.clone(), coefficient.rem_euclid(by));
        }
        match rest.as_number() {
            Some(rest) => whole.plus(&Size::number(rest.div_euclid(by))),
            None => {
                whole.plus(&Size::atom(Atom::Div(rest.into(), Size::number(by).into())))
            }
        }
    }

    /// `mod(self, by)`, never negative; none when `by` is zero.
    pub fn modulo(&self, by: &Size) -> Option<Size> {
        match (self.as_number(), by.as_number()) {
            (_, Some(0)) => None,
            (Some(a), Some(b)) => Some(Size::number(a.rem_euclid(b))),
            _ => Some(Size::atom(Atom::Mod(
                self.clone().into(),
                by.clone().into(),
            ))),
        }
    }

    /// Whether the two are equal.
    pub fn compare(&self, other: &Size) -> Verdict {
        let difference = self.minus(other);
        if difference.terms.is_empty() {
            return Verdict::Same;
        }
        let whole = difference.terms.keys().flatten().any(Atom::is_whole);
        if whole {
            Verdict::Open
        } else {
            Verdict::Different
        }
    }

    /// Put numbers or other sizes for letters; letters `of` does not know stay.
    pub fn replace(&self, of: &dyn Fn(&str) -> Option<Size>) -> Size {
        let mut result = Size::default();
        for (product, coefficient) in &self.terms {
            let mut term = Size::number(*coefficient);
            for atom in product {
                let keep = || Size::atom(atom.clone());
                let factor = match atom {
                    Atom::Letter(name) => of(name).unwrap_or_else(keep),
                    Atom::Div(p, q) => {
                        p.replace(of).div(&q.replace(of)).unwrap_or_else(keep)
                    }
                    Atom::Mod(p, q) => {
                        p.replace(of).modulo(&q.replace(of)).unwrap_or_else(keep)
                    }
                    Atom::Times(p, q) => p.replace(of).times(&q.replace(of)),
                    Atom::Unknown(_) => keep(),
                };
                term = term.times(&factor);
            }
            result = result.plus(&term);
        }
        result
    }

    /// The letters it depends on.
    pub fn letters(&self) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        for atom in self.terms.keys().flatten() {
            match atom {
                Atom::Letter(name) => found.push(name.clone()),
                Atom::Div(p, q) | Atom::Mod(p, q) | Atom::Times(p, q) => {
                    found.extend(p.letters());
                    found.extend(q.letters());
                }
                Atom::Unknown(_) => {}
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Letter(name) => f.write_str(name),
            Atom::Div(p, q) => write!(f, "div({p}, {q})"),
            Atom::Mod(p, q) => write!(f, "mod({p}, {q})"),
            Atom::Times(p, q) => write!(f, "({p}) * ({q})"),
            Atom::Unknown(_) => f.write_str("?"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        // Letters first, the plain number last: `2 * width + 1`.
        let (plain, lettered): (Vec<_>, Vec<_>) = self
            .terms
            .iter()
            .partition(|(product, _)| product.is_empty());
        for (place, (product, coefficient)) in lettered.iter().chain(&plain).enumerate() {
            let sign = match (place, **coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            f.write_str(sign)?;
            let mut factors: Vec<String> = product.iter().map(Atom::to_string).collect();
            if coefficient.unsigned_abs() != 1 || factors.is_empty() {
                factors.insert(0, coefficient.unsigned_abs().to_string());
            }
            f.write_str(&factors.join(" * "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_forms_decide_equality() {
        let w = Size::letter("w");
        let h = Size::letter("h");
        let sum = w.plus(&h).times(&Size::number(2));
        let other = h.times(&Size::number(2)).plus(&w).plus(&w);
        assert_eq!(sum.compare(&other), Verdict::Same);
        assert_eq!(w.compare(&h), Verdict::Different);
        let half = w.div(&Size::number(2)).unwrap();
        assert_eq!(half.times(&Size::number(2)).compare(&w), Verdict::Open);
        assert_eq!(half.compare(&half), Verdict::Same);
    }

    #[test]
    fn numbers_for_letters_decide_the_rest() {
        let length = Size::letter("length");
        let out = length
            .plus(&Size::number(4))
            .minus(&Size::number(5))
            .div(&Size::number(1))
            .and_then(|s| s.plus(&Size::number(1)).div(&Size::number(2)))
            .unwrap();
        let at = |n: i64| out.replace(&|_| Some(Size::number(n))).as_number();
        assert_eq!(at(132), Some(66));
        assert_eq!(at(127), Some(63));
        assert_eq!(Size::number(3).div(&Size::number(0)), None);
    }

    #[test]
    fn whole_multiples_come_out_of_a_division() {
        let w = Size::letter("w");
        let two = Size::number(2);
        let pooled = w.minus(&two).div(&two).unwrap().plus(&Size::number(1));
        assert_eq!(pooled.compare(&w.div(&two).unwrap()), Verdict::Same);
        assert_eq!(pooled.to_string(), "div(w, 2)");
        assert_eq!(w.times(&two).div(&two), Some(w));
    }

    #[test]
    fn sizes_read_as_written() {
        let w = Size::letter("w");
        assert_eq!(
            w.times(&Size::number(2)).plus(&Size::number(1)).to_string(),
            "2 * w + 1"
        );
        assert_eq!(w.minus(&Size::letter("h")).to_string(), "-h + w");
        assert_eq!(Size::number(0).to_string(), "0");
        assert_eq!(w.div(&Size::number(2)).unwrap().to_string(), "div(w, 2)");
    }
}
