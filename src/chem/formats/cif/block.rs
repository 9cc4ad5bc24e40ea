//! The tokens of one data block come in; the items that say what its structure is go
//! out, as text with its place or as numbers.

use super::token::{Token, Tokens, Value};
use crate::chem::fault::code as known;
use crate::chem::formats::number::measured;
use crate::chem::formats::source::{Bad, quoted};
use crate::chem::structure::MAX_SITES;

/// Most operators a block may list: 192 times the centrings of a fourfold cell.
pub(super) const MAX_OPERATORS: usize = 768;
/// Most columns of a loop.
const MAX_COLUMNS: usize = 512;

/// The six numbers of a cell, in this order.
pub(super) const CELL: [&str; 6] = [
    "_cell_length_a",
    "_cell_length_b",
    "_cell_length_c",
    "_cell_angle_alpha",
    "_cell_angle_beta",
    "_cell_angle_gamma",
];

/// One row of the atom sites.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub(super) at: usize,
    pub(super) label: &'a [u8],
    /// `_atom_site_type_symbol`, empty where it is not given.
    pub(super) symbol: &'a [u8],
    pub(super) frac: [f64; 3],
    /// How many decimals each coordinate is given to.
    pub(super) decimals: [u8; 3],
    pub(super) occupancy: f64,
    /// `_atom_site_symmetry_multiplicity`, 0 where it is not given.
    pub(super) multiplicity: u32,
}

