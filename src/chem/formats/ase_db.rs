//! A SQLite database as ASE writes it (table `systems`) comes in, a record for each row
//! goes out. The content is read from memory and never written.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB, Row};

use super::items::IDS;
use super::jarvis;
use super::json::{columns, fields, id_of};
use super::source::{Bad, Source, impossible, quoted};
use super::{Sink, code};
use crate::chem::element::Element;
use crate::chem::fault::{Fault, code as known};
use crate::chem::records::{Cell, Record};
use crate::chem::structure::MAX_SITES;

pub(super) fn read(
    source: &Source<'_>,
    stem: &str,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    match read_rows(source, stem, sink) {
        Ok(flow) => flow,
        Err(error) => sink(Err(no_database(source, &error))),
    }
}

fn no_database(source: &Source<'_>, error: &rusqlite::Error) -> Fault {
    let said: String = error.to_string().chars().take(120).collect();
    let title = format!("this is no ASE database that can be read: {said}");
    Fault::of_file(code::SYNTAX, source.file, title)
        .help("write it again with `ase.db.connect(…).write(…)`, or fetch it again")
}

fn read_rows(
    source: &Source<'_>,
    stem: &str,
    sink: &mut Sink<'_>,
) -> Result<ControlFlow<()>, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    let size = source.bytes.len();
    connection.deserialize_read_exact(MAIN_DB, Cursor::new(source.bytes), size, true)?;
    // What a damaged or hostile file can make the engine do stays small.
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; \
         PRAGMA mmap_size = 0; PRAGMA query_only = ON;",
    )?;
    connection
        .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    let mut steps = 0_u32;
    connection.progress_handler(
        10_000,
        Some(move || {
            steps += 1;
            steps > 200_000
        }),
    )?;
    let mut statement = connection.prepare(
        "SELECT id, numbers, positions, cell, pbc, key_value_pairs, energy \
         FROM systems ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut any = false;
    while let Some(row) = rows.next()? {
        any = true;
        let number = match row.get_ref(0)? {
            ValueRef::Integer(number) => number,
            _ => 0,
        };
        let fallback = format!("{stem}/{number}");
        if sink(record(source, row, fallback)?).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    if !any {
        let title = "the database holds no structure".to_owned();
        return Ok(sink(Err(Fault::of_file(
            known::NO_RECORDS,
            source.file,
            title,
        )
        .help("was anything written to it?"))));
    }
    Ok(ControlFlow::Continue(()))
}

fn record(
    source: &Source<'_>,
    row: &Row<'_>,
    fallback: String,
) -> Result<Result<Record, Fault>, rusqlite::Error> {
    let bytes = |i: usize| -> Result<Vec<u8>, rusqlite::Error> {
        Ok(match row.get_ref(i)? {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        })
    };
    let (numbers, positions, cell) = (bytes(1)?, bytes(2)?, bytes(3)?);
    let pbc = match row.get_ref(4)? {
        ValueRef::Integer(pbc) => pbc,
        _ => 0,
    };
    let pairs = bytes(5)?;
    let energy = match row.get_ref(6)? {
        ValueRef::Real(energy) if energy.is_finite() => Some(energy),
        _ => None,
    };
    let (id, mut columns) = match key_values(source, &pairs) {
        Ok((id, columns)) => (id.unwrap_or(fallback), columns),
        Err(bad) => return Ok(Err(whole(source, bad, &fallback))),
    };
    if let Some(energy) = energy {
        columns
            .entry("energy".to_owned())
            .or_insert(Cell::Number(energy));
    }
    Ok(match structure(&numbers, &positions, &cell, pbc) {
        Ok(structure) => Ok(Record {
            columns,
            ..super::record_of(id, structure, 0)
        }),
        Err(bad) => Err(whole(source, bad, &id)),
    })
}

/// A database has no lines.
fn whole(source: &Source<'_>, bad: Bad, id: &str) -> Fault {
    source.fault(Bad { at: None, ..bad }, Some(id))
}

fn key_values(
    source: &Source<'_>,
    pairs: &[u8],
) -> Result<(Option<String>, BTreeMap<String, Cell>), Bad> {
    let text = std::str::from_utf8(pairs).unwrap_or_default();
    if text.trim().is_empty() {
        return Ok((None, BTreeMap::new()));
    }
    let fields = fields(source, text).map_err(|bad| bad.field("key_value_pairs"))?;
    let id = id_of(&fields, &IDS);
    Ok((id, columns(source, &fields, &IDS)?))
}

fn structure(
    numbers: &[u8],
    positions: &[u8],
    cell: &[u8],
    pbc: i64,
) -> Result<crate::chem::structure::Structure, Bad> {
    let wrong = |field: &str, title: &str| {
        Bad::new(known::WRONG_TYPE, 0, title).field(field).help(
            "write the database again with ase 3.18 or later, which keeps numbers as \
             bytes",
        )
    };
    if pbc & 7 != 7 {
        return Err(Bad::new(
            known::WRONG_TYPE,
            0,
            "the structure is not periodic in all directions",
        )
        .field("pbc")
        .help("crystals are read: `atoms.pbc = True`"));
    }
    let count = numbers.len() / 4;
    if count > MAX_SITES {
        return Err(wrong(
            "numbers",
            "the structure has more than 100,000 sites",
        ));
    }
    if numbers.len() != 4 * count || positions.len() != 24 * count || cell.len() != 72 {
        return Err(wrong(
            "positions",
            "the numbers, positions and cell do not belong together",
        ));
    }
    let mut species = Vec::with_capacity(count);
    for chunk in numbers.as_chunks::<4>().0 {
        let z = i32::from_le_bytes(*chunk);
        let element = u8::try_from(z).ok().and_then(Element::from_z);
        species.push(element.ok_or_else(|| {
            let title = format!(
                "there is no element of number {}",
                quoted(z.to_string().as_bytes())
            );
            Bad::new(known::UNKNOWN_ELEMENT, 0, title)
                .field("numbers")
                .help("atomic numbers are 1 to 118; ghost atoms (0) are not read")
        })?);
    }
    let floats = |bytes: &[u8]| -> Vec<[f64; 3]> {
        let (chunks, _) = bytes.as_chunks::<8>();
        let (triples, _) = chunks.as_chunks::<3>();
        triples
            .iter()
            .map(|triple| triple.map(f64::from_le_bytes))
            .collect()
    };
    let Ok(lattice) = <[[f64; 3]; 3]>::try_from(floats(cell)) else {
        return Err(wrong("cell", "the cell is not three vectors"));
    };
    jarvis::structure(lattice, species, floats(positions), true)
        .map_err(|error| impossible(&error, 0, "of the row"))
}
