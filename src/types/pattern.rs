//! Written types, read: what a parameter accepts and a result promises.
//!
//! A pattern may hold letters (`Q`, `T`, `n`, `d`, `..`) that a use binds. A free name
//! of a tensor is a domain when it stands first, otherwise a size.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dimension::{Dimension, Exponent};
use super::problems;
use crate::diagnostic::Problem;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Type, TypeArg, TypeKind};

/// An axis of a written tensor.
#[derive(Clone, Debug)]
pub enum AxisPat {
    /// `..`
    Rest,
    /// `rows`
    Rows,
    /// A domain's letter.
    Domain(Arc<str>),
    /// A size: a letter, a number, or arithmetic.
    Size(Arc<Expr>),
}

/// A written dimension.
#[derive(Clone, Debug, PartialEq)]
pub enum DimPat {
    /// A known one.
    Known(Dimension),
    /// `Q` or `R`, to a power.
    Letter(Arc<str>),
}

/// A written type.
#[derive(Clone, Debug)]
pub enum Pat {
    /// Could not be read; reported.
    Poison,
    /// `Any`.
    Any,
    /// `T`, `U`.
    Letter(Arc<str>),
    /// Numbers and tensors; `axes` is none for a plain number.
    Number {
        /// Its dimension.
        dimension: DimPat,
        /// Whole numbers only.
        whole: bool,
        /// Between 0 and 1.
        ratio: bool,
        /// Its axes.
        axes: Option<Vec<AxisPat>>,
    },
    /// `Bool`
    Bool,
    /// `String`
    Text,
    /// `Path`
    Path,
    /// `Element`
    Element,
    /// `Structure`
    Structure,
    /// `List[T]`
    List(Box<Pat>),
    /// `Set[T]`
    Set(Box<Pat>),
    /// `Range[T]`
    Range(Box<Pat>),
    /// `(A, B)`
    Tuple(Vec<Pat>),
    /// `{a: A}`
    Record(Vec<(Arc<str>, Pat)>),
    /// `A?`
    Maybe(Box<Pat>),
    /// `A => B`
    Function(Box<Pat>, Box<Pat>),
    /// An enumeration of the prelude.
    Named(Arc<str>),
    /// `Index[a, b]`
    Index(AxisPat, AxisPat),
    /// `Graph[n, e]`
    Graph(AxisPat, AxisPat),
    /// `Crystal[n, e]`, `Crystal[n, e, t]`
    Crystal(AxisPat, AxisPat, Option<AxisPat>),
    /// `Row`
    Row,
    /// `Dataset`
    Dataset,
    /// `Table`
    Table,
    /// `Rows`: a data set or a table; the same kind comes back.
    Rows,
    /// `Scores`
    Scores,
    /// `Insertion`
    Insertion,
    /// `Figure`
    Figure,
    /// `Report`
    Report,
    /// `Trained`
    Trained,
    /// `Evaluated`
    Evaluated,
    /// A model with its settings.
    Model,
    /// `Space[T]`: an expression with search holes, read by whoever fills them.
    Space(Box<Pat>),
}

/// Enumerations of the prelude.
const ENUMERATIONS: [&str; 20] = [
    "AdamForm",
    "Channel",
    "DecayOn",
    "Engine",
    "First",
    "Functional",
    "Init",
    "Keep",
    "Loss",
    "Method",
    "Metric",
    "OnBad",
    "Optimizer",
    "Order",
    "RefitOn",
    "RowOrder",
    "Schedule",
    "TargetScale",
    "Watched",
    "WeightNames",
];

/// Types that are neither numbers nor enumerations.
const OTHERS: [&str; 26] = [
    "Any",
    "Bool",
    "Crystal",
    "Dataset",
    "Element",
    "Evaluated",
    "Figure",
    "Graph",
    "Index",
    "Insertion",
    "Int",
    "List",
    "Model",
    "Path",
    "Range",
    "Ratio",
    "Report",
    "Row",
    "Rows",
    "Scores",
    "Set",
    "Space",
    "String",
    "Structure",
    "Table",
    "Trained",
];

/// Every name a written type may use, for did-you-mean and completion.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    Dimension::names()
        .chain(["Real"])
        .chain(ENUMERATIONS)
        .chain(OTHERS)
}

