//! What the checker knows of an expression: its type, and as much of its value as does
//! not need a run.

use std::sync::Arc;

use indexmap::IndexMap;

use super::holes::Swept;
use super::size::Size;
use super::subst::Subst;
use super::ty::Ty;
use crate::chem::Element;
use crate::ir::{self, Made, Real, Static};
use crate::names::{Bound, ItemId, ModuleId};
use crate::source::Span;
use crate::syntax::ast::{Expr, Lambda};

/// An expression's type and value.
#[derive(Clone, Debug)]
pub struct Val {
    /// Its type.
    pub ty: Ty,
    /// Its value, as far as it is known.
    pub form: Form,
    /// Where it was written.
    pub span: Span,
}

/// How much of a value is known.
#[derive(Clone, Debug)]
pub enum Form {
    /// Its type only, or not even that.
    Unknown,
    /// A whole number, or a polynomial in the letters of a signature.
    Size(Size),
    /// A known number.
    Real(Real),
    /// A known truth.
    Bool(bool),
    /// A known text.
    Text(Arc<str>),
    /// A known file.
    Path(Arc<str>, std::path::PathBuf),
    /// An element.
    Element(Element),
    /// A named constant, by its full name.
    Symbol(Arc<str>),
    /// What a builtin makes of known settings.
    Made(Made),
    /// A list, each entry known as far as it goes.
    List(Vec<Val>),
    /// A tuple.
    Tuple(Vec<Val>),
    /// A record.
    Record(IndexMap<Arc<str>, Val>),
    /// A range.
    Range(Box<Val>, Box<Val>, bool),
    /// A function.
    Func(Arc<Func>),
    /// A module.
    Module(ModuleId),
    /// Known in a run.
    Run(Arc<ir::Expr>),
    /// One value for every cell of some axes; no rule sees it, a name gives the value of
    /// the cell at hand.
    Swept(Arc<Swept>),
}

/// A function.
#[derive(Clone, Debug)]
pub enum Func {
    /// A lambda and where it was written.
    Lambda(Arc<Lambda<Bound>>, Box<Ctx>),
    /// An item; its settings, once given, and where its weights belong.
    Item {
        /// Which.
        id: ItemId,
        /// Its name.
        name: Arc<str>,
        /// Its settings, when they have been given.
        settings: Option<Arc<Args>>,
        /// Where its weights belong.
        site: Option<ir::Site>,
        /// Where the settings were given, or its name stands.
        span: Span,
    },
    /// One after the other.
    Compose(Box<(Val, Val)>),
}

/// An argument given to a parameter.
#[derive(Clone, Debug)]
pub enum Arg {
    /// Its value.
    Value(Val),
    /// A function still to be read, once its input is known.
    Later(Arc<Expr<Bound>>, Ctx),
    /// What a parameter that takes several was given, with the names it was given by.
    Several(Vec<(Option<Arc<str>>, Arg)>),
}

impl Arg {
    /// Whether an error was reported for it, or for one of several.
    pub fn failed(&self) -> bool {
        match self {
            Arg::Value(val) => val.is_poison(),
            Arg::Later(..) => false,
            Arg::Several(all) => all.iter().any(|(_, arg)| arg.failed()),
        }
    }

    /// Where it was written.
    pub fn span(&self) -> Span {
        match self {
            Arg::Value(val) => val.span,
            Arg::Later(expr, _) => expr.span,
            Arg::Several(all) => all
                .iter()
                .fold(Span::NOWHERE, |span, (_, arg)| span.to(arg.span())),
        }
    }
}

/// Arguments by parameter, in declared order.
pub type Args = IndexMap<Arc<str>, Arg>;

/// Values of local names, innermost first.
#[derive(Clone, Debug, Default)]
pub struct Env(Option<Arc<Binding>>);

#[derive(Debug)]
struct Binding {
    name: Arc<str>,
    value: Val,
    before: Env,
}

impl Env {
    /// The same with one more name.
    pub fn with(&self, name: &Arc<str>, value: Val) -> Env {
        let binding = Binding {
            name: name.clone(),
            value,
            before: self.clone(),
        };
        Env(Some(Arc::new(binding)))
    }

    /// The innermost value of that name.
    pub fn find(&self, name: &str) -> Option<&Val> {
        let mut at = self.0.as_deref();
        while let Some(binding) = at {
            if &*binding.name == name {
                return Some(&binding.value);
            }
            at = binding.before.0.as_deref();
        }
        None
    }
}

/// Where weights belong, so far.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Ordinals and rounds from the model down.
    pub path: String,
    /// The same in names.
    pub label: String,
}

/// Where an expression stands.
#[derive(Clone, Debug, Default)]
pub struct Ctx {
    /// Local names.
    pub env: Env,
    /// The row `.x` means.
    pub row: Option<Box<Val>>,
    /// What a lambda calls the row, where `.x` means nothing.
    pub row_name: Option<Arc<str>>,
    /// The item whose text it is.
    pub item: Option<ItemId>,
    /// Sizes and domains of that item's signature.
    pub letters: Arc<Subst>,
    /// The layer it is in, and the rounds of `chain` and `repeat` around it.
    pub frame: Arc<Frame>,
    /// The `let` or argument it is the value of: what a hole in it is called.
    pub label: Option<Arc<str>>,
    /// Which copy it is, for each `several` around it.
    pub copy: Vec<u32>,
    /// Whether it is the body of a function.
    pub applied: bool,
    /// Whether the fields of this record keep their axes.
    pub keeps: bool,
}

