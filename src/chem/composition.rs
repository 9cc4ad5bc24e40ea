//! Compositions: a structure, a formula or pairs come in; the amount of each element,
//! in one canonical order (ascending atomic number), goes out.

use std::fmt;
use std::str::FromStr;

use super::element::{Element, MAX_Z};
use super::formula;

/// Largest amount of one element: beyond it whole numbers are no longer exact sums.
pub const MAX_AMOUNT: f64 = 1e9;
/// Two neighbours in a formula whose electronegativities differ by less than this
/// are written as one group, `(NO3)2`.
const GROUP_DIFFERENCE: f64 = 1.65;

/// How much of each element there is; ascending atomic number, every amount above
/// zero, never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Composition {
    amounts: Vec<(Element, f64)>,
}

/// Why something is no composition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompositionError {
    /// No element.
    #[error("there is no element in it")]
    Empty,
    /// An amount that is not above zero and at most [`MAX_AMOUNT`].
    #[error("the amount of {element} is `{amount}`, not a number above 0 and up to 1e9")]
    Amount {
        /// Of which element.
        element: Element,
        /// As written or computed.
        amount: String,
    },
    /// A formula that cannot be read.
    #[error("`{formula}` is no formula: {problem} at character {character}")]
    Formula {
        /// The formula (cut if long).
        formula: String,
        /// What is wrong.
        problem: String,
        /// Where, counted in characters from 1.
        character: usize,
    },
}

impl Composition {
    /// Sum the amounts given per element.
    ///
    /// # Errors
    /// No element, or an amount not above zero.
    pub fn new(
        pairs: impl IntoIterator<Item = (Element, f64)>,
    ) -> Result<Composition, CompositionError> {
        let mut sums = [0.0; MAX_Z as usize];
        let mut seen = [false; MAX_Z as usize];
        for (element, amount) in pairs {
            if !(amount > 0.0 && amount <= MAX_AMOUNT) {
                let amount = amount.to_string();
                return Err(CompositionError::Amount { element, amount });
            }
            let slot = usize::from(element.z()) - 1;
            if let (Some(sum), Some(seen)) = (sums.get_mut(slot), seen.get_mut(slot)) {
                *sum += amount;
                *seen = true;
            }
        }
        let amounts: Vec<_> = Element::all()
            .zip(sums)
            .zip(seen)
            .filter_map(|(pair, seen)| seen.then_some(pair))
            .collect();
        if amounts.is_empty() {
            return Err(CompositionError::Empty);
        }
        if let Some((element, sum)) = amounts.iter().find(|(_, sum)| *sum > MAX_AMOUNT) {
            let amount = sum.to_string();
            return Err(CompositionError::Amount {
                element: *element,
                amount,
            });
        }
        Ok(Composition { amounts })
    }

