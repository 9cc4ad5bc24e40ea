//! Thrift's compact protocol, as far as the metadata of Parquet need it: structs whose
//! fields come in rising order.
//! (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md)

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Writes one struct.
#[derive(Default)]
pub(super) struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    pub fn new() -> Struct {
        Struct::default()
    }

    pub fn i32(mut self, field: u8, value: i32) -> Struct {
        self.head(field, I32);
        zigzag(&mut self.bytes, i64::from(value));
        self
    }

    pub fn i64(mut self, field: u8, value: i64) -> Struct {
        self.head(field, I64);
        zigzag(&mut self.bytes, value);
        self
    }

    pub fn text(mut self, field: u8, text: &str) -> Struct {
        self.head(field, BINARY);
        binary(&mut self.bytes, text.as_bytes());
        self
    }

    pub fn inner(mut self, field: u8, inner: Struct) -> Struct {
        self.head(field, STRUCT);
        self.bytes.extend(inner.finish());
        self
    }

    pub fn i32s(mut self, field: u8, all: &[i32]) -> Struct {
        self.list(field, I32, all.len());
        for value in all {
            zigzag(&mut self.bytes, i64::from(*value));
        }
        self
    }

    pub fn texts(mut self, field: u8, all: &[&str]) -> Struct {
        self.list(field, BINARY, all.len());
        for text in all {
            binary(&mut self.bytes, text.as_bytes());
        }
        self
    }

    pub fn structs(mut self, field: u8, all: Vec<Struct>) -> Struct {
        self.list(field, STRUCT, all.len());
        for inner in all {
            self.bytes.extend(inner.finish());
        }
        self
    }

    /// The bytes with the mark of the end.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }

    /// All fields here are numbered 1 to 15 and rise, so a step fits four bits.
    fn head(&mut self, field: u8, kind: u8) {
        self.bytes.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    fn list(&mut self, field: u8, kind: u8, length: usize) {
        self.head(field, LIST);
        if length < 15 {
            self.bytes.push((length as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            varint(&mut self.bytes, length as u64);
        }
    }
}

/// An unsigned number, seven bits a byte, the lowest first.
pub(super) fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn zigzag(bytes: &mut Vec<u8>, value: i64) {
    varint(bytes, (value << 1 ^ value >> 63) as u64);
}

fn binary(bytes: &mut Vec<u8>, content: &[u8]) {
    varint(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_protocol_says() {
        let inner = Struct::new().i32(2, -1);
        let all = Struct::new().i32(1, 1).i64(3, 300).inner(4, inner);
        // Field 1: step 1, i32, zigzag(1) = 2. Field 3: step 2, i64, zigzag(300) = 600.
        let due = [0x15, 2, 0x26, 0xd8, 0x04, 0x1c, 0x25, 1, 0, 0];
        assert_eq!(all.finish(), due);
        let texts = Struct::new().texts(1, &["ab"; 2]);
        assert_eq!(texts.finish(), *b"\x19\x28\x02ab\x02ab\0");
        let long = Struct::new().i32s(1, &[0; 15]).finish();
        assert_eq!(long[..3], [0x19, 0xf5, 15]);
    }
}
