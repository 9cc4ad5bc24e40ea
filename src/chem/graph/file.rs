//! Graphs on disk: graphs come in one by one, a compact file goes out, and back.
//!
//! Little-endian, and of any alignment, so that it can be read by plain reading or
//! through a memory map; each graph can be read by itself:
//!
//! | part | content |
//! |---|---|
//! | header | `TMOGRAPH`, version u32, 0 u32 |
//! | graphs | one after the other: see `record` |
//! | index | per graph: offset u64, length u64, first 16 bytes of the graph's BLAKE3 |
//! | trailer | number of graphs u64, offset of the index u64, BLAKE3 of header, index and these two numbers, `TMOGREND` |
//!
//! Nothing read is believed before its checksum fits, and its numbers are checked even
//! then: a damaged file gives a [`GraphFileError`], never a panic. A line graph is not
//! written: it follows from the edges, and making it anew is as quick as reading it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use memmap2::Mmap;

use super::CrystalGraph;

mod map;
mod record;
#[cfg(test)]
mod tests;

const MAGIC: &[u8; 8] = b"TMOGRAPH";
const END: &[u8; 8] = b"TMOGREND";
const VERSION: u32 = 1;
const HEADER: usize = 16;
const ENTRY: usize = 32;
const TRAILER: usize = 56;
/// Bytes of the trailer that come before its checksum.
const COUNTS: usize = 16;
/// Bytes kept of a graph's checksum.
const SUM: usize = 16;

/// Why a file of graphs cannot be written or read. Graphs count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphFileError {
    /// The system said no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Something else, or cut off at the start.
    #[error("not a file of graphs")]
    NotGraphs,
    /// Written by another version of the format.
    #[error("a file of graphs of version {version}: expected version {VERSION}")]
    Version {
        /// What the file says.
        version: u32,
    },
    /// Damaged, or cut off.
    #[error("the file of graphs is damaged: {what}")]
    Damaged {
        /// What does not fit.
        what: &'static str,
    },
    /// One graph is damaged; others may be whole.
    #[error("graph {graph} of the file is damaged: {what}")]
    DamagedGraph {
        /// Which graph.
        graph: usize,
        /// What does not fit.
        what: &'static str,
    },
    /// There is no such graph.
    #[error("graph {graph} of a file of {count}")]
    NoSuchGraph {
        /// Which was asked for.
        graph: usize,
        /// How many there are.
        count: usize,
    },
    /// A graph to be written whose lists do not fit each other.
    #[error("a graph that cannot be written: {what}")]
    BadGraph {
        /// What does not fit.
        what: &'static str,
    },
}

/// Writes graphs one by one.
pub struct GraphWriter<W> {
    out: W,
    index: Vec<u8>,
    offset: u64,
    record: Vec<u8>,
}

impl<W: Write> GraphWriter<W> {
    /// Begin a file.
    ///
    /// # Errors
    /// What the writing gives.
    pub fn new(mut out: W) -> Result<GraphWriter<W>, GraphFileError> {
        out.write_all(&header())?;
        Ok(GraphWriter {
            out,
            index: Vec::new(),
            offset: HEADER as u64,
            record: Vec::new(),
        })
    }

    /// Add a graph. Of its line graph only that there is one is kept.
    ///
    /// # Errors
    /// A graph whose lists do not fit each other, or what the writing gives.
    pub fn add(&mut self, graph: &CrystalGraph) -> Result<(), GraphFileError> {
        self.record.clear();
        record::write(graph, &mut self.record)
            .map_err(|what| GraphFileError::BadGraph { what })?;
        self.out.write_all(&self.record)?;
        let length = self.record.len() as u64;
        self.index.extend_from_slice(&self.offset.to_le_bytes());
        self.index.extend_from_slice(&length.to_le_bytes());
        self.index.extend_from_slice(&checksum(&self.record));
        self.offset += length;
        Ok(())
    }

