//! Units: how numbers of a dimension are written.
//!
//! A unit is a product of atoms with exponents, `eV/Å^3`. Values are kept in canonical
//! units; a factor is a decimal with an exponent of ten, so that `500 meV` and
//! `0.5 eV` are the same number to the last bit.

use super::dimension::{Dimension, Exponent};

/// A unit as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// What it measures.
    pub dimension: Dimension,
    /// Canonical value of one such unit is `factor · 10^ten`.
    pub factor: f64,
    /// See `factor`; it is 1 wherever the whole factor is a power of ten.
    pub ten: i32,
}

/// Why a text is no unit.
#[derive(Clone, Debug, PartialEq)]
pub enum NotAUnit {
    /// An atom nobody knows; the nearest known one.
    Unknown(String, Option<&'static str>),
    /// Degrees Celsius or Fahrenheit: an offset, not a unit.
    Offset(&'static str),
}

/// Symbol, dimension, factor, power of ten.
/// Mass: 1 u = 103.642 696 56 eV·fs²/Å² (CODATA 2018, u·Å²/fs² in eV).
/// Pressure: 1 GPa = 6.241 509 074 460 763e-3 eV/Å³ (e = 1.602 176 634e-19 C, exact).
/// 1 g is 1/1.660 539 068 92 · 10^24 u (CODATA 2022).
const UNITS: [(&str, &str, f64, i32); 28] = [
    ("Å", "Length", 1.0, 0),
    ("nm", "Length", 1.0, 1),
    ("pm", "Length", 1.0, -2),
    ("bohr", "Length", 0.529_177_210_903, 0),
    ("fs", "Time", 1.0, 0),
    ("ps", "Time", 1.0, 3),
    ("eV", "Energy", 1.0, 0),
    ("meV", "Energy", 1.0, -3),
    ("keV", "Energy", 1.0, 3),
    ("Ry", "Energy", 13.605_693_122_994, 0),
    ("hartree", "Energy", 27.211_386_245_988, 0),
    ("e", "Charge", 1.0, 0),
    ("K", "Temperature", 1.0, 0),
    ("°", "Angle", 1.0, 0),
    ("deg", "Angle", 1.0, 0),
    ("rad", "Angle", 57.295_779_513_082_32, 0),
    ("atom", "Count", 1.0, 0),
    ("V", "Voltage", 1.0, 0),
    ("mV", "Voltage", 1.0, -3),
    ("GPa", "Pressure", 6.241_509_074_460_763, -3),
    ("MPa", "Pressure", 6.241_509_074_460_763, -6),
    ("kbar", "Pressure", 6.241_509_074_460_763, -4),
    ("u", "Mass", 103.642_696_56, 0),
    ("ns", "Time", 1.0, 6),
    ("um", "Length", 1.0, 4),
    ("cm", "Length", 1.0, 8),
    ("g", "Mass", 103.642_696_56 / 1.660_539_068_92, 24),
    ("kg", "Mass", 103.642_696_56 / 1.660_539_068_92, 27),
];

impl Unit {
    /// Read `eV/atom`, `e/Å^3`, `eV·fs`.
    pub fn parse(text: &str) -> Result<Unit, NotAUnit> {
        let mut unit = Unit {
            dimension: Dimension::NONE,
            factor: 1.0,
            ten: 0,
        };
        let mut sign = 1;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(['/', '·']).unwrap_or(rest.len());
            let (atom, after) = rest.split_at(end);
            unit.multiply(atom, sign)?;
            sign = if after.starts_with('/') { -1 } else { sign };
            rest = after.strip_prefix(['/', '·']).unwrap_or(after);
        }
        Ok(unit)
    }

    fn multiply(&mut self, atom: &str, sign: i32) -> Result<(), NotAUnit> {
        let (symbol, power) = atom.split_once('^').unwrap_or((atom, "1"));
        let power: i32 = sign * power.parse::<i32>().unwrap_or(1);
        if matches!(symbol, "C" | "°C" | "degC") {
            return Err(NotAUnit::Offset("°C"));
        }
        if matches!(symbol, "F" | "°F" | "degF") {
            return Err(NotAUnit::Offset("°F"));
        }
        let known = UNITS.iter().find(|(name, ..)| *name == symbol);
        let Some((_, dimension, factor, ten)) = known else {
            let near = crate::diagnostic::nearest(symbol, Unit::symbols());
            return Err(NotAUnit::Unknown(symbol.to_string(), near));
        };
        let dimension = Dimension::named(dimension).unwrap_or(Dimension::NONE);
        let exponent = Exponent::new(power.clamp(-99, 99) as i16, 1);
        self.dimension = self.dimension.times(dimension.power(exponent));
        self.factor *= libm::pow(*factor, f64::from(power));
        self.ten += ten * power;
        Ok(())
    }

    /// Every symbol, for completion and did-you-mean.
    pub fn symbols() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|(name, ..)| *name)
    }

    /// The canonical value of `digits` of this unit, rounded once where the factor is a
    /// power of ten.
    pub fn value_of(&self, digits: &str) -> Option<f64> {
        scaled(digits, self.ten).map(|value| value * self.factor)
    }

    /// The canonical value of so many of these units.
    pub fn canonical(&self, count: f64) -> f64 {
        let value = count * self.factor;
        if self.ten >= 0 {
            value * libm::pow(10.0, f64::from(self.ten))
        } else {
            value / libm::pow(10.0, f64::from(-self.ten))
        }
    }

    /// The number of these units in a canonical value.
    pub fn count_in(&self, value: f64) -> f64 {
        let value = value / self.factor;
        // Dividing by 10^3 and not multiplying by 10^-3 keeps what is exact exact.
        if self.ten >= 0 {
            value / libm::pow(10.0, f64::from(self.ten))
        } else {
            value * libm::pow(10.0, f64::from(-self.ten))
        }
    }
}