impl Ctx {
    /// The same with one more local name.
    pub fn with(&self, name: &Arc<str>, value: Val) -> Ctx {
        Ctx {
            env: self.env.with(name, value),
            ..self.clone()
        }
    }

    /// The same for the value of a `let`, an argument or a field.
    pub fn labelled(&self, label: &Arc<str>) -> Ctx {
        Ctx {
            label: Some(label.clone()),
            ..self.clone()
        }
    }

    /// The same for a record whose fields keep their axes.
    pub fn keeping(&self) -> Ctx {
        Ctx {
            keeps: true,
            ..self.clone()
        }
    }

    /// Whether it is inside a function, where no hole may stand.
    pub fn in_function(&self) -> bool {
        self.applied || self.row.is_some() || self.row_name.is_some()
    }
}

impl Val {
    /// A value after an error that was reported.
    pub fn poison(span: Span) -> Val {
        Val {
            ty: Ty::Poison,
            form: Form::Unknown,
            span,
        }
    }

    /// A value of which the type alone is known.
    pub fn unknown(ty: Ty, span: Span) -> Val {
        Val {
            ty,
            form: Form::Unknown,
            span,
        }
    }

    /// A whole number.
    pub fn size(size: Size, span: Span) -> Val {
        Val {
            ty: Ty::int(),
            form: Form::Size(size),
            span,
        }
    }

    /// A known truth.
    pub fn truth(value: bool, span: Span) -> Val {
        Val {
            ty: Ty::Bool,
            form: Form::Bool(value),
            span,
        }
    }

    /// A function.
    pub fn func(func: Func, span: Span) -> Val {
        Val {
            ty: Ty::Function,
            form: Form::Func(Arc::new(func)),
            span,
        }
    }

    /// A value known in a run.
    pub fn run(ty: Ty, kind: ir::Kind, span: Span) -> Val {
        let shape = match &ty {
            Ty::Number(number) if !number.axes.is_scalar() => {
                number.axes.numbers().map(|sizes| ir::Shape {
                    domain: number.axes.domain.as_ref().map(|d| d.to_string().into()),
                    sizes,
                })
            }
            _ => None,
        };
        Val {
            ty,
            form: Form::Run(Arc::new(ir::Expr { kind, span, shape })),
            span,
        }
    }

    /// The same value, written elsewhere.
    pub fn at(mut self, span: Span) -> Val {
        self.span = span;
        self
    }

    /// Whether an error was reported for it.
    pub fn is_poison(&self) -> bool {
        self.ty.is_poison()
    }

    /// Whether it has a value for every cell of some axes.
    pub fn is_swept(&self) -> bool {
        matches!(self.form, Form::Swept(_))
    }

    /// The whole number it is, when known.
    pub fn as_int(&self) -> Option<i64> {
        match &self.form {
            Form::Size(size) => size.as_number(),
            _ => None,
        }
    }

    /// The number it is, when known.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.form {
            Form::Size(size) => size.as_number().map(|n| n as f64),
            Form::Real(real) => Some(real.value),
            _ => None,
        }
    }

    /// The value, when all of it is known.
    pub fn as_static(&self) -> Option<Static> {
        let all =
            |vals: &[Val]| vals.iter().map(Val::as_static).collect::<Option<Vec<_>>>();
        Some(match &self.form {
            Form::Size(size) => Static::Int(size.as_number()?),
            Form::Real(real) => Static::Real(real.clone()),
            Form::Bool(value) => Static::Bool(*value),
            Form::Text(text) => Static::Text(text.clone()),
            Form::Path(written, found) => Static::Path {
                written: written.clone(),
                found: found.clone(),
            },
            Form::Element(element) => Static::Element(*element),
            Form::Symbol(name) => Static::Symbol(name.clone()),
            Form::Made(made) => Static::Made(made.clone()),
            Form::List(vals) => Static::List(all(vals)?),
            Form::Tuple(vals) => Static::Tuple(all(vals)?),
            Form::Record(fields) => {
                let field = |(name, val): (&Arc<str>, &Val)| {
                    val.as_static().map(|known| (name.clone(), known))
                };
                Static::Record(fields.iter().map(field).collect::<Option<Vec<_>>>()?)
            }
            Form::Range(from, to, inclusive) => Static::Range(
                Box::new(from.as_static()?),
                Box::new(to.as_static()?),
                *inclusive,
            ),
            Form::Unknown
            | Form::Func(_)
            | Form::Module(_)
            | Form::Run(_)
            | Form::Swept(_) => return None,
        })
    }

    /// The value as an expression of the IR.
    pub fn as_ir(&self) -> Option<Arc<ir::Expr>> {
        if let Form::Run(expr) = &self.form {
            return Some(expr.clone());
        }
        let kind = match (self.as_static(), &self.form) {
            (Some(known), _) => ir::Kind::Static(known),
            (None, Form::Tuple(parts)) => {
                let parts = parts.iter().map(Val::as_ir);
                ir::Kind::Tuple(parts.collect::<Option<Vec<_>>>()?)
            }
            (None, _) => return None,
        };
        Some(Arc::new(ir::Expr {
            kind,
            span: self.span,
            shape: None,
        }))
    }
}
