//! Pages that OPTIMADE servers answer come in, records go out (OPTIMADE 1.1 and later,
//! entry type `structures`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Settings;
use super::jarvis;
use super::json::{Fields, columns, fields, first_byte, place, text, typed};
use super::pymatgen::whole;
use super::source::{Bad, Source, impossible};
use crate::chem::fault::{Fault, code as known};

/// Plain attributes that say again what the structure says, or nothing about it.
const NO_COLUMNS: [&str; 15] = [
    "dimension_types",
    "elements",
    "elements_ratios",
    "species_at_sites",
    "structure_features",
    "immutable_id",
    "last_modified",
    "nelements",
    "nsites",
    "nperiodic_dimensions",
    "chemical_formula_descriptive",
    "chemical_formula_reduced",
    "chemical_formula_hill",
    "chemical_formula_anonymous",
    "space_group_symbol_hall",
];

#[derive(Deserialize)]
struct Species {
    name: String,
    chemical_symbols: Vec<String>,
    concentration: Vec<f64>,
}

/// One entry: an object with `attributes`.
pub(super) fn item(
    source: &Source<'_>,
    entry: &Fields<'_>,
    at: usize,
    settings: &Settings,
) -> Result<jarvis::Entry, Bad> {
    let Some(raw) = entry
        .get("attributes")
        .filter(|raw| first_byte(raw) == b'{')
    else {
        return Err(
            Bad::new(known::WRONG_TYPE, at, "`attributes` is not an object")
                .field("attributes")
                .help("fetch the page again, with the response format `json`"),
        );
    };
    let at = place(source, raw.get());
    let all = fields(source, raw.get())?;
    let field = |name: &str| {
        all.get(name)
            .copied()
            .filter(|raw| first_byte(raw) != b'n')
            .ok_or_else(|| {
                Bad::new(
                    known::MISSING_FIELD,
                    at,
                    format!("the entry has no `{name}`"),
                )
                .field(name)
                .help(
                    "ask the server for it: `response_fields=lattice_vectors,\
                     cartesian_site_positions,species,species_at_sites`",
                )
            })
    };
    if let Ok(raw) = field("dimension_types") {
        let periodic: Vec<u8> = typed(source, raw, "dimension_types", "three of 0 or 1")?;
        if periodic != [1, 1, 1] {
            let title = "the entry is not periodic in all directions";
            return Err(Bad::new(known::WRONG_TYPE, place(source, raw.get()), title)
                .field("dimension_types")
                .help("crystals are read: filter by `nperiodic_dimensions=3`"));
        }
    }
    let raw = field("lattice_vectors")?;
    let lattice: [[f64; 3]; 3] = typed(
        source,
        raw,
        "lattice_vectors",
        "three rows of three numbers in Å",
    )?;
    let raw = field("species")?;
    let kinds: Vec<Species> = typed(
        source,
        raw,
        "species",
        "names with symbols and concentrations",
    )?;
    let by_name: BTreeMap<&str, &Species> = kinds
        .iter()
        .map(|kind| (kind.name.as_str(), kind))
        .collect();
    let raw = field("species_at_sites")?;
    let names: Vec<String> = typed(
        source,
        raw,
        "species_at_sites",
        "a name of `species` for each site",
    )?;
    let names_at = place(source, raw.get());
    let raw = field("cartesian_site_positions")?;
    let positions: Vec<[f64; 3]> = typed(
        source,
        raw,
        "cartesian_site_positions",
        "three numbers in Å for each site",
    )?;
    let sites_at = place(source, raw.get());
    let (mut species, mut sites) = (Vec::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        let Some(kind) = by_name.get(name.as_str()) else {
            let title = format!("site {} is of no listed species", number + 1);
            return Err(Bad::new(known::CONTRADICTION, names_at, title)
                .field("species_at_sites")
                .help("each name at a site is that of one of `species`"));
        };
        let shares: Vec<(&str, f64)> = kind
            .chemical_symbols
            .iter()
            .map(String::as_str)
            .zip(kind.concentration.iter().copied())
            .filter(|(symbol, _)| *symbol != "vacancy")
            .collect();
        let Some(element) = whole(&shares, number, names_at, settings)? else {
            continue;
        };
        if let Some(position) = positions.get(number) {
            sites.push(*position);
        }
        species.push(element);
    }
    if positions.len() != names.len() {
        let title = format!(
            "{} positions but {} species at sites",
            positions.len(),
            names.len()
        );
        return Err(Bad::new(known::CONTRADICTION, sites_at, title)
            .field("cartesian_site_positions")
            .help("both list the same sites in the same order"));
    }
    let structure = jarvis::structure(lattice, species, sites, true)
        .map_err(|error| impossible(&error, sites_at, "of the list"))?;
    Ok((structure, columns(source, &all, &NO_COLUMNS)?))
}

/// What a page says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Entries that match the query on all pages, if the server says it.
    pub returned: Option<u64>,
    /// Whether there are further pages.
    pub more: bool,
    /// Address of the next page.
    pub next: Option<String>,
}

#[derive(Default, Deserialize)]
struct Meta {
    data_returned: Option<u64>,
    more_data_available: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Link {
    Address(String),
    Object { href: String },
}

/// Read what a page says of itself, to fetch the next and to count whether all came.
///
/// # Errors
/// It is no JSON object, or its `meta` or `links` are not of the form they should be.
pub fn page(source: &Source<'_>) -> Result<Page, Fault> {
    read_page(source).map_err(|bad| source.fault(bad, None))
}

fn read_page(source: &Source<'_>) -> Result<Page, Bad> {
    let top = fields(source, text(source)?)?;
    let meta = match top.get("meta") {
        Some(raw) => typed(source, raw, "meta", "the object `meta` of a page")?,
        None => Meta::default(),
    };
    let links = match top.get("links").filter(|raw| first_byte(raw) == b'{') {
        Some(raw) => fields(source, raw.get())?,
        None => Fields::new(),
    };
    let next = match links.get("next").filter(|raw| first_byte(raw) != b'n') {
        Some(raw) => Some(typed(source, raw, "links.next", "an address")?),
        None => None,
    };
    let next = next.map(|link| match link {
        Link::Address(address) => address,
        Link::Object { href } => href,
    });
    Ok(Page {
        returned: meta.data_returned,
        more: meta.more_data_available.unwrap_or(next.is_some()),
        next,
    })
}
