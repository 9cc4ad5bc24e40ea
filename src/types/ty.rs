//! Types of values, as the checker knows them.

use std::fmt;
use std::sync::Arc;

use super::dimension::Dimension;
use super::size::Size;
use crate::ir::CellAxis;

/// What the entries of a tensor's first axis are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// One entry per row of the batch.
    Rows,
    /// The nodes, edges or angles of one graph. Two are the same when their numbers
    /// are; 0 is the letter of a signature being checked by itself.
    Named(Arc<str>, u32),
}

impl Domain {
    /// The domain a letter of a signature stands for when it is checked by itself.
    pub fn letter(name: &str) -> Domain {
        Domain::Named(name.into(), 0)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Rows => f.write_str("rows"),
            Domain::Named(name, _) => f.write_str(name),
        }
    }
}

/// Axes of a tensor: at most one domain, first, then sizes. A plain number has none.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Axes {
    /// The domain.
    pub domain: Option<Domain>,
    /// The sizes.
    pub sizes: Vec<Size>,
}

impl Axes {
    /// Whether it is a plain number.
    pub fn is_scalar(&self) -> bool {
        self.domain.is_none() && self.sizes.is_empty()
    }

    /// The sizes as numbers, when all are.
    pub fn numbers(&self) -> Option<Vec<usize>> {
        let number = |size: &Size| size.as_number().and_then(|n| usize::try_from(n).ok());
        self.sizes.iter().map(number).collect()
    }
}

impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.domain.iter().map(Domain::to_string);
        let sizes = self.sizes.iter().map(Size::to_string);
        write!(
            f,
            "[{}]",
            domain.chain(sizes).collect::<Vec<_>>().join(", ")
        )
    }
}

/// A number or a tensor of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Its dimension.
    pub dimension: Dimension,
    /// Whether it is a whole number.
    pub whole: bool,
    /// Its axes.
    pub axes: Axes,
}

/// Columns of a data set, in order.
pub type Columns = Vec<(Arc<str>, Ty)>;

/// Which rows a data set holds; the later ones are the more secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Training rows.
    Train,
    /// Rows held out of training.
    Val,
    /// Rows set aside for the end.
    Test,
}

impl Part {
    /// As it is written after a dot.
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Val => "val",
            Part::Test => "test",
        }
    }

    /// The part of that name.
    pub fn named(name: &str) -> Option<Part> {
        [Part::Train, Part::Val, Part::Test]
            .into_iter()
            .find(|part| part.name() == name)
    }
}

/// What is to be predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetTy {
    /// What it is called, `formation_energy_per_atom`.
    pub name: Arc<str>,
    /// Its dimension.
    pub dimension: Dimension,
}

/// What is known of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetTy {
    /// Its columns.
    pub columns: Columns,
    /// The target, once chosen.
    pub target: Option<TargetTy>,
    /// Whether rows were set aside for the test.
    pub has_test: bool,
    /// Whether rows were held out of training.
    pub has_val: bool,
    /// The one part it is, when it is one.
    pub from: Option<Part>,
    /// The type of the features, once attached.
    pub features: Option<Ty>,
}

/// What is known of a crystal graph.
#[derive(Clone, Debug, PartialEq)]
pub struct CrystalTy {
    /// Its atoms.
    pub nodes: Domain,
    /// Its bonds.
    pub edges: Domain,
    /// Its angles, when it has a line graph.
    pub angles: Option<Domain>,
    /// How far its bonds reach, in Å, when that is known.
    pub radius: Option<f64>,
}

/// What is known of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableTy {
    /// Its columns.
    pub columns: Columns,
    /// What its rows were before they became rows: what `pick` gives back.
    pub cell: Option<Ty>,
    /// The axes of a sweep that are columns here, with their values.
    pub axes: Vec<CellAxis>,
    /// The part its rows come from, when they come from one.
    pub from: Option<Part>,
    /// What a file of it may hold besides columns.
    pub holds: Holds,
}

/// What the rows of a table hold: those of a data set that was saved, and nothing done
/// with them since, still are its structures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Holds {
    /// Columns only.
    #[default]
    Columns,
    /// Structures, with numbers as features or none.
    Structures,
    /// Structures with their graphs.
    Graphs,
    /// Features by name, which keep their shapes in `.npz` alone.
    Named,
}

/// What is known of a trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedTy {
    /// The data set it was trained on.
    pub data: DatasetTy,
    /// The dimension of its loss.
    pub loss: Dimension,
    /// Scores that were asked for, beside those every part has.
    pub asked: Columns,
    /// Whether it says how unsure it is.
    pub spread: bool,
    /// The columns of its trials, of a model that a search found.
    pub trials: Option<Columns>,
}