/// What a block says of its structure.
#[derive(Default)]
pub(super) struct Block<'a> {
    /// Byte of its `data_`.
    pub(super) at: usize,
    pub(super) cell: [Option<Value<'a>>; 6],
    pub(super) operators: Vec<Value<'a>>,
    /// Centring operators of a magnetic file, to be combined with the others.
    pub(super) centrings: Vec<Value<'a>>,
    pub(super) hall: Option<Value<'a>>,
    /// Hermann–Mauguin symbols, the fullest first.
    pub(super) hermann: [Option<Value<'a>>; 3],
    pub(super) number: Option<Value<'a>>,
    pub(super) setting: Option<Value<'a>>,
    pub(super) formula: Option<Value<'a>>,
    pub(super) formula_units: Option<Value<'a>>,
    pub(super) sites: Vec<Site<'a>>,
    /// Whether a loop of atom sites was there at all.
    pub(super) has_sites: bool,
}

/// The items that matter.
#[derive(Clone, Copy, PartialEq)]
enum Item {
    Cell(usize),
    Operator,
    Centring,
    Hall,
    Hermann(usize),
    Number,
    Setting,
    Formula,
    FormulaUnits,
    Label,
    Symbol,
    Frac(usize),
    Cartesian,
    Occupancy,
    Multiplicity,
    Hydrogens,
    Calculated,
    Other,
}

/// Names are compared without regard to case, and with `.` as `_`: so the names of
/// the newer dictionaries (`_cell.length_a`) are the same.
fn item(tag: &[u8]) -> Item {
    let mut buffer = [0_u8; 48];
    let Some(name) = buffer.get_mut(..tag.len()) else {
        return Item::Other;
    };
    for (to, from) in name.iter_mut().zip(tag) {
        *to = if *from == b'.' {
            b'_'
        } else {
            from.to_ascii_lowercase()
        };
    }
    let name: &[u8] = name;
    match name {
        b"_cell_length_a" => Item::Cell(0),
        b"_cell_length_b" => Item::Cell(1),
        b"_cell_length_c" => Item::Cell(2),
        b"_cell_angle_alpha" => Item::Cell(3),
        b"_cell_angle_beta" => Item::Cell(4),
        b"_cell_angle_gamma" => Item::Cell(5),
        b"_symmetry_equiv_pos_as_xyz"
        | b"_space_group_symop_operation_xyz"
        | b"_space_group_symop_magn_operation_xyz" => Item::Operator,
        b"_space_group_symop_magn_centering_xyz" => Item::Centring,
        b"_symmetry_space_group_name_hall" | b"_space_group_name_hall" => Item::Hall,
        b"_space_group_name_h-m_full" => Item::Hermann(0),
        b"_space_group_name_h-m_alt" => Item::Hermann(1),
        b"_symmetry_space_group_name_h-m" | b"_space_group_name_h-m_ref" => {
            Item::Hermann(2)
        }
        b"_symmetry_int_tables_number" | b"_space_group_it_number" => Item::Number,
        b"_space_group_it_coordinate_system_code" => Item::Setting,
        b"_chemical_formula_sum" => Item::Formula,
        b"_cell_formula_units_z" => Item::FormulaUnits,
        b"_atom_site_label" => Item::Label,
        b"_atom_site_type_symbol" => Item::Symbol,
        b"_atom_site_fract_x" => Item::Frac(0),
        b"_atom_site_fract_y" => Item::Frac(1),
        b"_atom_site_fract_z" => Item::Frac(2),
        b"_atom_site_cartn_x" => Item::Cartesian,
        b"_atom_site_occupancy" => Item::Occupancy,
        b"_atom_site_symmetry_multiplicity"
        | b"_atom_site_site_symmetry_multiplicity" => Item::Multiplicity,
        b"_atom_site_attached_hydrogens" => Item::Hydrogens,
        b"_atom_site_calc_flag" => Item::Calculated,
        _ => Item::Other,
    }
}

const FRACTIONS: [&str; 3] = [
    "_atom_site_fract_x",
    "_atom_site_fract_y",
    "_atom_site_fract_z",
];

impl<'a> Block<'a> {
    /// Read on to the next data block or the end; the `data_` is already read.
    pub(super) fn read(
        bytes: &'a [u8],
        tokens: &mut Tokens<'a>,
    ) -> Result<Block<'a>, Bad> {
        let mut block = Block {
            at: tokens.start,
            ..Block::default()
        };
        while let Some(token) = tokens.next()? {
            match token {
                Token::Data(_) => {
                    tokens.put_back(token);
                    break;
                }
                Token::Loop => block.read_loop(tokens)?,
                Token::Tag(tag) => {
                    let item = item(tag);
                    let value = single_value(tag, bytes, tokens)?;
                    block.take(item, value);
                }
                Token::Value(value) => {
                    let title =
                        format!("the value `{}` belongs to no item", quoted(value.text));
                    return Err(Bad::syntax(value.at, title).help(
                        "a value follows its `_name` or stands in a `loop_`; put text \
                         with blanks in quotes",
                    ));
                }
            }
        }
        Ok(block)
    }

    fn take(&mut self, item: Item, value: Value<'a>) {
        let first = |place: &mut Option<Value<'a>>| {
            if place.is_none() && value.given().is_some() {
                *place = Some(value);
            }
        };
        match item {
            Item::Cell(i) => {
                if let Some(place) = self.cell.get_mut(i) {
                    place.get_or_insert(value);
                }
            }
            Item::Operator => self.operators.extend(value.given().map(|_| value)),
            Item::Centring => self.centrings.extend(value.given().map(|_| value)),
            Item::Hall => first(&mut self.hall),
            Item::Hermann(i) => {
                if let Some(place) = self.hermann.get_mut(i) {
                    first(place);
                }
            }
            Item::Number => first(&mut self.number),
            Item::Setting => first(&mut self.setting),
            Item::Formula => first(&mut self.formula),
            Item::FormulaUnits => first(&mut self.formula_units),
            _ => {}
        }
    }

    fn read_loop(&mut self, tokens: &mut Tokens<'a>) -> Result<(), Bad> {
        let start = tokens.start;
        let mut columns: Vec<Item> = Vec::new();
        let mut first = None;
        while let Some(token) = tokens.next()? {
            match token {
                Token::Tag(tag) if columns.len() < MAX_COLUMNS => columns.push(item(tag)),
                Token::Tag(_) => {
                    let title = format!("the loop has more than {MAX_COLUMNS} columns");
                    return Err(Bad::syntax(start, title).help("is this a CIF?"));
                }
                Token::Value(value) => {
                    first = Some(value);
                    break;
                }
                Token::Loop | Token::Data(_) => {
                    tokens.put_back(token);
                    break;
                }
            }
        }
        if columns.is_empty() {
            return Err(Bad::syntax(start, "the `loop_` names no column")
                .help("name its columns, each on a line, before the values"));
        }
        let Some(first) = first else {
            let title = "the `loop_` has columns but no values";
            return Err(Bad::syntax(start, title)
                .help("give it a row, or remove it; was the file cut off?"));
        };
        let sites = columns.contains(&Item::Frac(0))
            || (columns.contains(&Item::Label) && columns.contains(&Item::Cartesian));
        if sites {
            return self.read_sites(start, &columns, first, tokens);
        }
        let wanted = columns.iter().any(|item| *item != Item::Other);
        let rows = each_value(columns.len(), first, tokens, |column, value| {
            if !wanted {
                return Ok(());
            }
            let Some(item) = columns.get(column) else {
                return Ok(());
            };
            self.take(*item, value);
            if self.operators.len().max(self.centrings.len()) > MAX_OPERATORS {
                let title = format!("there are more than {MAX_OPERATORS} operators");
                return Err(Bad::new(super::code::SYMMETRY, value.at, title)
                    .help("no space group has so many; describe a smaller cell"));
            }
            Ok(())
        });
        rows.map(|_| ())
    }

    fn read_sites(
        &mut self,
        start: usize,
        columns: &[Item],
        first: Value<'a>,
        tokens: &mut Tokens<'a>,
    ) -> Result<(), Bad> {
        for (i, name) in FRACTIONS.iter().enumerate() {
            if columns.contains(&Item::Frac(i)) {
                continue;
            }
            return Err(Bad::new(
                known::MISSING_FIELD,
                start,
                format!("the sites have no `{name}`"),
            )
            .field(*name)
            .help("sites are read from fractional coordinates x, y, z"));
        }
        self.has_sites = true;
        let new = |at| Site {
            at,
            label: b"",
            symbol: b"",
            frac: [0.0; 3],
            decimals: [0; 3],
            occupancy: 1.0,
            multiplicity: 0,
        };
        let mut site = new(first.at);
        let (mut dummy, mut unplaced) = (false, None);
        let sites = &mut self.sites;
        let mut rows = 0_usize;
        each_value(columns.len(), first, tokens, |column, value| {
            if column == 0 {
                site = new(value.at);
                (dummy, unplaced) = (false, None);
            }
            match columns.get(column) {
                Some(Item::Label) => site.label = value.text,
                Some(Item::Symbol) => site.symbol = value.given().unwrap_or_default(),
                Some(Item::Frac(axis)) => match value.given().map(measured) {
                    Some(Some(x)) => {
                        let to =
                            site.frac.get_mut(*axis).zip(site.decimals.get_mut(*axis));
                        if let Some((to, decimals)) = to {
                            (*to, *decimals) = (x, decimals_of(value.text));
                        }
                    }
                    Some(None) => return Err(no_number(FRACTIONS.get(*axis), &value)),
                    None => unplaced = Some((*axis, value)),
                },
                Some(Item::Occupancy) => match value.given().map(measured) {
                    Some(Some(x)) => site.occupancy = x,
                    Some(None) => {
                        return Err(no_number(Some(&"_atom_site_occupancy"), &value));
                    }
                    None => {}
                },
                Some(Item::Multiplicity) => {
                    let text = std::str::from_utf8(value.text).unwrap_or_default();
                    site.multiplicity = text.parse().unwrap_or(0);
                }
                Some(Item::Calculated) => {
                    dummy = value.text.eq_ignore_ascii_case(b"dum");
                }
                Some(Item::Hydrogens) => hydrogens(&value)?,
                _ => {}
            }
            if column + 1 == columns.len() && !dummy {
                if let Some((axis, value)) = unplaced {
                    return Err(no_place(&site, axis, &value));
                }
                rows += 1;
                if rows > MAX_SITES {
                    let title = format!("there are more than {MAX_SITES} sites");
                    return Err(Bad::new(known::WRONG_TYPE, site.at, title)
                        .help("describe a smaller cell"));
                }
                sites.push(site);
            }
            Ok(())
        })
    }
}

