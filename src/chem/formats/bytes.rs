//! A path or bytes come in, the content goes out, unpacked if it is gzip (told by its
//! first bytes). Nothing is allocated beyond the limits.

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::chem::fault::{Fault, code as known};

/// Most bytes that the beginning of a packed file is unpacked to.
const HEAD: u64 = 16 << 20;

/// How much may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file, and of its content after decompression.
    pub file_bytes: u64,
    /// Bytes of all members of an archive together.
    pub archive_bytes: u64,
    /// Members of an archive, files of a folder.
    pub members: usize,
    /// Content may be this many times larger than what was decompressed …
    pub expansion: u64,
    /// … once it is larger than this many bytes.
    pub expansion_floor: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        const MB: u64 = 1 << 20;
        Limits {
            file_bytes: 256 * MB,
            archive_bytes: 8192 * MB,
            members: 2_000_000,
            expansion: 200,
            expansion_floor: 16 * MB,
        }
    }
}

impl Limits {
    /// Most bytes that `packed` bytes may unpack to.
    pub(super) fn unpacked(&self, packed: u64, most: u64) -> u64 {
        let expanded = packed.saturating_mul(self.expansion);
        most.min(expanded.max(self.expansion_floor))
    }
}

/// Read a whole file.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Fault> {
    let file = path.display().to_string();
    let about = std::fs::metadata(path).map_err(|e| unreadable(&file, &e))?;
    if !about.is_file() {
        let title = "this is not a regular file".to_owned();
        return Err(Fault::of_file(known::UNREADABLE, &file, title)
            .help("name a file, a folder or an archive of structures"));
    }
    if about.len() > limits.file_bytes {
        return Err(too_large(&file, limits.file_bytes));
    }
    let reader = File::open(path).map_err(|e| unreadable(&file, &e))?;
    let mut bytes = Vec::new();
    reader
        .take(limits.file_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(&file, &e))?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(too_large(&file, limits.file_bytes));
    }
    Ok(bytes)
}

/// The content of a file; what is not gzip is the content itself.
pub(super) fn unpack<'a>(
    file: &str,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, Fault> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        if bytes.len() as u64 > limits.file_bytes {
            return Err(too_large(file, limits.file_bytes));
        }
        return Ok(Cow::Borrowed(bytes));
    }
    let most = limits.unpacked(bytes.len() as u64, limits.file_bytes);
    let mut content = Vec::new();
    match MultiGzDecoder::new(bytes)
        .take(most + 1)
        .read_to_end(&mut content)
    {
        Ok(_) if content.len() as u64 > most => Err(expands(file, most)),
        Ok(_) => Ok(Cow::Owned(content)),
        Err(error) => {
            let title = match error.kind() {
                ErrorKind::UnexpectedEof => "the gzip data ends too early".to_owned(),
                _ => format!("the gzip data is damaged ({error})"),
            };
            Err(Fault::of_file(known::UNREADABLE, file, title)
                .help("fetch or copy the file again; `gzip -t` tests it"))
        }
    }
}

/// The beginning of a file as far as it can be read by itself: unpacked where it is gzip,
/// and cut after a whole character; `None` where nothing can be read of it.
pub fn head(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut head = Cow::Borrowed(bytes);
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut content = Vec::new();
        // It ends in the middle: what came before the error is good.
        let _ = MultiGzDecoder::new(bytes)
            .take(HEAD)
            .read_to_end(&mut content);
        head = Cow::Owned(content);
    }
    if let Err(error) = std::str::from_utf8(&head)
        && error.error_len().is_none()
    {
        let end = error.valid_up_to();
        head = match head {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(..end)?),
            Cow::Owned(mut bytes) => {
                bytes.truncate(end);
                Cow::Owned(bytes)
            }
        };
    }
    (!head.is_empty()).then_some(head)
}

pub(super) fn expands(file: &str, most: u64) -> Fault {
    let title = format!("the file unpacks to more than {}", size(most));
    Fault::of_file(known::UNREADABLE, file, title)
        .help("split it, or unpack it and name the unpacked file")
}

/// A file that the system does not give.
pub fn unreadable(file: &str, error: &std::io::Error) -> Fault {
    let (title, help) = match error.kind() {
        ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "check the name; a path in a script starts from the script's folder",
        ),
        ErrorKind::PermissionDenied => (
            "the file may not be read (permission denied)".to_owned(),
            "give yourself the right to read it, for instance with `chmod u+r`",
        ),
        _ => (
            format!("the file cannot be read: {error}"),
            "check the disk or network share it lies on, then run again",
        ),
    };
    Fault::of_file(known::UNREADABLE, file, title).help(help)
}

fn too_large(file: &str, most: u64) -> Fault {
    let title = format!("the file is larger than {}", size(most));
    Fault::of_file(known::UNREADABLE, file, title).help("split it into several files")
}

pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} kB", bytes >> 10),
        _ => format!("{} MB", bytes >> 20),
    }
}
