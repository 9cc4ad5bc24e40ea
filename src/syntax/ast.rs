//! The syntax tree, the same for every stage up to checking.
//!
//! It is generic in what a name is: [`Ident`] (text and place) when it comes from the
//! parser, [`crate::names::Bound`] (what the name stands for) after resolution. So a
//! tree with unresolved names has another type than one without.

use std::sync::Arc;

use crate::source::{Span, Spanned};

/// A name as written.
pub type Ident = Spanned<Arc<str>>;

/// One file.
#[derive(Clone, Debug)]
pub struct File<N = Ident> {
    /// The edition in `tmo 1`, when the header stands there.
    pub edition: Option<Spanned<u32>>,
    /// What could be read; a broken item is absent and was reported.
    pub items: Vec<Item<N>>,
    /// The whole text.
    pub span: Span,
}

/// A top-level item and its documentation.
#[derive(Clone, Debug)]
pub struct Item<N = Ident> {
    /// The `///` lines before it, without the slashes, joined by newlines.
    pub doc: Option<Arc<str>>,
    /// From its keyword to its end.
    pub span: Span,
    /// Which item.
    pub kind: ItemKind<N>,
}

/// The kinds of item.
#[derive(Clone, Debug)]
pub enum ItemKind<N = Ident> {
    /// `use std.layers.{mlp}` or `use "file.tmo".{tmos}`.
    Use(Use),
    /// `let x = 1`.
    Let(Let<N>),
    /// `fn`, `dataset`, `features`, `layer`, `model`, `experiment`, `study`.
    Decl(Arc<Decl<N>>),
}

/// An import.
#[derive(Clone, Debug)]
pub struct Use {
    /// From where.
    pub from: UseFrom,
    /// What comes in.
    pub what: UseWhat,
}

/// Where an import comes from.
#[derive(Clone, Debug)]
pub enum UseFrom {
    /// A file, relative to the one that imports.
    File(Spanned<String>),
    /// A module of the standard library, as `std.models.cnn`.
    Module(Vec<Ident>),
}

/// What an import brings in.
#[derive(Clone, Debug)]
pub enum UseWhat {
    /// The listed names.
    Names(Vec<Ident>),
    /// The module under a name of its own.
    Alias(Ident),
    /// The module under the last word of its path.
    Whole,
}

/// `let pattern: type = value`, at top level or in a block.
#[derive(Clone, Debug)]
pub struct Let<N = Ident> {
    /// What it binds.
    pub pattern: Pattern,
    /// The declared type.
    pub ty: Option<Type>,
    /// The value.
    pub value: Arc<Expr<N>>,
    /// All of it.
    pub span: Span,
}

/// The left side of a `let`.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// One name.
    Name(Ident),
    /// `(a, b)`.
    Tuple(Vec<Ident>, Span),
}

/// A named declaration with `=` and a body.
#[derive(Clone, Debug)]
pub struct Decl<N = Ident> {
    /// Its keyword.
    pub noun: Noun,
    /// Its name.
    pub name: Ident,
    /// Parameter groups: none, one, or settings and input.
    pub groups: Vec<Vec<Param<N>>>,
    /// The declared result.
    pub result: Option<Type>,
    /// The body; for a builtin the bare name `builtin`.
    pub body: Arc<Expr<N>>,
}

/// The keyword of a [`Decl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// `fn`
    Fn,
    /// `dataset`
    Dataset,
    /// `features`
    Features,
    /// `layer`
    Layer,
    /// `model`
    Model,
    /// `experiment`
    Experiment,
    /// `study`
    Study,
}

impl Noun {
    /// The keyword itself.
    pub fn word(self) -> &'static str {
        match self {
            Noun::Fn => "fn",
            Noun::Dataset => "dataset",
            Noun::Features => "features",
            Noun::Layer => "layer",
            Noun::Model => "model",
            Noun::Experiment => "experiment",
            Noun::Study => "study",
        }
    }
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param<N = Ident> {
    /// Written `..name`: takes what remains.
    pub rest: bool,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Option<Type>,
    /// Its default.
    pub default: Option<Arc<Expr<N>>>,
    /// All of it.
    pub span: Span,
}

