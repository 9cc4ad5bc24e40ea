use std::io::Write;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8], limits: Limits) -> Result<Vec<String>, Fault> {
    let mut lines = Lines::open("x.jsonl", bytes, limits)?;
    let mut buffer = Vec::new();
    let mut all = Vec::new();
    while lines.next_into(&mut buffer)? {
        all.push(String::from_utf8(buffer.clone()).unwrap());
        assert_eq!(lines.number(), all.len() as u64);
    }
    Ok(all)
}

fn fault(bytes: &[u8], limits: Limits) -> Fault {
    let fault = read(bytes, limits).unwrap_err();
    assert_eq!(fault.code, code::UNREADABLE);
    fault
}

#[test]
fn plain_and_packed_lines_are_the_same() {
    let text = b"one\n\ntwo\nlast without end";
    let lines = ["one", "", "two", "last without end"];
    assert_eq!(read(text, Limits::default()).unwrap(), lines);
    assert_eq!(read(&gzip(text), Limits::default()).unwrap(), lines);
    // gzip files may be joined.
    let joined = [gzip(b"one\n\nt"), gzip(b"wo\nlast without end")].concat();
    assert_eq!(read(&joined, Limits::default()).unwrap(), lines);
    // Files shorter than the two bytes that tell gzip.
    assert!(read(b"", Limits::default()).unwrap().is_empty());
    assert_eq!(read(b"\x1f", Limits::default()).unwrap(), ["\x1f"]);
}

#[test]
fn damaged_gzip_is_told_from_the_end_of_the_file() {
    let packed = gzip("a line of text\n".repeat(5000).as_bytes());
    let half = &packed[..packed.len() / 2];
    let cut = fault(half, Limits::default());
    assert_eq!(cut.title, "the gzip data ends too early");
    assert!(cut.line > 0);
    let mut flipped = packed.clone();
    flipped[20] ^= 0xff;
    assert!(
        fault(&flipped, Limits::default())
            .title
            .contains("gzip data")
    );
    let mut checksum = packed.clone();
    let at = checksum.len() - 6;
    checksum[at] ^= 1;
    assert!(
        fault(&checksum, Limits::default())
            .title
            .contains("damaged")
    );
    let tail = [packed, b"garbage".to_vec()].concat();
    assert!(fault(&tail, Limits::default()).title.contains("gzip data"));
}

#[test]
fn every_limit_holds() {
    let text = "0123456789\n".repeat(100);
    let roomy = Limits::default();
    let line = Limits {
        line_bytes: 9,
        ..roomy
    };
    assert_eq!(
        fault(text.as_bytes(), line).title,
        "the line is longer than 9 bytes"
    );
    assert_eq!(fault(text.as_bytes(), line).line, 1);
    assert!(
        read(
            text.as_bytes(),
            Limits {
                line_bytes: 10,
                ..roomy
            }
        )
        .is_ok()
    );
    let file = Limits {
        file_bytes: 1024,
        ..roomy
    };
    assert_eq!(
        fault(text.as_bytes(), file).title,
        "the file is larger than 1 kB"
    );
    let content = Limits {
        content_bytes: 1000,
        ..roomy
    };
    assert!(
        fault(&gzip(text.as_bytes()), content)
            .title
            .contains("unpacks to more")
    );
    let bomb = gzip("x\n".repeat(1 << 20).as_bytes());
    let tight = Limits {
        expansion_floor: 1 << 20,
        ..roomy
    };
    assert!(fault(&bomb, tight).title.contains("more than 200 times"));
    assert!(read(&bomb, roomy).is_ok());
}

#[test]
fn io_errors_say_what_to_do() {
    let of = |kind: ErrorKind| unreadable("x", &std::io::Error::from(kind));
    assert_eq!(of(ErrorKind::NotFound).title, "there is no such file");
    assert!(of(ErrorKind::PermissionDenied).help.contains("chmod"));
    assert_eq!(of(ErrorKind::IsADirectory).title, "this is a folder");
    assert!(
        of(ErrorKind::TimedOut)
            .title
            .starts_with("the file cannot be read")
    );
}