    /// Count the sites of each element; `species` is that of a structure, so it is
    /// not empty and not too long.
    pub(super) fn count(species: &[Element]) -> Composition {
        let mut counts = [0_u32; MAX_Z as usize];
        for element in species {
            if let Some(count) = counts.get_mut(usize::from(element.z()) - 1) {
                *count += 1;
            }
        }
        let amounts = Element::all()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(element, count)| (element, f64::from(count)))
            .collect();
        Composition { amounts }
    }

    /// Read a formula: `Ba2NdNb(CuO4)2`, `Li0.5CoO2`, `K[Fe(CN)3]2`.
    ///
    /// # Errors
    /// An unknown element, an unmatched bracket, an amount not above zero; with the
    /// character where it stands.
    pub fn parse(text: &str) -> Result<Composition, CompositionError> {
        Composition::new(formula::read(text)?)
    }

    /// Pairs of element and amount, by ascending atomic number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Element, f64)> + '_ {
        self.amounts.iter().copied()
    }

    /// The elements, by ascending atomic number.
    pub fn elements(&self) -> Vec<Element> {
        self.iter().map(|(element, _)| element).collect()
    }

    /// Number of different elements, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "a composition is never empty")]
    pub fn len(&self) -> usize {
        self.amounts.len()
    }

    /// Sum of all amounts.
    pub fn total(&self) -> f64 {
        self.iter().map(|(_, amount)| amount).sum()
    }

    /// Amount of one element, 0 where it is absent.
    pub fn amount(&self, element: Element) -> f64 {
        let found = self.amounts.binary_search_by_key(&element, |(e, _)| *e);
        found
            .ok()
            .and_then(|at| self.amounts.get(at))
            .map_or(0.0, |(_, amount)| *amount)
    }

    /// Whether the element occurs.
    pub fn contains(&self, element: Element) -> bool {
        self.amount(element) > 0.0
    }

    /// The same composition with a total of one.
    pub fn fractions(&self) -> Composition {
        let total = self.total();
        self.map(|amount| amount / total)
    }

    /// Amounts divided by their greatest common divisor if all are whole numbers;
    /// else as they are.
    pub fn reduced(&self) -> Composition {
        let divisor = self.common_divisor();
        self.map(|amount| amount / divisor)
    }

    /// Whether both hold the same elements, in fractions that differ by at most
    /// `tolerance`.
    pub fn same_ratio(&self, other: &Composition, tolerance: f64) -> bool {
        let (mine, theirs) = (self.total(), other.total());
        self.len() == other.len()
            && self.iter().zip(other.iter()).all(|((e, x), (f, y))| {
                e == f && (x / mine - y / theirs).abs() <= tolerance
            })
    }

    /// Whether every amount is a whole number.
    pub fn is_whole(&self) -> bool {
        self.iter().all(|(_, amount)| amount.fract() == 0.0)
    }

    /// The formula of the reduced composition as materials databases write it: from
    /// the least to the most electronegative element, the last two bracketed where
    /// they make a repeated group (`Ba2NdNb(CuO4)2`).
    pub fn reduced_formula(&self) -> String {
        let mut pairs: Vec<_> = self.reduced().amounts;
        pairs.sort_by(|(e, _), (f, _)| {
            let key = |x: &Element| x.electronegativity().unwrap_or(f64::INFINITY);
            key(e)
                .total_cmp(&key(f))
                .then_with(|| e.symbol().cmp(f.symbol()))
        });
        let group = match pairs.as_slice() {
            [.., _, cation, anion] => repeated_group(*cation, *anion),
            _ => None,
        };
        if group.is_some() {
            pairs.truncate(pairs.len() - 2);
        }
        let head: String = pairs.into_iter().map(write_pair).collect();
        head + &group.unwrap_or_default()
    }

    /// The elements' symbols in alphabetical order, joined by `-`: `Cu-O-V`.
    pub fn chemical_system(&self) -> String {
        let mut symbols: Vec<_> = self.iter().map(|(e, _)| e.symbol()).collect();
        symbols.sort_unstable();
        symbols.join("-")
    }

    fn map(&self, change: impl Fn(f64) -> f64) -> Composition {
        let amounts = self
            .iter()
            .map(|(element, x)| (element, change(x)))
            .collect();
        Composition { amounts }
    }

    fn common_divisor(&self) -> f64 {
        if !self.is_whole() {
            return 1.0;
        }
        self.iter()
            .fold(0.0, |divisor, (_, amount)| gcd(divisor, amount))
    }
}

/// `(CuO4)2` for Cu 2 and O 8; `None` where the two make no repeated group.
fn repeated_group(cation: (Element, f64), anion: (Element, f64)) -> Option<String> {
    let difference = anion.0.electronegativity()? - cation.0.electronegativity()?;
    if difference >= GROUP_DIFFERENCE || cation.1.fract() != 0.0 || anion.1.fract() != 0.0
    {
        return None;
    }
    let times = gcd(cation.1, anion.1);
    if times == 1.0 {
        return None;
    }
    let inside = [cation, anion]
        .map(|(e, x)| write_pair((e, x / times)))
        .concat();
    Some(format!("({inside}){times}"))
}

