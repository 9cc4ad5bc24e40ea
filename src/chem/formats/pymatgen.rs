//! JSON of pymatgen (`Structure`, `ComputedStructureEntry`) and documents of the
//! Materials Project come in, structures and columns go out.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::items::IDS;
use super::json::{Fields, columns, fields, first_byte, place, typed};
use super::source::{Bad, Source, impossible};
use super::{Disorder, Settings, cif, code};
use crate::chem::element::Element;
use crate::chem::fault::code as known;
use crate::chem::records::Cell;
use crate::chem::structure::Structure;

/// Occupancies may differ this much from 1.
const WHOLE: f64 = 1e-3;

#[derive(Deserialize)]
struct Lattice {
    matrix: Option<[[f64; 3]; 3]>,
    a: Option<f64>,
    b: Option<f64>,
    c: Option<f64>,
    alpha: Option<f64>,
    beta: Option<f64>,
    gamma: Option<f64>,
    pbc: Option<[bool; 3]>,
}

#[derive(Deserialize)]
struct Site {
    species: Vec<Species>,
    abc: [f64; 3],
}

#[derive(Deserialize)]
struct Species {
    element: String,
    #[serde(default = "one")]
    occu: f64,
}

fn one() -> f64 {
    1.0
}

/// An object with `lattice` and `sites`.
pub(super) fn structure(
    source: &Source<'_>,
    fields: &Fields<'_>,
    at: usize,
    settings: &Settings,
) -> Result<Structure, Bad> {
    let missing = |name: &str| {
        Bad::new(known::MISSING_FIELD, at, format!("the structure has no `{name}`"))
            .field(name)
            .help("write the structure again with `Structure.as_dict()`; molecules are not read")
    };
    let raw = fields.get("lattice").ok_or_else(|| missing("lattice"))?;
    let lattice_at = place(source, raw.get());
    let lattice: Lattice =
        typed(source, raw, "lattice", "a `matrix` of three rows in Å")?;
    if lattice.pbc.is_some_and(|pbc| pbc.contains(&false)) {
        return Err(Bad::new(
            known::WRONG_TYPE,
            lattice_at,
            "the structure is not periodic in all directions",
        )
        .field("lattice")
        .help("crystals are read; give slabs and molecules a cell on purpose first"));
    }
    let matrix = match (&lattice.matrix, cell(&lattice)) {
        (Some(matrix), _) => *matrix,
        (None, Some((lengths, angles))) => {
            cif::cell_matrix(&lengths, &angles, lattice_at)?
        }
        (None, None) => return Err(missing("lattice.matrix")),
    };
    let raw = fields.get("sites").ok_or_else(|| missing("sites"))?;
    let sites: Vec<Site> = typed(
        source,
        raw,
        "sites",
        "a list of sites, each with `species` and `abc`",
    )?;
    let sites_at = place(source, raw.get());
    let (mut species, mut frac) = (Vec::new(), Vec::new());
    for (number, site) in sites.iter().enumerate() {
        let shares: Vec<(&str, f64)> = site
            .species
            .iter()
            .map(|s| (s.element.as_str(), s.occu))
            .collect();
        let Some(element) = whole(&shares, number, sites_at, settings)? else {
            continue;
        };
        species.push(element);
        frac.push(site.abc);
    }
    Structure::new(matrix, species, frac)
        .map_err(|error| impossible(&error, sites_at, "of the list"))
}

fn cell(lattice: &Lattice) -> Option<([f64; 3], [f64; 3])> {
    Some((
        [lattice.a?, lattice.b?, lattice.c?],
        [lattice.alpha?, lattice.beta?, lattice.gamma?],
    ))
}

/// The one element of a site; `None` where a policy leaves the site out. Sites count
/// from 0 here, from 1 in messages.
pub(super) fn whole(
    shares: &[(&str, f64)],
    site: usize,
    at: usize,
    settings: &Settings,
) -> Result<Option<Element>, Bad> {
    let number = site + 1;
    let read = |symbol: &str| {
        symbol
            .parse::<Element>()
            .or_else(|error| match error.suggestion {
                Some(hydrogen) if matches!(symbol, "D" | "T") => Ok(hydrogen),
                _ => Err(Bad::new(
                    known::UNKNOWN_ELEMENT,
                    at,
                    format!("site {number}: {error}"),
                )
                .field("species")
                .help("write symbols of the periodic table, such as `Fe`")),
            })
    };
    if let [(symbol, share)] = shares
        && (share - 1.0).abs() <= WHOLE
    {
        return read(symbol).map(Some);
    }
    if settings.disorder == Disorder::Majority {
        let total: f64 = shares.iter().map(|(_, share)| share).sum();
        let mut most: Option<(&str, f64)> = None;
        for (symbol, share) in shares {
            if most.is_none_or(|(_, before)| *share > before) {
                most = Some((*symbol, *share));
            }
        }
        return match most {
            Some((symbol, _)) if total > 0.5 => read(symbol).map(Some),
            _ => Ok(None),
        };
    }
    let said: Vec<String> = shares
        .iter()
        .take(4)
        .map(|(symbol, share)| {
            let symbol: String = symbol.chars().take(8).collect();
            format!("{symbol} {share}")
        })
        .collect();
    let title = match shares {
        [] => format!("site {number} holds no species"),
        [_] => format!("site {number} is filled in part: {}", said.join(", ")),
        _ => format!("several species share site {number}: {}", said.join(", ")),
    };
    Err(Bad::new(code::DISORDERED, at, title).field("species").help(
        "a disordered crystal has no single structure: use an ordered model of it, or \
         leave it out with on_bad: skip",
    ))
}

/// An object with a `structure`: an entry of pymatgen, or a document of the Materials
/// Project; its other plain fields, and those of `data`, are columns.
pub(super) fn entry(
    source: &Source<'_>,
    all: &Fields<'_>,
    at: usize,
    settings: &Settings,
) -> Result<(Structure, BTreeMap<String, Cell>), Bad> {
    let Some(raw) = all.get("structure").filter(|raw| first_byte(raw) == b'{') else {
        return Err(
            Bad::new(known::WRONG_TYPE, at, "`structure` is not an object")
                .field("structure")
                .help("it holds a pymatgen `Structure` as a JSON object"),
        );
    };
    let inner = fields(source, raw.get())?;
    let structure = structure(source, &inner, place(source, raw.get()), settings)?;
    let except: Vec<&str> = IDS
        .iter()
        .copied()
        .chain(["nsites", "nelements", "formula"])
        .collect();
    let mut cells = columns(source, all, &except)?;
    if let Some(raw) = all.get("data").filter(|raw| first_byte(raw) == b'{') {
        cells.extend(columns(source, &fields(source, raw.get())?, &except)?);
    }
    Ok((structure, cells))
}
