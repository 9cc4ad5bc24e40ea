//! A file comes in, its bytes as mapped memory go out.

#![allow(
    unsafe_code,
    reason = "the system cannot promise that nobody changes a mapped file"
)]

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Map a file for reading.
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: nothing in this program writes to a finished file of graphs. Should
    // another program change one, a checksum taken before the bytes are used may no
    // longer fit them; every number read is therefore checked against its bounds when
    // it is used (record::read), so wrong bytes give a wrong graph or an error.
    unsafe { Mmap::map(file) }
}