/// `Fe2`, `O`, `Li0.5`: the amount with at most six decimals, a 1 left out.
fn write_pair((element, amount): (Element, f64)) -> String {
    let rounded = (amount * 1e6).round() / 1e6;
    if rounded == 1.0 {
        return element.symbol().to_owned();
    }
    format!("{element}{rounded}")
}

/// Greatest common divisor of two whole numbers held as f64 (exact below 2^53).
fn gcd(mut x: f64, mut y: f64) -> f64 {
    while y != 0.0 {
        (x, y) = (y, x % y);
    }
    x
}

impl FromStr for Composition {
    type Err = CompositionError;

    fn from_str(text: &str) -> Result<Composition, CompositionError> {
        Composition::parse(text)
    }
}

impl fmt::Display for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.reduced_formula())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Composition {
        text.parse().unwrap()
    }

    fn element(symbol: &str) -> Element {
        symbol.parse().unwrap()
    }

    #[test]
    fn elements_stand_in_order_of_atomic_number() {
        let garnet = read("Ca3Fe2(SiO4)3");
        let symbols: Vec<_> = garnet.elements().iter().map(|e| e.symbol()).collect();
        assert_eq!(symbols, ["O", "Si", "Ca", "Fe"]);
        assert_eq!(garnet.amount(Element::O), 12.0);
        assert_eq!(garnet.amount(element("Li")), 0.0);
        assert!(garnet.contains(element("Ca")) && !garnet.contains(element("Li")));
        assert_eq!((garnet.len(), garnet.total()), (4, 20.0));
        assert_eq!(garnet.chemical_system(), "Ca-Fe-O-Si");
    }

    #[test]
    fn fractions_sum_to_one_and_do_not_depend_on_the_formula_unit() {
        let once = read("Fe2O3").fractions();
        assert!((once.total() - 1.0).abs() < 1e-15);
        assert_eq!(once, read("Fe8O12").fractions());
    }

    #[test]
    fn a_reduced_formula_is_the_databases() {
        for formula in [
            "Ba2NdNb(CuO4)2",
            "CdH6C2I2(NO)2",
            "Zn2SiO5",
            "KAu(Br2O)2",
            "O",
            "Li0.5CoO2",
        ] {
            assert_eq!(read(formula).reduced_formula(), formula);
        }
        assert_eq!(read("O6Fe4").reduced_formula(), "Fe2O3");
        assert_eq!(read("Fe4O6").reduced(), read("Fe2O3"));
        assert_eq!(read("Li0.5CoO2").reduced(), read("Li0.5CoO2"));
        assert_eq!(read("Fe4O6").to_string(), "Fe2O3");
    }

    #[test]
    fn ratios_are_compared_not_amounts() {
        assert!(read("Fe2O3").same_ratio(&read("Fe4O6"), 1e-9));
        assert!(!read("Fe2O3").same_ratio(&read("FeO"), 1e-9));
        assert!(!read("Fe2O3").same_ratio(&read("V2O3"), 1e-9));
        assert!(!read("Fe2O3").same_ratio(&read("Fe2"), 1.0));
        assert!(read("Li0.33CoO2").same_ratio(&read("LiCo3O6"), 2e-3));
    }

    #[test]
    fn amounts_must_be_above_zero_and_finite() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e9] {
            let made = Composition::new([(Element::O, bad)]);
            assert!(
                matches!(made, Err(CompositionError::Amount { .. })),
                "{bad}"
            );
        }
        let twice = Composition::new([(Element::O, 6e8), (Element::O, 6e8)]);
        assert!(matches!(twice, Err(CompositionError::Amount { .. })));
        assert_eq!(Composition::new([]), Err(CompositionError::Empty));
    }
}