/// The value of an item outside loops. Some programs leave out the quotes of a text
/// with blanks (`P 1 21/c 1`): the values up to the end of the line are one then.
fn single_value<'a>(
    tag: &[u8],
    bytes: &'a [u8],
    tokens: &mut Tokens<'a>,
) -> Result<Value<'a>, Bad> {
    let place = tokens.start;
    let mut value = match tokens.next()? {
        Some(Token::Value(value)) => value,
        other => {
            if let Some(token) = other {
                tokens.put_back(token);
            }
            let title = format!("`{}` has no value", quoted(tag));
            return Err(Bad::syntax(place, title)
                .field(quoted(tag))
                .help("write its value after it, `?` if it is not known"));
        }
    };
    if value.delimited {
        return Ok(value);
    }
    while let Some(token) = tokens.next()? {
        match token {
            Token::Value(next)
                if !next.delimited && tokens.same_line(value.at, next.at) =>
            {
                let end = next.at + next.text.len();
                value.text = bytes.get(value.at..end).unwrap_or(value.text);
            }
            _ => {
                tokens.put_back(token);
                break;
            }
        }
    }
    Ok(value)
}

/// Hand over each value of a loop with its column; the number of values must fill
/// whole rows.
fn each_value<'a>(
    columns: usize,
    first: Value<'a>,
    tokens: &mut Tokens<'a>,
    mut take: impl FnMut(usize, Value<'a>) -> Result<(), Bad>,
) -> Result<(), Bad> {
    let (mut value, mut column, mut row_at) = (first, 0, first.at);
    loop {
        if column == 0 {
            row_at = value.at;
        }
        take(column, value)?;
        column = if column + 1 == columns { 0 } else { column + 1 };
        match tokens.next()? {
            Some(Token::Value(next)) => value = next,
            Some(token) => {
                tokens.put_back(token);
                break;
            }
            None => break,
        }
    }
    if column == 0 {
        return Ok(());
    }
    let title = format!("the last row of the loop has {column} of {columns} values");
    Err(Bad::syntax(row_at, title).help(
        "each row gives a value for each column, `?` if it is not known; values with \
         blanks stand in quotes; was the file cut off?",
    ))
}

