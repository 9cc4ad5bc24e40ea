//! Every error and warning code, once.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// It runs; something looks wrong.
    Warning,
}

macro_rules! codes {
    ($($code:ident $meaning:literal,)*) => {
        /// The code of a message. `tmo` never changes what a code means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $meaning] $code,)*
        }

        impl Code {
            /// All codes in order.
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            /// As it is printed.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            /// What it stands for, in a few words.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$code => $meaning,)* }
            }
        }
    };
}

codes! {
    E0001 "text that does not belong here",
    E0002 "the first line or its edition",
    E0003 "nested too deeply",
    E0101 "a name nobody defines",
    E0102 "things that need each other in a circle",
    E0103 "an import that cannot be followed",
    E0104 "an argument nobody takes, or given twice",
    E0105 "an argument that is missing",
    E0106 "a name that is taken",
    E0107 "a type that must be written, or parameters where none may be",
    E0201 "another type is due",
    E0202 "not a function, or settings that were not given",
    E0203 "no such field or column",
    E0204 "a domain used as a number",
    E0205 "a row field where there is no row",
    E0206 "a value that may be missing",
    E0207 "a column that exists already",
    E0208 "something known only after a run",
    E0301 "a unit is missing",
    E0302 "units that differ",
    E0303 "no such unit",
    E0304 "a quantity where a plain number is due",
    E0401 "sizes that differ",
    E0402 "domains that differ",
    E0403 "a size that is not positive",
    E0404 "model and features that do not fit",
    E0405 "weights in a function",
    E0408 "something fitted behind weights",
    E0501 "test data where it must not be seen",
    E0502 "a value out of its range",
    E0503 "a hole where none may stand",
    E0504 "an axis that is still open",
    E0505 "a split missing, or made twice",
    E0506 "no reference energy for an ion",
    E0508 "an engine without a density",
    E0509 "a model in which nothing is random",
    E0601 "a file that is missing",
    E0603 "nothing to run",
    E0604 "a plan to be asked for twice",
    E0701 "a data file that cannot be read",
    E0702 "a line that is not a record",
    E0703 "a field that is missing",
    E0704 "a field of the wrong form",
    E0705 "an element that does not exist",
    E0706 "a lattice that cannot be",
    E0707 "a number that is not finite",
    E0708 "an id that stands twice",
    E0709 "no records",
    E0710 "a record that contradicts itself",
    E0711 "a site coordinate that cannot be",
    E0712 "a feature that cannot be computed",
    E0713 "a split without rows",
    E0714 "a structure file that breaks its own rules",
    E0715 "a symmetry that cannot be",
    E0716 "a site that is not one atom",
    E0717 "an archive that is refused",
    E0718 "a file of no known format",
    E0801 "a loss or a prediction that is not finite",
    E0802 "weights that do not fit the model",
    E0803 "a checkpoint that cannot be used",
    E0804 "rows that do not fit the model",
    E0805 "a layer that cannot be built",
    E0806 "a setting of the training out of its range",
    E0807 "threads that cannot be started",
    E0808 "a value that is not finite",
    E0809 "a run that was interrupted",
    E0810 "a device that fails",
    E0901 "a store that cannot be used",
    E0902 "an output that cannot be written",
    W0101 "something deprecated",
    W0401 "a size named almost like a parameter",
    W0406 "a target without a unit",
    W0407 "one layer for all rounds, through a parameter",
    W0501 "something that nothing uses",
    W0502 "a crystal on both sides of a split",
    W0503 "test rows that choose",
    W0504 "a search with nothing to choose",
    W0901 "a damaged entry of the store",
}

impl Code {
    /// Errors begin with E, warnings with W.
    pub fn severity(self) -> Severity {
        if self.name().starts_with('W') {
            Severity::Warning
        } else {
            Severity::Error
        }
    }

    /// The code of that name.
    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}
