//! The kind of crystal a structure is, whatever its elements are.

use std::collections::BTreeMap;

use super::Structure;
use super::symmetry::{SymmetryError, SymmetrySettings, symmetry};

/// A name for all crystals that differ in their elements and lengths alone: the space
/// group, and for each element, the rarest first, the sites of its orbits in a primitive
/// cell. Spinel is `227: 2 4 8`.
///
/// # Errors
/// The symmetry cannot be found.
pub fn prototype(structure: &Structure) -> Result<String, SymmetryError> {
    let found = symmetry(structure, &SymmetrySettings::default())?;
    // Orbits of a larger cell than the primitive one are larger by as much.
    let larger = structure.sites() as f64 / found.primitive.sites().max(1) as f64;
    let mut orbits: BTreeMap<usize, usize> = BTreeMap::new();
    for first in &found.orbits {
        *orbits.entry(*first).or_insert(0) += 1;
    }
    let mut kinds: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for (first, count) in orbits {
        let Some(element) = structure.species().get(first) else {
            continue;
        };
        let count = (count as f64 / larger).round() as usize;
        kinds.entry(element.z()).or_default().push(count);
    }
    let mut kinds: Vec<Vec<usize>> = kinds.into_values().collect();
    for counts in &mut kinds {
        counts.sort_unstable();
    }
    kinds.sort_by_key(|counts| (counts.iter().sum::<usize>(), counts.clone()));
    let words: Vec<String> = kinds
        .iter()
        .map(|counts| {
            let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
            counts.join("+")
        })
        .collect();
    Ok(format!("{}: {}", found.number, words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;

    fn rock_salt(a: f64, metal: &str) -> Structure {
        let lattice = [
            [0.0, a / 2.0, a / 2.0],
            [a / 2.0, 0.0, a / 2.0],
            [a / 2.0, a / 2.0, 0.0],
        ];
        let species = vec![metal.parse::<Element>().unwrap(), Element::O];
        Structure::new(lattice, species, vec![[0.0; 3], [0.5; 3]]).unwrap()
    }

    #[test]
    fn elements_and_lengths_do_not_matter() {
        let (mno, nio) = (rock_salt(4.44, "Mn"), rock_salt(4.18, "Ni"));
        assert_eq!(prototype(&mno).unwrap(), "225: 1 1");
        assert_eq!(prototype(&mno), prototype(&nio));
    }
}