pub(super) fn no_number(name: Option<&&str>, value: &Value<'_>) -> Bad {
    let name = name.copied().unwrap_or_default();
    let title = format!("`{name}` is `{}`, not a number", quoted(value.text));
    Bad::new(known::WRONG_TYPE, value.at, title)
        .field(name)
        .help("write a decimal number, with its uncertainty if there is one: 0.3333(5)")
}

fn no_place(site: &Site<'_>, axis: usize, value: &Value<'_>) -> Bad {
    let name = FRACTIONS.get(axis).copied().unwrap_or_default();
    let title = format!(
        "site `{}` has no place: `{name}` is `{}`",
        quoted(site.label),
        quoted(value.text)
    );
    Bad::new(known::MISSING_FIELD, value.at, title)
        .field(name)
        .help("a structure needs all its atoms: give the coordinates or remove the site")
}

/// Hydrogen atoms that have no site of their own are missing from the structure.
fn hydrogens(value: &Value<'_>) -> Result<(), Bad> {
    match value.given().map(measured) {
        Some(Some(count)) if count != 0.0 => {
            let title =
                format!("the site carries {count} hydrogen atoms without a place");
            Err(Bad::new(super::code::DISORDERED, value.at, title)
                .field("_atom_site_attached_hydrogens")
                .help("add the hydrogen atoms as sites of their own"))
        }
        _ => Ok(()),
    }
}

/// How many digits stand behind the point of a number, before its uncertainty.
fn decimals_of(text: &[u8]) -> u8 {
    let mut after = text.iter().skip_while(|byte| **byte != b'.').skip(1);
    let count = after
        .by_ref()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    u8::try_from(count).unwrap_or(u8::MAX)
}
