//! The standard library's texts, carried in the binary.

/// The modules whose items every file sees. Each of them sees those before it; in full
/// names all of them are `prelude`.
pub const PRELUDE: &[&str] = &[
    "std.prelude.numbers",
    "std.prelude.starts",
    "std.prelude.layers",
    "std.prelude.tensors",
    "std.prelude.data",
    "std.prelude.sources",
    "std.prelude.features",
    "std.prelude.training",
];

/// Dotted name, file name for messages, text; the prelude's modules first.
pub const FILES: &[(&str, &str, &str)] = &[
    (
        "std.prelude.numbers",
        "stdlib/prelude/numbers.tmo",
        include_str!("../../stdlib/prelude/numbers.tmo"),
    ),
    (
        "std.prelude.starts",
        "stdlib/prelude/starts.tmo",
        include_str!("../../stdlib/prelude/starts.tmo"),
    ),
    (
        "std.prelude.layers",
        "stdlib/prelude/layers.tmo",
        include_str!("../../stdlib/prelude/layers.tmo"),
    ),
    (
        "std.prelude.tensors",
        "stdlib/prelude/tensors.tmo",
        include_str!("../../stdlib/prelude/tensors.tmo"),
    ),
    (
        "std.prelude.data",
        "stdlib/prelude/data.tmo",
        include_str!("../../stdlib/prelude/data.tmo"),
    ),
    (
        "std.prelude.sources",
        "stdlib/prelude/sources.tmo",
        include_str!("../../stdlib/prelude/sources.tmo"),
    ),
    (
        "std.prelude.features",
        "stdlib/prelude/features.tmo",
        include_str!("../../stdlib/prelude/features.tmo"),
    ),
    (
        "std.prelude.training",
        "stdlib/prelude/training.tmo",
        include_str!("../../stdlib/prelude/training.tmo"),
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