/// An expression and its place.
#[derive(Clone, Debug)]
pub struct Expr<N = Ident> {
    /// Which expression.
    pub kind: ExprKind<N>,
    /// Its place.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind<N = Ident> {
    /// `5`, `5 Å`, `20%`.
    Number(Number),
    /// A string, escapes resolved.
    Text(String),
    /// `true`, `false`.
    Bool(bool),
    /// A name.
    Name(N),
    /// `.energy`: a field of the implicit row.
    RowField(Ident),
    /// `{ a: 1, ..rest }`.
    Record(Vec<Arg<N>>),
    /// `{ let a = 1 a + 1 }`.
    Block(Vec<Let<N>>, Arc<Expr<N>>),
    /// `(a, b)`, at least two. A single one in brackets is the expression itself.
    Tuple(Vec<Arc<Expr<N>>>),
    /// `[a, b]`.
    List(Vec<Arc<Expr<N>>>),
    /// `f(a, b: c)`.
    Call {
        /// What is called.
        callee: Arc<Expr<N>>,
        /// With what.
        args: Vec<Arg<N>>,
        /// From `(` to `)`.
        brackets: Span,
    },
    /// `x[i]`.
    Index(Arc<Expr<N>>, Arc<Expr<N>>),
    /// `x.name`.
    Field(Arc<Expr<N>>, Ident),
    /// `-x`, `not x`.
    Unary(UnaryOp, Arc<Expr<N>>),
    /// `a + b` and the like.
    Binary(Spanned<BinaryOp>, Arc<Expr<N>>, Arc<Expr<N>>),
    /// `a .. b`, `a ..= b`.
    Range {
        /// First value.
        from: Arc<Expr<N>>,
        /// Last value, or one past it.
        to: Arc<Expr<N>>,
        /// Whether `to` itself belongs to it.
        inclusive: bool,
    },
    /// `x to meV`.
    Convert(Arc<Expr<N>>, Spanned<Arc<str>>),
    /// `x |> f`.
    Pipe(Arc<Expr<N>>, Arc<Expr<N>>),
    /// `f >> g`.
    Compose(Arc<Expr<N>>, Arc<Expr<N>>),
    /// `if c then a else b`.
    If(Arc<Expr<N>>, Arc<Expr<N>>, Arc<Expr<N>>),
    /// `x => e`, `(x, y) => e`.
    Lambda(Arc<Lambda<N>>),
}

/// A function without a name.
#[derive(Clone, Debug)]
pub struct Lambda<N = Ident> {
    /// Its parameters, at least one.
    pub params: Vec<Ident>,
    /// Its body.
    pub body: Arc<Expr<N>>,
}

/// A number as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The digits without `_`.
    pub digits: Arc<str>,
    /// The unit or `%`.
    pub unit: Option<Spanned<Arc<str>>>,
}

/// An argument, or a part of a record.
#[derive(Clone, Debug)]
pub enum Arg<N = Ident> {
    /// `e`; in a call only.
    Positional(Arc<Expr<N>>),
    /// `name: e`.
    Named(Ident, Arc<Expr<N>>),
    /// `..e`.
    Spread(Arc<Expr<N>>),
}

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `and`
    And,
    /// `or`
    Or,
}

impl BinaryOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Power => "^",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::In => "in",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct Type {
    /// Which type.
    pub kind: TypeKind,
    /// Its place.
    pub span: Span,
}

/// The kinds of written type.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// `Int`, `List[Int]`, `Length[e]`, `Graph[n, e]`, `Q`.
    Named(Ident, Vec<TypeArg>),
    /// `[rows, 2 * width]`.
    Tensor(Vec<TypeArg>),
    /// `(A, B)`.
    Tuple(Vec<Type>),
    /// `{a: A}`.
    Record(Vec<(Ident, Type)>),
    /// `A => B`.
    Function(Box<Type>, Box<Type>),
    /// `A?`.
    Maybe(Box<Type>),
    /// `A * B`, `A / B`; the flag says whether it divides.
    Product(Box<Type>, bool, Box<Type>),
    /// `A ^ 2`, `A ^ (1/3)`: numerator and denominator.
    Power(Box<Type>, i8, i8),
}

/// An argument of a type or an axis of a tensor.
#[derive(Clone, Debug)]
pub enum TypeArg {
    /// `..`
    Rest(Span),
    /// A type.
    Type(Type),
    /// A size: arithmetic over names, or a bare name, which may also be a domain or a
    /// type.
    Size(Arc<Expr<Ident>>),
}
