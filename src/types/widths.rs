//! Descriptors whose length no written type can say: it depends on how many elements
//! and functions they are given.

use super::builtin::Applied;
use super::check::Checker;
use super::size::Size;
use super::value::{Form, Val};

/// The length of such a descriptor; none for every other builtin.
pub fn width(checker: &mut Checker<'_>, call: &Applied) -> Option<Size> {
    match &*call.signature.name {
        "acsf" => Some(acsf(call).unwrap_or_else(|| Size::unknown(checker.fresh()))),
        "soap" => Some(soap(call).unwrap_or_else(|| Size::unknown(checker.fresh()))),
        _ => None,
    }
}

/// How many entries a list has; elements that stand twice count once.
fn entries(call: &Applied, name: &str) -> Option<i64> {
    let Form::List(all) = &call.value(name)?.form else {
        return None;
    };
    let mut elements = Vec::new();
    for entry in all {
        match &entry.form {
            Form::Element(element) => elements.push(*element),
            _ => return i64::try_from(all.len()).ok(),
        }
    }
    elements.sort_unstable();
    elements.dedup();
    i64::try_from(elements.len()).ok()
}

/// G1, G2 and G3 for each element, G4 and G5 for each pair of elements.
fn acsf(call: &Applied) -> Option<Size> {
    let species = entries(call, "species")?;
    let radial = 1 + entries(call, "g2")? + entries(call, "g3")?;
    let angular = entries(call, "g4")? + entries(call, "g5")?;
    let pairs = species * (species + 1) / 2;
    Some(Size::number(species * radial + pairs * angular))
}

/// One number for each pair of radial functions of elements, and each degree.
fn soap(call: &Applied) -> Option<Size> {
    let counted = |name: &str| call.value(name).and_then(Val::as_int);
    let functions = entries(call, "species")?.checked_mul(counted("n")?)?;
    let pairs = functions.checked_mul(functions.checked_add(1)?)? / 2;
    let degrees = counted("l")?.checked_add(1)?;
    Some(Size::number(pairs.checked_mul(degrees)?))
}
