//! The standard library's texts, carried in the binary.

/// Dotted name of the module whose items every file sees.
pub const PRELUDE: &str = "std.prelude";

/// Dotted name, file name for messages, text.
pub const FILES: &[(&str, &str, &str)] = &[
    (
        PRELUDE,
        "stdlib/prelude.tmo",
        include_str!("../../stdlib/prelude.tmo"),
    ),
    (
        "std.layers",
        "stdlib/layers.tmo",
        include_str!("../../stdlib/layers.tmo"),
    ),
    (
        "std.models.cnn",
        "stdlib/models/cnn.tmo",
        include_str!("../../stdlib/models/cnn.tmo"),
    ),
];