    /// Write the index and give back what was written to. A file without it is refused.
    ///
    /// # Errors
    /// What the writing gives.
    pub fn finish(mut self) -> Result<W, GraphFileError> {
        let count = (self.index.len() / ENTRY) as u64;
        let mut counts = [0; COUNTS];
        let (left, right) = counts.split_at_mut(8);
        left.copy_from_slice(&count.to_le_bytes());
        right.copy_from_slice(&self.offset.to_le_bytes());
        self.out.write_all(&self.index)?;
        self.out.write_all(&counts)?;
        self.out.write_all(&whole_checksum(&self.index, &counts))?;
        self.out.write_all(END)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A file of graphs: its bytes in memory or mapped.
pub struct GraphFile<B> {
    bytes: B,
    count: usize,
    /// Where the index begins and ends.
    index: [usize; 2],
}

impl GraphFile<Vec<u8>> {
    /// Read a file into memory.
    ///
    /// # Errors
    /// As [`GraphFile::new`], or what the reading gives.
    pub fn read(path: &Path) -> Result<GraphFile<Vec<u8>>, GraphFileError> {
        GraphFile::new(std::fs::read(path)?)
    }
}

impl GraphFile<Mmap> {
    /// Map a file into memory; a graph is read from disk when it is asked for. The file
    /// must not be shortened meanwhile: the system ends a program that reads beyond its
    /// end. Files that are only ever replaced whole, by renaming, are safe.
    ///
    /// # Errors
    /// As [`GraphFile::new`], or what the mapping gives.
    pub fn map(path: &Path) -> Result<GraphFile<Mmap>, GraphFileError> {
        GraphFile::new(map::map(&File::open(path)?)?)
    }
}

impl<B: AsRef<[u8]>> GraphFile<B> {
    /// Take the bytes of a file. Header, index and trailer are checked here, each graph
    /// when it is asked for.
    ///
    /// # Errors
    /// Bytes that are no file of graphs, of another version, or damaged.
    pub fn new(bytes: B) -> Result<GraphFile<B>, GraphFileError> {
        let all = bytes.as_ref();
        let start = all.get(..HEADER).ok_or(GraphFileError::NotGraphs)?;
        if !start.starts_with(MAGIC) {
            return Err(GraphFileError::NotGraphs);
        }
        if start != header() {
            let version = start.get(8..12).and_then(|b| b.try_into().ok());
            let version = version.map_or(0, u32::from_le_bytes);
            return Err(if version == VERSION {
                damaged("the header has unknown flags")
            } else {
                GraphFileError::Version { version }
            });
        }
        let end = all.len().checked_sub(TRAILER).filter(|&at| at >= HEADER);
        let end = end.ok_or(damaged("it is cut off"))?;
        let trailer = all.get(end..).ok_or(damaged("it is cut off"))?;
        let (counts, rest) = trailer.split_at(COUNTS);
        if !rest.ends_with(END) {
            return Err(damaged("its end is missing"));
        }
        let (count, from) = (number(counts, 0), number(counts, 8));
        let index = from.and_then(|from| all.get(from..end));
        let index = index.ok_or(damaged("its index is not where it should be"))?;
        if count.and_then(|count| count.checked_mul(ENTRY)) != Some(index.len()) {
            return Err(damaged("its index has another length"));
        }
        if !rest.starts_with(&whole_checksum(index, counts)) {
            return Err(damaged("the checksum of its index differs"));
        }
        let (count, from) = (index.len() / ENTRY, end - index.len());
        Ok(GraphFile {
            bytes,
            count,
            index: [from, end],
        })
    }

    /// Number of graphs.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One graph, its line graph made anew if it had one.
    ///
    /// # Errors
    /// No such graph, or a damaged one.
    pub fn get(&self, graph: usize) -> Result<CrystalGraph, GraphFileError> {
        if graph >= self.count {
            let count = self.count;
            return Err(GraphFileError::NoSuchGraph { graph, count });
        }
        let damaged = |what| GraphFileError::DamagedGraph { graph, what };
        let body = self
            .body(graph)
            .ok_or(damaged("it lies outside the file"))?;
        record::read(body).map_err(damaged)
    }

    /// The graphs in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<CrystalGraph, GraphFileError>> {
        (0..self.count).map(|graph| self.get(graph))
    }

    /// Read every graph; whether all are whole.
    ///
    /// # Errors
    /// The first damaged graph.
    pub fn verify(&self) -> Result<(), GraphFileError> {
        self.iter().try_for_each(|graph| graph.map(|_| ()))
    }

    /// The bytes of a graph, if the index tells of bytes before it, and their checksum
    /// as the index has it.
    fn body(&self, graph: usize) -> Option<(&[u8], &[u8])> {
        let [from, to] = self.index;
        let entry = self
            .bytes
            .as_ref()
            .get(from..to)?
            .chunks_exact(ENTRY)
            .nth(graph)?;
        let (start, length) = (number(entry, 0)?, number(entry, 8)?);
        let end = start.checked_add(length).filter(|&end| end <= from)?;
        let body = self.bytes.as_ref().get(start..end)?;
        Some((body, entry.get(ENTRY - SUM..)?))
    }
}

fn header() -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let (magic, rest) = header.split_at_mut(8);
    magic.copy_from_slice(MAGIC);
    let (version, _) = rest.split_at_mut(4);
    version.copy_from_slice(&VERSION.to_le_bytes());
    header
}

fn damaged(what: &'static str) -> GraphFileError {
    GraphFileError::Damaged { what }
}

/// The u64 at a place, if it is there and fits.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    usize::try_from(u64::from_le_bytes(field.try_into().ok()?)).ok()
}

fn checksum(record: &[u8]) -> [u8; SUM] {
    let mut sum = [0; SUM];
    let hash = blake3::hash(record);
    sum.iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(to, from)| *to = *from);
    sum
}

fn whole_checksum(index: &[u8], counts: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header()).update(index).update(counts);
    *hasher.finalize().as_bytes()
}
