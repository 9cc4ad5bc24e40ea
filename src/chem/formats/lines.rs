//! JSON lines come in, records go out: the project's own format, read by
//! [`crate::chem::records`].

use std::ops::ControlFlow;

use super::Sink;
use super::source::Source;
use crate::chem::records::{Limits, RecordStream};

pub(super) fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> ControlFlow<()> {
    match RecordStream::open(source.file, source.bytes, Limits::default()) {
        Ok(mut stream) => stream.try_for_each(sink),
        Err(fault) => sink(Err(fault)),
    }
}
