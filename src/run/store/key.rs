//! Keys: 32 bytes of blake3 in, 64 hexadecimal digits out, and back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The address of an artifact: a blake3 hash of everything that determines it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key([u8; 32]);

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKey(String);

impl Key {
    /// The key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<blake3::Hash> for Key {
    fn from(hash: blake3::Hash) -> Key {
        Key(*hash.as_bytes())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl FromStr for Key {
    type Err = BadKey;

    /// Lower case only, so that one key has one spelling and one folder.
    fn from_str(text: &str) -> Result<Key, BadKey> {
        let key = blake3::Hash::from_hex(text).map(Key::from);
        match key {
            Ok(key) if !text.bytes().any(|b| b.is_ascii_uppercase()) => Ok(key),
            _ => Err(BadKey(text.to_owned())),
        }
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.to_string()
    }
}

impl TryFrom<String> for Key {
    type Error = BadKey;

    fn try_from(text: String) -> Result<Key, BadKey> {
        text.parse()
    }
}

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a key: expected 64 digits 0-9 a-f", self.0)
    }
}

impl std::error::Error for BadKey {}
