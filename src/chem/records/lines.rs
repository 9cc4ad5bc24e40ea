//! Bytes of a file, plain or gzip, come in; lines with their numbers go out. Nothing
//! is allocated beyond the limits, whatever the file holds.

use std::io::{BufRead, BufReader, Chain, Cursor, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use crate::chem::fault::{Fault, code};

#[cfg(test)]
mod tests;

/// The first two bytes of gzip data.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How much a data file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file itself.
    pub file_bytes: u64,
    /// Bytes of its content, after decompression.
    pub content_bytes: u64,
    /// Bytes of one line.
    pub line_bytes: u64,
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
            content_bytes: 2048 * MB,
            line_bytes: 16 * MB,
            expansion: 200,
            expansion_floor: 16 * MB,
        }
    }
}

/// A reader that counts what was read from it.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// A file's bytes: those looked at to tell its kind, then the rest.
type Source<R> = BufReader<Counted<Chain<Cursor<Vec<u8>>, R>>>;

enum Input<R: Read> {
    Plain(Source<R>),
    Gzip(Box<BufReader<MultiGzDecoder<Source<R>>>>),
}

impl<R: Read> Input<R> {
    fn fill(&mut self) -> std::io::Result<&[u8]> {
        match self {
            Input::Plain(source) => source.fill_buf(),
            Input::Gzip(decoder) => decoder.fill_buf(),
        }
    }

    fn consume(&mut self, bytes: usize) {
        match self {
            Input::Plain(source) => source.consume(bytes),
            Input::Gzip(decoder) => decoder.consume(bytes),
        }
    }

    /// Bytes taken from the file so far.
    fn taken(&self) -> u64 {
        match self {
            Input::Plain(source) => source.get_ref().count,
            Input::Gzip(decoder) => decoder.get_ref().get_ref().get_ref().count,
        }
    }
}

/// The lines of one data file.
pub(super) struct Lines<R: Read> {
    input: Input<R>,
    limits: Limits,
    file: String,
    line: u64,
    content: u64,
}

impl<R: Read> Lines<R> {
    /// Look at the first bytes to tell gzip from plain text.
    pub(super) fn open(
        file: &str,
        mut reader: R,
        limits: Limits,
    ) -> Result<Lines<R>, Fault> {
        let mut head = Vec::with_capacity(GZIP.len());
        if let Err(error) = reader
            .by_ref()
            .take(GZIP.len() as u64)
            .read_to_end(&mut head)
        {
            return Err(unreadable(file, &error));
        }
        let gzip = head == GZIP;
        let inner = Cursor::new(head).chain(reader);
        let source = BufReader::new(Counted { inner, count: 0 });
        let input = if gzip {
            Input::Gzip(Box::new(BufReader::new(MultiGzDecoder::new(source))))
        } else {
            Input::Plain(source)
        };
        Ok(Lines {
            input,
            limits,
            file: file.to_owned(),
            line: 0,
            content: 0,
        })
    }

    /// Number of the line last read, from 1.
    pub(super) fn number(&self) -> u64 {
        self.line
    }

    /// The file's name, as given.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Read the next line into `buffer`, without its line feed; `false` at the end.
    pub(super) fn next_into(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Fault> {
        buffer.clear();
        self.line += 1;
        let mut begun = false;
        loop {
            let chunk = match self.input.fill() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.stopped(&error)),
            };
            if chunk.is_empty() {
                return Ok(begun);
            }
            begun = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if (buffer.len() + part.len()) as u64 > self.limits.line_bytes {
                return Err(self.line_too_long());
            }
            buffer.extend_from_slice(part);
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            self.content += used as u64;
            self.check_size()?;
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    fn check_size(&self) -> Result<(), Fault> {
        let Limits {
            file_bytes,
            content_bytes,
            expansion,
            expansion_floor,
            ..
        } = self.limits;
        let taken = self.input.taken();
        if taken > file_bytes {
            return Err(too_large(&self.file, file_bytes));
        }
        if self.content > content_bytes {
            let title = format!("the file unpacks to more than {}", size(content_bytes));
            return Err(Fault::of_file(code::UNREADABLE, &self.file, title)
                .help("split it into several files"));
        }
        let packed = matches!(self.input, Input::Gzip(_));
        if packed
            && self.content > expansion_floor
            && self.content > expansion.saturating_mul(taken)
        {
            let title =
                format!("the file unpacks to more than {expansion} times its size");
            return Err(Fault::of_file(code::UNREADABLE, &self.file, title).help(
                "no data set is that repetitive; if it is sound, unpack it with gunzip \
                 and name the unpacked file",
            ));
        }
        Ok(())
    }

    fn line_too_long(&self) -> Fault {
        let most = size(self.limits.line_bytes);
        let title = format!("the line is longer than {most}");
        let fault = Fault::of_file(code::UNREADABLE, &self.file, title);
        Fault {
            line: self.line,
            ..fault
        }
        .help(
            "a data file holds one JSON object per line; a JSON array or an indented \
             file must be rewritten as lines",
        )
    }

    /// Reading stopped in the middle of the file.
    fn stopped(&self, error: &std::io::Error) -> Fault {
        let damaged = matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
        );
        if !damaged {
            return Fault {
                line: self.line,
                ..unreadable(&self.file, error)
            };
        }
        let title = if error.kind() == ErrorKind::UnexpectedEof {
            "the gzip data ends too early".to_owned()
        } else {
            format!("the gzip data is damaged ({error})")
        };
        let fault = Fault::of_file(code::UNREADABLE, &self.file, title);
        Fault {
            line: self.line,
            ..fault
        }
        .help("fetch or copy the file again; `gzip -t` tests it")
    }
}

/// The file cannot be opened or read at all.
pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Fault {
    let (title, help) = match error.kind() {
        ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "check the name; a path in a script starts from the script's folder",
        ),
        ErrorKind::PermissionDenied => (
            "the file may not be read (permission denied)".to_owned(),
            "give yourself the right to read it, for instance with `chmod u+r`",
        ),
        ErrorKind::IsADirectory => return not_a_file(file, true),
        _ => (
            format!("the file cannot be read: {error}"),
            "check the disk or network share it lies on, then run again",
        ),
    };
    Fault::of_file(code::UNREADABLE, file, title).help(help)
}

/// A folder or a device stands where a file is expected.
pub(super) fn not_a_file(file: &str, folder: bool) -> Fault {
    let what = if folder {
        "a folder"
    } else {
        "not a regular file"
    };
    Fault::of_file(code::UNREADABLE, file, format!("this is {what}"))
        .help("name a file of JSON lines, plain or gzip")
}

/// The file is larger than the limit.
pub(super) fn too_large(file: &str, most: u64) -> Fault {
    let title = format!("the file is larger than {}", size(most));
    Fault::of_file(code::UNREADABLE, file, title).help("split it into several files")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} kB", bytes >> 10),
        _ => format!("{} MB", bytes >> 20),
    }
}
