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
        "std.models.alignn",
        "stdlib/models/alignn.tmo",
        include_str!("../../stdlib/models/alignn.tmo"),
    ),
    (
        "std.models.cgcnn",
        "stdlib/models/cgcnn.tmo",
        include_str!("../../stdlib/models/cgcnn.tmo"),
    ),
    (
        "std.models.cnn",
        "stdlib/models/cnn.tmo",
        include_str!("../../stdlib/models/cnn.tmo"),
    ),
    (
        "std.models.gatgnn",
        "stdlib/models/gatgnn.tmo",
        include_str!("../../stdlib/models/gatgnn.tmo"),
    ),
    (
        "std.models.megnet",
        "stdlib/models/megnet.tmo",
        include_str!("../../stdlib/models/megnet.tmo"),
    ),
];
