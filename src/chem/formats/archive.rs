//! A zip or tar archive comes in, the records of the structure files in it go out, in
//! the archive's order. Nothing is written to disk. Names with `..`, absolute names and
//! names that stand twice are refused; links and other members are passed over.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use super::bytes::{Limits, size};
use super::code;
use super::detect::{Format, by_name};
use super::source::Source;
use super::{Settings, Sink, bytes, detect, read_plain};
use crate::chem::fault::Fault;

/// Longest name of a member, in bytes.
const MAX_NAME: usize = 4_096;

pub(super) fn read(
    source: &Source<'_>,
    format: Format,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let mut walk = Walk {
        source,
        settings,
        names: BTreeSet::new(),
        total: 0,
    };
    let walked = match format {
        Format::Zip => walk.zip(sink),
        _ => walk.tar(sink),
    };
    match walked {
        Ok(flow) => flow,
        Err(fault) => sink(Err(fault)),
    }
}

fn fault(source: &Source<'_>, title: impl Into<String>) -> Fault {
    Fault::of_file(code::ARCHIVE, source.file, title.into())
}

pub(super) fn nested(source: &Source<'_>) -> Fault {
    fault(source, "an archive stands inside an archive")
        .help("unpack the outer one and name the inner one")
}

fn damaged(source: &Source<'_>, error: &dyn std::fmt::Display) -> Fault {
    let said: String = error.to_string().chars().take(120).collect();
    fault(source, format!("the archive cannot be read: {said}"))
        .help("fetch it again: it was cut off or damaged")
}

struct Walk<'w, 'a> {
    source: &'w Source<'a>,
    settings: &'w Settings,
    names: BTreeSet<String>,
    /// Bytes of all members so far.
    total: u64,
}

impl Walk<'_, '_> {
    fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Check a member's name; whether it is a structure file.
    fn admit(&mut self, name: &str) -> Result<bool, Fault> {
        let shown: String = name.chars().take(80).collect();
        let parts = || name.split(['/', '\\']);
        let drive = name.as_bytes().get(1) == Some(&b':');
        let climbs = parts().any(|part| part == "..");
        if name.len() > MAX_NAME
            || name.starts_with(['/', '\\'])
            || drive
            || climbs
            || name.contains('\0')
        {
            return Err(fault(
                self.source,
                format!("the name `{shown}` leads out of the archive"),
            )
            .help("no sound archive has such a name; do not trust this file"));
        }
        if !self.names.insert(name.to_owned()) {
            return Err(
                fault(self.source, format!("the name `{shown}` stands twice")).help(
                    "which of the two is meant cannot be told: write the archive again",
                ),
            );
        }
        if self.names.len() > self.limits().members {
            let most = self.limits().members;
            return Err(fault(
                self.source,
                format!("the archive has more than {most} members"),
            )
            .help("split it into several"));
        }
        let hidden = parts().any(|part| part.starts_with('.') || part == "__MACOSX");
        let format = by_name(name);
        Ok(!hidden
            && match (format, self.settings.format) {
                (None, _) => false,
                (Some(is), Some(asked)) => is == asked,
                (Some(_), None) => true,
            })
    }

    /// Read one member, at most as much as is allowed.
    fn content(&mut self, name: &str, reader: &mut dyn Read) -> Result<Vec<u8>, Fault> {
        let left = self.limits().archive_bytes.saturating_sub(self.total);
        let most = self.limits().file_bytes.min(left);
        let mut content = Vec::new();
        reader
            .take(most + 1)
            .read_to_end(&mut content)
            .map_err(|error| damaged(self.source, &error))?;
        self.total += content.len() as u64;
        if content.len() as u64 > most {
            let shown: String = name.chars().take(80).collect();
            let title = format!("member `{shown}` is larger than {}", size(most));
            return Err(fault(self.source, title).help("split it into several files"));
        }
        Ok(content)
    }

    fn member(&self, name: &str, content: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        let file = format!("{}/{name}", self.source.file);
        let unpacked = match bytes::unpack(&file, content, self.limits()) {
            Ok(unpacked) => unpacked,
            Err(fault) => return sink(Err(inside(fault))),
        };
        let member = Source::new(&file, &unpacked);
        match self.settings.format.or_else(|| detect(&file, &unpacked)) {
            Some(format) => read_plain(&member, format, self.settings, sink),
            None => sink(Err(detect::unknown(&member))),
        }
    }

    fn zip(&mut self, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, Fault> {
        let source = *self.source;
        let packed = source.bytes.len() as u64;
        let mut archive = zip::ZipArchive::new(Cursor::new(source.bytes))
            .map_err(|error| damaged(&source, &error))?;
        for i in 0..archive.len() {
            let mut member = archive
                .by_index(i)
                .map_err(|error| damaged(&source, &error))?;
            let name = member
                .name()
                .map_err(|error| damaged(&source, &error))?
                .into_owned();
            if !self.admit(&name)? || !member.is_file() {
                continue;
            }
            let content = self.content(&name, &mut member)?;
            if self.total > self.limits().unpacked(packed, self.limits().archive_bytes) {
                let title = "the archive unpacks to far more than its size";
                return Err(fault(&source, title).help(
                    "no data set is that repetitive; unpack it and name the folder",
                ));
            }
            drop(member);
            if self.member(&name, &content, sink).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn tar(&mut self, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, Fault> {
        let source = *self.source;
        let mut archive = tar::Archive::new(source.bytes);
        let entries = archive
            .entries()
            .map_err(|error| damaged(&source, &error))?;
        for entry in entries {
            let mut entry = entry.map_err(|error| damaged(&source, &error))?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            if !self.admit(&name)? || !kind.is_file() {
                continue;
            }
            let content = self.content(&name, &mut entry)?;
            if (content.len() as u64) < entry.size() {
                return Err(damaged(&source, &"it ends too early"));
            }
            if self.member(&name, &content, sink).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A member that cannot be unpacked is one bad file of many.
fn inside(fault: Fault) -> Fault {
    Fault {
        code: code::ARCHIVE,
        ..fault
    }
}