/// `digits · 10^ten`, rounded once.
pub fn scaled(digits: &str, ten: i32) -> Option<f64> {
    let lower = digits.to_ascii_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let value: f64 = format!("{mantissa}e{}", exponent.checked_add(ten)?)
        .parse()
        .ok()?;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(digits: &str, unit: &str) -> f64 {
        Unit::parse(unit).unwrap().value_of(digits).unwrap()
    }

    #[test]
    fn a_literal_is_rounded_once() {
        assert_eq!(value("500", "meV"), 0.5);
        assert_eq!(value("0.3", "meV/atom"), 0.0003);
        assert_eq!(value("5.1", "nm"), 51.0);
        assert_eq!(scaled("20", -2), Some(0.2));
        assert_eq!(scaled("1e-3", 0), Some(0.001));
    }

    #[test]
    fn compound_units_have_the_dimension_they_say() {
        let force = Unit::parse("eV/Å").unwrap();
        assert_eq!(force.dimension, Dimension::named("Force").unwrap());
        let density = Unit::parse("e/Å^3").unwrap();
        assert_eq!(density.dimension.to_string(), "Charge/Volume");
        assert_eq!(
            Unit::parse("V").unwrap().dimension,
            Unit::parse("eV/e").unwrap().dimension
        );
    }

    #[test]
    fn what_is_no_unit_says_so() {
        assert_eq!(Unit::parse("°C"), Err(NotAUnit::Offset("°C")));
        assert_eq!(
            Unit::parse("mev"),
            Err(NotAUnit::Unknown("mev".into(), Some("meV")))
        );
    }

    #[test]
    fn shown_values_come_back() {
        for (unit, shown) in [("meV/atom", 12.5), ("nm", 3.0), ("GPa", 7.0)] {
            let unit = Unit::parse(unit).unwrap();
            let canonical = unit.value_of(&shown.to_string()).unwrap();
            assert!((unit.count_in(canonical) - shown).abs() < 1e-12);
        }
    }
}
