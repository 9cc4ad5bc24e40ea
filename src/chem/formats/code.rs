//! The codes of faults that only structure files have, beside those of
//! [`crate::chem::fault::code`].

/// Text that breaks the grammar of its format (CIF, POSCAR, extxyz, JSON, SQLite).
pub const SYNTAX: &str = "E0714";
/// A symmetry operator or space-group symbol that cannot be read or does not fit.
pub const SYMMETRY: &str = "E0715";
/// A site that is not one whole atom.
pub const DISORDERED: &str = "E0716";
/// An archive that may not or cannot be unpacked.
pub const ARCHIVE: &str = "E0717";
/// A file of no format that is known.
pub const UNKNOWN_FORMAT: &str = "E0718";

/// All codes of this module.
pub const ALL: [&str; 5] = [SYNTAX, SYMMETRY, DISORDERED, ARCHIVE, UNKNOWN_FORMAT];