/// Reads the written types of one signature.
pub struct Reader<'a> {
    /// Names of parameters: a size, never a domain.
    pub params: &'a BTreeSet<Arc<str>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Read one type.
    pub fn read(&mut self, ty: &Type) -> Pat {
        match &ty.kind {
            TypeKind::Named(name, args) => self.named(&name.value, name.span, args),
            TypeKind::Tensor(axes) => self.number(Dimension::NONE, Some(axes)),
            TypeKind::Tuple(parts) => {
                Pat::Tuple(parts.iter().map(|part| self.read(part)).collect())
            }
            TypeKind::Record(fields) => Pat::Record(
                fields
                    .iter()
                    .map(|(name, ty)| (name.value.clone(), self.read(ty)))
                    .collect(),
            ),
            TypeKind::Function(from, to) => {
                Pat::Function(self.read(from).into(), self.read(to).into())
            }
            TypeKind::Maybe(of) => Pat::Maybe(self.read(of).into()),
            TypeKind::Product(..) | TypeKind::Power(..) => match self.dimension(ty) {
                Some(dimension) => self.number(dimension, None),
                None => Pat::Poison,
            },
        }
    }

    fn named(&mut self, name: &Arc<str>, span: Span, args: &[TypeArg]) -> Pat {
        let axes = (!args.is_empty()).then_some(args);
        if let Some(dimension) = Dimension::named(name) {
            return self.number(dimension, axes);
        }
        let argument = |reader: &mut Self| match args {
            [TypeArg::Type(ty)] => reader.read(ty),
            _ => {
                reader
                    .problems
                    .push(problems::type_needs_argument(name, span));
                Pat::Poison
            }
        };
        match &**name {
            "List" => return Pat::List(argument(self).into()),
            "Set" => return Pat::Set(argument(self).into()),
            "Space" => return Pat::Space(argument(self).into()),
            "Range" => return Pat::Range(argument(self).into()),
            "Int" => {
                return Pat::Number {
                    dimension: DimPat::Known(Dimension::NONE),
                    whole: true,
                    ratio: false,
                    axes: axes.map(|axes| self.axes(axes)),
                };
            }
            "Q" | "R" => {
                return Pat::Number {
                    dimension: DimPat::Letter(name.clone()),
                    whole: false,
                    ratio: false,
                    axes: axes.map(|axes| self.axes(axes)),
                };
            }
            _ => {}
        }
        if matches!(&**name, "Index" | "Graph" | "Crystal") {
            return self.over_domains(name, span, args);
        }
        if axes.is_some() {
            self.problems
                .push(problems::type_takes_no_argument(name, span));
            return Pat::Poison;
        }
        match &**name {
            "Ratio" => Pat::Number {
                dimension: DimPat::Known(Dimension::NONE),
                whole: false,
                ratio: true,
                axes: None,
            },
            "Any" => Pat::Any,
            "T" | "U" => Pat::Letter(name.clone()),
            "Bool" => Pat::Bool,
            "String" => Pat::Text,
            "Path" => Pat::Path,
            "Element" => Pat::Element,
            "Structure" => Pat::Structure,
            "Row" => Pat::Row,
            "Dataset" => Pat::Dataset,
            "Table" => Pat::Table,
            "Rows" => Pat::Rows,
            "Scores" => Pat::Scores,
            "Insertion" => Pat::Insertion,
            "Figure" => Pat::Figure,
            "Report" => Pat::Report,
            "Trained" => Pat::Trained,
            "Evaluated" => Pat::Evaluated,
            "Model" => Pat::Model,
            word if ENUMERATIONS.contains(&word) => Pat::Named(name.clone()),
            _ => {
                self.problems.push(problems::no_such_type(name, span));
                Pat::Poison
            }
        }
    }

    /// `Index[a, b]`, `Graph[n, e]`, `Crystal[n, e, t]`.
    fn over_domains(&mut self, name: &str, span: Span, args: &[TypeArg]) -> Pat {
        let mut domains = Vec::new();
        for arg in args {
            if let TypeArg::Size(size) = arg
                && let pat @ (AxisPat::Rows | AxisPat::Domain(_)) = self.axis(size, true)
            {
                domains.push(pat);
            }
        }
        let complete = domains.len() == args.len();
        let mut domains = domains.into_iter();
        match (
            name,
            domains.next(),
            domains.next(),
            domains.next(),
            domains.next(),
        ) {
            ("Index", Some(a), Some(b), None, _) if complete => Pat::Index(a, b),
            ("Graph", Some(a), Some(b), None, _) if complete => Pat::Graph(a, b),
            ("Crystal", Some(a), Some(b), c, None) if complete => Pat::Crystal(a, b, c),
            _ => {
                self.problems.push(problems::type_needs_domains(name, span));
                Pat::Poison
            }
        }
    }

    fn number(&mut self, dimension: Dimension, axes: Option<&[TypeArg]>) -> Pat {
        Pat::Number {
            dimension: DimPat::Known(dimension),
            whole: false,
            ratio: false,
            axes: axes.map(|axes| self.axes(axes)),
        }
    }

    fn axes(&mut self, axes: &[TypeArg]) -> Vec<AxisPat> {
        let mut read = Vec::new();
        for (at, axis) in axes.iter().enumerate() {
            match axis {
                TypeArg::Rest(_) => read.push(AxisPat::Rest),
                TypeArg::Size(size) => read.push(self.axis(size, at == 0)),
                TypeArg::Type(ty) => {
                    self.problems.push(problems::not_an_axis(ty.span));
                }
            }
        }
        read
    }

    fn axis(&self, size: &Arc<Expr>, first: bool) -> AxisPat {
        match &size.kind {
            ExprKind::Name(name) if first && &*name.value == "rows" => AxisPat::Rows,
            ExprKind::Name(name) if first && !self.params.contains(&name.value) => {
                AxisPat::Domain(name.value.clone())
            }
            _ => AxisPat::Size(size.clone()),
        }
    }

    fn dimension(&mut self, ty: &Type) -> Option<Dimension> {
        match &ty.kind {
            TypeKind::Named(name, args) if args.is_empty() => {
                let found = Dimension::named(&name.value);
                if found.is_none() {
                    self.problems
                        .push(problems::no_such_type(&name.value, name.span));
                }
                found
            }
            TypeKind::Product(a, divides, b) => {
                let (a, b) = (self.dimension(a)?, self.dimension(b)?);
                Some(if *divides { a.over(b) } else { a.times(b) })
            }
            TypeKind::Power(of, numerator, denominator) => {
                let exponent =
                    Exponent::new(i16::from(*numerator), i16::from(*denominator));
                Some(self.dimension(of)?.power(exponent))
            }
            _ => {
                self.problems.push(problems::not_a_quantity(ty.span));
                None
            }
        }
    }
}
