//! JSON of JARVIS (`jid`, `atoms`) and plain objects of lattice, species and
//! coordinates come in, structures and columns go out.

use std::collections::BTreeMap;

use super::items::IDS;
use super::json::{Fields, columns, fields, first_byte, place, typed};
use super::source::{Bad, Source, impossible};
use crate::chem::element::Element;
use crate::chem::fault::code as known;
use crate::chem::records::Cell;
use crate::chem::structure::Structure;

pub(super) type Entry = (Structure, BTreeMap<String, Cell>);

/// An object with `atoms`; its other plain fields are columns.
pub(super) fn entry(
    source: &Source<'_>,
    all: &Fields<'_>,
    at: usize,
) -> Result<Entry, Bad> {
    let Some(raw) = all.get("atoms").filter(|raw| first_byte(raw) == b'{') else {
        return Err(Bad::new(known::WRONG_TYPE, at, "`atoms` is not an object")
            .field("atoms")
            .help("it holds `lattice_mat`, `coords`, `elements` and `cartesian`"));
    };
    let inner = fields(source, raw.get())?;
    let structure = atoms(source, &inner, place(source, raw.get()))?;
    Ok((structure, columns(source, all, &IDS)?))
}

/// The object `atoms` itself.
pub(super) fn atoms(
    source: &Source<'_>,
    fields: &Fields<'_>,
    at: usize,
) -> Result<Structure, Bad> {
    let cartesian = match fields.get("cartesian") {
        Some(raw) => typed(source, raw, "cartesian", "true or false")?,
        None => false,
    };
    make(
        source,
        fields,
        at,
        ["lattice_mat", "elements", "coords"],
        cartesian,
    )
}

/// An object with `lattice`, `species` and `frac` or `frac_coords`.
pub(super) fn plain(
    source: &Source<'_>,
    fields: &Fields<'_>,
    at: usize,
) -> Result<Entry, Bad> {
    let frac = if fields.contains_key("frac") {
        "frac"
    } else {
        "frac_coords"
    };
    let structure = make(source, fields, at, ["lattice", "species", frac], false)?;
    let except: Vec<&str> = IDS
        .iter()
        .copied()
        .chain(["formula", "nelem", "nsites", "natoms"])
        .collect();
    Ok((structure, columns(source, fields, &except)?))
}

fn make(
    source: &Source<'_>,
    fields: &Fields<'_>,
    at: usize,
    names: [&str; 3],
    cartesian: bool,
) -> Result<Structure, Bad> {
    let field = |name: &str| {
        fields.get(name).ok_or_else(|| {
            Bad::new(
                known::MISSING_FIELD,
                at,
                format!("the structure has no `{name}`"),
            )
            .field(name)
            .help(format!("a structure needs `{}`", names.join("`, `")))
        })
    };
    let [lattice_name, species_name, sites_name] = names;
    let raw = field(lattice_name)?;
    let lattice: [[f64; 3]; 3] = typed(
        source,
        raw,
        lattice_name,
        "three rows of three numbers in Å",
    )?;
    let raw = field(species_name)?;
    let symbols: Vec<String> = typed(
        source,
        raw,
        species_name,
        "a list with the symbol of each site",
    )?;
    let mut species = Vec::with_capacity(symbols.len());
    for (site, symbol) in symbols.iter().enumerate() {
        let element: Element = symbol.trim().parse().map_err(|error| {
            let title = format!("`{species_name}[{site}]`: {error}");
            Bad::new(known::UNKNOWN_ELEMENT, place(source, raw.get()), title)
                .field(species_name)
                .help("write symbols of the periodic table, such as `Fe`")
        })?;
        species.push(element);
    }
    let raw = field(sites_name)?;
    let sites: Vec<[f64; 3]> =
        typed(source, raw, sites_name, "three coordinates for each site")?;
    let sites_at = place(source, raw.get());
    structure(lattice, species, sites, cartesian)
        .map_err(|error| impossible(&error, sites_at, "of the list"))
}

/// A structure from fractional or Cartesian (Å) positions.
pub(super) fn structure(
    lattice: [[f64; 3]; 3],
    species: Vec<Element>,
    sites: Vec<[f64; 3]>,
    cartesian: bool,
) -> Result<Structure, crate::chem::structure::StructureError> {
    if !cartesian {
        return Structure::new(lattice, species, sites);
    }
    // The lattice is checked before it is inverted.
    Structure::new(lattice, species.clone(), vec![[0.0; 3]; species.len()])?;
    let inverse = inverse(&lattice);
    let frac = sites.iter().map(|x| times(x, &inverse)).collect();
    Structure::new(lattice, species, frac)
}

/// Row vector times matrix.
#[allow(clippy::indexing_slicing, reason = "constant indices")]
pub(super) fn times(x: &[f64; 3], m: &[[f64; 3]; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| x[0] * m[0][i] + x[1] * m[1][i] + x[2] * m[2][i])
}

#[allow(clippy::indexing_slicing, reason = "constant indices")]
fn inverse(m: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let minor =
        |a: usize, b: usize, c: usize, d: usize| m[a][b] * m[c][d] - m[a][d] * m[c][b];
    let cofactor = [0, 1, 2].map(|i| {
        let (p, q) = ((i + 1) % 3, (i + 2) % 3);
        [0, 1, 2].map(|j| {
            let (r, s) = ((j + 1) % 3, (j + 2) % 3);
            minor(p, r, q, s)
        })
    });
    let determinant: f64 = (0..3).map(|j| m[0][j] * cofactor[0][j]).sum();
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| cofactor[j][i] / determinant))
}
