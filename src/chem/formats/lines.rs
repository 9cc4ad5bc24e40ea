//! JSON lines come in, records go out: the project's own format, read by
//! [`crate::chem::records`], or on each line what a JSON file may hold.

use std::ops::ControlFlow;

use super::source::Source;
use super::{Settings, Sink, items};
use crate::chem::records::{Limits, RecordStream};

pub(super) fn read(
    source: &Source<'_>,
    stem: &str,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    if is_of_databases(source.bytes) {
        return items::read_lines(source, stem, settings, sink);
    }
    match RecordStream::open(source.file, source.bytes, Limits::default()) {
        Ok(mut stream) => stream.try_for_each(sink),
        Err(fault) => sink(Err(fault)),
    }
}

/// Whether the first line holds a structure as databases write it.
fn is_of_databases(bytes: &[u8]) -> bool {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .find(|line| !line.is_empty());
    let has = |name: &[u8]| {
        first.is_some_and(|line| line.windows(name.len()).any(|part| part == name))
    };
    !has(b"\"frac\"")
        && (has(b"\"structure\"") || has(b"\"atoms\"") || has(b"\"attributes\""))
}
