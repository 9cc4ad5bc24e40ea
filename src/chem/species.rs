//! The elements a descriptor has columns for: a structure or a list of elements comes
//! in, columns in ascending order go out.

use super::element::Element;
use super::structure::Structure;

/// Elements in ascending order of atomic number, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeciesList(Vec<Element>);

/// An element that a list lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the structure holds {element}, for which the descriptor has no columns; add it to the list of species"
)]
pub struct UnlistedElement {
    /// The element.
    pub element: Element,
}

impl SpeciesList {
    /// The elements given, sorted, each once.
    pub fn new(elements: impl IntoIterator<Item = Element>) -> SpeciesList {
        let mut list: Vec<Element> = elements.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        SpeciesList(list)
    }

    /// The elements of one structure.
    pub fn of(structure: &Structure) -> SpeciesList {
        SpeciesList::new(structure.species().iter().copied())
    }

    /// The elements of all structures of a data set.
    pub fn of_all<'a>(
        structures: impl IntoIterator<Item = &'a Structure>,
    ) -> SpeciesList {
        let mut seen = [false; 256];
        for structure in structures {
            for element in structure.species() {
                if let Some(seen) = seen.get_mut(usize::from(element.z())) {
                    *seen = true;
                }
            }
        }
        let is_seen = |e: &Element| seen.get(usize::from(e.z())) == Some(&true);
        SpeciesList(Element::all().filter(is_seen).collect())
    }

    /// The elements, ascending.
    pub fn elements(&self) -> &[Element] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of each site's element in the list.
    ///
    /// # Errors
    /// An element that is not in the list.
    pub fn places(&self, structure: &Structure) -> Result<Vec<usize>, UnlistedElement> {
        let place = |&element: &Element| {
            self.0
                .binary_search(&element)
                .map_err(|_| UnlistedElement { element })
        };
        structure.species().iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(symbols: &str) -> Vec<Element> {
        symbols.split(' ').map(|s| s.parse().unwrap()).collect()
    }

    fn with(symbols: &str) -> Structure {
        let lattice = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
        let species = of(symbols);
        let frac = vec![[0.0; 3]; species.len()];
        Structure::new(lattice, species, frac).unwrap()
    }

    #[test]
    fn a_list_is_sorted_and_without_repeats() {
        assert_eq!(SpeciesList::new(of("Fe O Fe Li")).elements(), of("Li O Fe"));
        assert_eq!(SpeciesList::of(&with("Ti O O")).len(), 2);
        let all = SpeciesList::of_all([&with("Ti O"), &with("O Li")]);
        assert_eq!(all.elements(), of("Li O Ti"));
        assert!(SpeciesList::of_all([]).is_empty());
    }

    #[test]
    fn sites_find_their_places() {
        let list = SpeciesList::new(of("O Li Ti"));
        assert_eq!(list.places(&with("Ti O Li O")).unwrap(), [2, 1, 0, 1]);
        let missing = list.places(&with("O Fe")).unwrap_err();
        assert_eq!(missing.element, "Fe".parse().unwrap());
        assert!(missing.to_string().starts_with("the structure holds Fe,"));
    }
}