/// What is known of ions put into a host.
#[derive(Clone, Debug, PartialEq)]
pub struct InsertionTy {
    /// The builtin that makes its engine; empty when that is not known.
    pub engine: Arc<str>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Not known because of an error that was reported; fits everything.
    Poison,
    /// Numbers and tensors.
    Number(Number),
    /// `true`, `false`.
    Bool,
    /// A text.
    Text,
    /// A file.
    Path,
    /// A chemical element.
    Element,
    /// A crystal structure.
    Structure,
    /// A list.
    List(Box<Ty>),
    /// A set.
    Set(Box<Ty>),
    /// A range.
    Range(Box<Ty>),
    /// A tuple.
    Tuple(Vec<Ty>),
    /// A record.
    Record(Columns),
    /// May be missing.
    Maybe(Box<Ty>),
    /// A function; its body is checked where it is applied.
    Function,
    /// An enumeration of the prelude: `Loss`, `Optimizer`, …
    Named(Arc<str>),
    /// For each of the first domain, one of the second.
    Index(Domain, Domain),
    /// A graph: its nodes and edges.
    Graph(Domain, Domain),
    /// A crystal as a graph.
    Crystal(CrystalTy),
    /// A row of a data set.
    Row(Columns),
    /// A data set.
    Dataset(Arc<DatasetTy>),
    /// A table.
    Table(Arc<TableTy>),
    /// Scores over one part of the rows, by name.
    Scores(Arc<Columns>),
    /// Ions put into a host.
    Insertion(Arc<InsertionTy>),
    /// A figure.
    Figure,
    /// A report.
    Report,
    /// A trained model.
    Trained(Arc<TrainedTy>),
    /// A trained model with its scores.
    Evaluated(Arc<TrainedTy>),
    /// A module.
    Module,
    /// A domain used as a value.
    Domain(Domain),
}

impl Ty {
    /// The type of plain numbers of a dimension.
    pub fn real(dimension: Dimension) -> Ty {
        Ty::Number(Number {
            dimension,
            whole: false,
            axes: Axes::default(),
        })
    }

    /// The type of whole numbers.
    pub fn int() -> Ty {
        let dimension = Dimension::NONE;
        Ty::Number(Number {
            dimension,
            whole: true,
            axes: Axes::default(),
        })
    }

    /// A dimensionless tensor.
    pub fn tensor(axes: Axes) -> Ty {
        Ty::Number(Number {
            dimension: Dimension::NONE,
            whole: false,
            axes,
        })
    }

    /// Whether an error was reported for it.
    pub fn is_poison(&self) -> bool {
        matches!(self, Ty::Poison)
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Poison => f.write_str("?"),
            Ty::Number(number) => show_number(number, f),
            Ty::Bool => f.write_str("Bool"),
            Ty::Text => f.write_str("String"),
            Ty::Path => f.write_str("Path"),
            Ty::Element => f.write_str("Element"),
            Ty::Structure => f.write_str("Structure"),
            Ty::List(of) => write!(f, "List[{of}]"),
            Ty::Set(of) => write!(f, "Set[{of}]"),
            Ty::Range(of) => write!(f, "Range[{of}]"),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(Ty::to_string).collect();
                write!(f, "({})", parts.join(", "))
            }
            Ty::Record(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, ty)| format!("{name}: {ty}"))
                    .collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
            Ty::Maybe(of) => write!(f, "{of}?"),
            Ty::Function => f.write_str("function"),
            Ty::Named(name) => f.write_str(name),
            Ty::Index(from, to) => write!(f, "Index[{from}, {to}]"),
            Ty::Graph(nodes, edges) => write!(f, "Graph[{nodes}, {edges}]"),
            Ty::Crystal(CrystalTy {
                nodes,
                edges,
                angles: None,
                ..
            }) => {
                write!(f, "Crystal[{nodes}, {edges}]")
            }
            Ty::Crystal(CrystalTy {
                nodes,
                edges,
                angles: Some(angles),
                ..
            }) => {
                write!(f, "Crystal[{nodes}, {edges}, {angles}]")
            }
            Ty::Row(_) => f.write_str("Row"),
            Ty::Dataset(_) => f.write_str("Dataset"),
            Ty::Table(_) => f.write_str("Table"),
            Ty::Scores(_) => f.write_str("Scores"),
            Ty::Insertion(_) => f.write_str("Insertion"),
            Ty::Figure => f.write_str("Figure"),
            Ty::Report => f.write_str("Report"),
            Ty::Trained(_) => f.write_str("Trained"),
            Ty::Evaluated(_) => f.write_str("Evaluated"),
            Ty::Module => f.write_str("module"),
            Ty::Domain(domain) => write!(f, "the domain {domain}"),
        }
    }
}

fn show_number(number: &Number, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let scalar = number.axes.is_scalar();
    match (number.whole, number.dimension.is_none()) {
        (true, _) => f.write_str("Int")?,
        (false, true) if !scalar => {}
        (false, _) => write!(f, "{}", number.dimension)?,
    }
    if scalar {
        Ok(())
    } else {
        write!(f, "{}", number.axes)
    }
}
