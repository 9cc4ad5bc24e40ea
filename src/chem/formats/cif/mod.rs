//! A CIF comes in, a record for each of its data blocks that holds a structure goes
//! out.
//!
//! Read: CIF 1.1 as the databases (ICSD, COD, Materials Project) and programs (VESTA,
//! pymatgen, ase) write it; names of both dictionaries. Symmetry: the listed operators,
//! else the Hall symbol, else the Hermann–Mauguin symbol or the number; a block that
//! says nothing of symmetry lists all its sites. The lattice has c along z and a in the
//! plane of x and z.

use std::ops::ControlFlow;

use super::code;
use super::source::{Bad, Source};
use super::{Settings, Sink};
use crate::chem::fault::{Fault, code as known};
use crate::chem::records::Record;

mod atoms;
mod block;
mod build;
mod expand;
pub mod group;
pub mod hall;
pub mod operator;
mod species;
mod token;
pub mod write;

use block::Block;
use token::{Token, Tokens};

/// Hand each structure of a CIF to `sink`. A single one is called `stem`; of several,
/// each is called `stem/block`. Blocks with neither cell nor sites are passed over.
pub fn read(
    source: &Source<'_>,
    stem: &str,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let mut held = None;
    let mut found = 0_u64;
    let mut named = |(block, next): (String, Result<Record, Fault>), several: bool| {
        let id = match several {
            true => format!("{stem}/{block}"),
            false => stem.to_owned(),
        };
        sink(match next {
            Ok(record) => Ok(Record { id, ..record }),
            Err(fault) => Err(Fault {
                record: Some(id),
                ..fault
            }),
        })
    };
    let flow = each_block(source, settings, &mut |name, next| {
        found += 1;
        match held.replace((name, next)) {
            Some(before) => named(before, true),
            None => ControlFlow::Continue(()),
        }
    });
    flow?;
    match held {
        Some(last) => named(last, found > 1),
        None => sink(Err(Fault::of_file(
            known::NO_RECORDS,
            source.file,
            "the CIF holds no structure".to_owned(),
        )
        .help("a structure is a `data_` block with a cell and atom sites"))),
    }
}

/// The structure blocks one by one, with the block's name.
fn each_block(
    source: &Source<'_>,
    settings: &Settings,
    take: &mut dyn FnMut(String, Result<Record, Fault>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut tokens = Tokens::new(source.bytes);
    let mut counted = (0, 1);
    loop {
        let name = match tokens.next() {
            Ok(Some(Token::Data(name))) => name,
            Ok(None) => return ControlFlow::Continue(()),
            Ok(Some(_)) => {
                let bad = Bad::syntax(
                    tokens.start,
                    "something stands before the first `data_`",
                )
                .help("a CIF begins with `data_` and a name");
                take(String::new(), Err(source.fault(bad, None)))?;
                tokens.skip_to_data();
                continue;
            }
            Err(bad) => {
                take(String::new(), Err(source.fault(bad, None)))?;
                tokens.skip_to_data();
                continue;
            }
        };
        let said = String::from_utf8_lossy(name).into_owned();
        let block = match Block::read(source.bytes, &mut tokens) {
            Ok(block) => block,
            Err(bad) => {
                take(said, Err(source.fault(bad, None)))?;
                tokens.skip_to_data();
                continue;
            }
        };
        if !block.has_sites && block.cell.iter().all(Option::is_none) {
            continue;
        }
        let line = line_after(source, &mut counted, block.at);
        let next = build::build(&block, settings)
            .map_err(|bad| source.fault(bad, None))
            .map(|structure| Record {
                id: String::new(),
                formula: structure.composition().reduced_formula(),
                structure,
                columns: std::collections::BTreeMap::new(),
                line,
            });
        take(said, next)?;
    }
}

/// The line of a byte, counted on from the byte and line known before.
fn line_after(source: &Source<'_>, counted: &mut (usize, u64), at: usize) -> u64 {
    let between = source.bytes.get(counted.0..at).unwrap_or_default();
    let lines = between.iter().filter(|b| **b == b'\n').count() as u64;
    *counted = (at, counted.1 + lines);
    counted.1
}

/// Lattice rows of a cell given by lengths in Å and angles in degrees; `at` is where
/// faults are placed.
pub(super) fn cell_matrix(
    lengths: &[f64; 3],
    angles: &[f64; 3],
    at: usize,
) -> Result<[[f64; 3]; 3], Bad> {
    build::lattice(lengths, angles, at)
}
