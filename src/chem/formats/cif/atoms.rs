//! The sites of a block come in, whole atoms go out: each of one element, shared and
//! partly filled positions settled or refused.

#![allow(
    clippy::indexing_slicing,
    reason = "lists of equal length, made from one another"
)]

use super::block::{Block, Site};
use super::code;
use super::species::element_of;
use crate::chem::composition::Composition;
use crate::chem::element::Element;
use crate::chem::fault::code as known;
use crate::chem::formats::merge::firsts;
use crate::chem::formats::source::{Bad, quoted};
use crate::chem::formats::{Disorder, Settings};

/// A single occupancy may differ this much from 1.
const WHOLE: f64 = 1e-3;
/// A sum of occupancies may: thirds are written 0.33.
const WHOLE_SUM: f64 = 1.05e-2;
/// A whole atom of the asymmetric unit.
pub(super) struct Atom<'a> {
    pub(super) element: Element,
    pub(super) frac: [f64; 3],
    pub(super) site: &'a Site<'a>,
}

/// The atoms of the asymmetric unit, each whole.
pub(super) fn whole_atoms<'a>(
    block: &'a Block<'a>,
    lattice: &[[f64; 3]; 3],
    formula: Option<&Composition>,
    settings: &Settings,
) -> Result<Vec<Atom<'a>>, Bad> {
    let mut atoms = Vec::with_capacity(block.sites.len());
    let mut partial = false;
    for site in &block.sites {
        if !(site.occupancy >= 0.0 && site.occupancy <= 1.0 + WHOLE_SUM) {
            let title = format!(
                "the occupancy of site `{}` is {}",
                quoted(site.label),
                site.occupancy
            );
            return Err(Bad::new(code::DISORDERED, site.at, title)
                .field("_atom_site_occupancy")
                .help("an occupancy lies between 0 and 1"));
        }
        if site.occupancy == 0.0 {
            continue;
        }
        let Some(element) = element_of(site.symbol, site.label, formula) else {
            return Err(no_element(site));
        };
        partial |= (site.occupancy - 1.0).abs() > WHOLE;
        atoms.push(Atom {
            element,
            frac: if settings.thirds {
                thirds(&site.frac, &site.decimals)
            } else {
                site.frac
            },
            site,
        });
    }
    if partial {
        return settle(lattice, atoms, settings);
    }
    Ok(atoms)
}

/// 1/3 and 2/3 where the file gives them to a few decimals: what lies within a
/// ten-thousandth of them, as pymatgen reads it, and differs from them by less than one in
/// its last decimal. A coordinate given to more decimals is what it says.
fn thirds(frac: &[f64; 3], decimals: &[u8; 3]) -> [f64; 3] {
    let mut read = *frac;
    for (x, decimals) in read.iter_mut().zip(decimals) {
        for ideal in [1.0 / 3.0, 2.0 / 3.0] {
            // Near ones are rare, and powers slow.
            if (*x / ideal - 1.0).abs() > 1e-4 {
                continue;
            }
            if (*x - ideal).abs() < libm::pow(10.0, -f64::from(*decimals)) {
                *x = ideal;
            }
        }
    }
    read
}

fn no_element(site: &Site<'_>) -> Bad {
    let (name, text) = match site.symbol {
        b"" => ("_atom_site_label", site.label),
        symbol => ("_atom_site_type_symbol", symbol),
    };
    let title = format!("`{}` names no element", quoted(text));
    Bad::new(known::UNKNOWN_ELEMENT, site.at, title)
        .field(name)
        .help("write the element's symbol as `_atom_site_type_symbol`, such as `Fe` or `Fe3+`")
}

/// Settle shared and partly filled positions.
fn settle<'a>(
    lattice: &[[f64; 3]; 3],
    atoms: Vec<Atom<'a>>,
    settings: &Settings,
) -> Result<Vec<Atom<'a>>, Bad> {
    let positions: Vec<[f64; 3]> = atoms.iter().map(|atom| atom.frac).collect();
    let firsts = firsts(lattice, &positions, settings.tolerance);
    // Of each position: the elements on it with their occupancies, and how many sites.
    let mut shares: Vec<(Vec<(Element, f64)>, u32)> = vec![(Vec::new(), 0); atoms.len()];
    for (atom, first) in atoms.iter().zip(&firsts) {
        let (elements, count) = &mut shares[*first];
        *count += 1;
        match elements
            .iter_mut()
            .find(|(element, _)| *element == atom.element)
        {
            Some((_, share)) => *share += atom.site.occupancy,
            None => elements.push((atom.element, atom.site.occupancy)),
        }
    }
    let mut settled = Vec::with_capacity(atoms.len());
    for ((i, atom), first) in atoms.into_iter().enumerate().zip(&firsts) {
        if *first != i {
            continue;
        }
        let (elements, count) = &shares[i];
        let total: f64 = elements.iter().map(|(_, share)| share).sum();
        let slack = if *count > 1 { WHOLE_SUM } else { WHOLE };
        if elements.len() == 1 && (total - 1.0).abs() <= slack {
            settled.push(atom);
            continue;
        }
        if settings.disorder == Disorder::Refuse {
            return Err(disordered(&atom, elements));
        }
        let mut most = (atom.element, 0.0);
        for (element, share) in elements {
            if *share > most.1 {
                most = (*element, *share);
            }
        }
        if total > 0.5 {
            settled.push(Atom {
                element: most.0,
                ..atom
            });
        }
    }
    Ok(settled)
}

fn disordered(atom: &Atom<'_>, elements: &[(Element, f64)]) -> Bad {
    let label = quoted(atom.site.label);
    let title = match elements {
        [(element, share)] => {
            format!("site `{label}` is filled to {share} with {element}, not to 1")
        }
        many => {
            let shares: Vec<String> = many
                .iter()
                .take(4)
                .map(|(element, share)| format!("{element} {share}"))
                .collect();
            format!(
                "several elements share site `{label}`: {}",
                shares.join(", ")
            )
        }
    };
    Bad::new(code::DISORDERED, atom.site.at, title)
        .field("_atom_site_occupancy")
        .help(
            "a disordered crystal has no single structure: use an ordered model of it, or \
             leave it out with on_bad: skip",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_are_told_by_their_decimals() {
        let third = |x, decimals| thirds(&[x; 3], &[decimals; 3])[0];
        assert_eq!(third(0.3333, 4), 1.0 / 3.0);
        assert_eq!(third(0.6667, 4), 2.0 / 3.0);
        assert_eq!(third(0.6666, 4), 2.0 / 3.0);
        assert_eq!(third(0.333_333_333_3, 10), 1.0 / 3.0);
        for (x, decimals) in [(0.333, 3), (0.333_31, 5), (0.333_320_000_1, 10), (0.25, 2)]
        {
            assert_eq!(third(x, decimals), x);
        }
    }
}
