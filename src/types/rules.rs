//! Builtins whose result no written type can say: reshape, chain and their like.

use std::sync::Arc;

use super::angles::{angle_of, of_angle};
use super::builtin::Applied;
use super::check::Checker;
use super::listed;
use super::numeric::{number, same_kind};
use super::problems;
use super::size::{Size, Verdict};
use super::tensors::{concat, function, last, weight, zeros};
use super::ty::{Axes, Number, Ty};
use super::value::{Ctx, Form, Val};
use crate::source::Span;

type Rule = fn(&mut Checker<'_>, &Applied) -> Val;

/// Builtins checked by a rule of their own. `div`, `mod` and the two loops are gone
/// after checking: no later stage knows them.
pub const RULES: &[(&str, bool)] = &[
    ("abs", true),
    ("acos", false),
    ("average", false),
    ("cbrt", true),
    ("chain", false),
    ("concat", true),
    ("cos", false),
    ("div", false),
    ("exp", true),
    ("fill", false),
    ("flatten", true),
    ("greatest", false),
    ("last", false),
    ("least", false),
    ("ln", true),
    ("map", false),
    ("mod", false),
    ("ones", true),
    ("overlaps", false),
    ("repeat", false),
    ("reshape", true),
    ("sin", false),
    ("size", false),
    ("sqrt", true),
    ("sum_of", false),
    ("tan", false),
    ("weight", true),
    ("zeros", true),
];

/// The rule of that name.
pub fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        "acos" => angle_of,
        "cos" => |checker, call| of_angle(checker, call, libm::cos),
        "sin" => |checker, call| of_angle(checker, call, libm::sin),
        "tan" => |checker, call| of_angle(checker, call, libm::tan),
        "abs" => |checker, call| function(checker, call, f64::abs, None),
        "cbrt" => |checker, call| function(checker, call, libm::cbrt, Some((1, 3))),
        "average" | "greatest" | "least" | "sum_of" => listed::of_numbers,
        "chain" => chain,
        "concat" => concat,
        "div" => |checker, call| whole(checker, call, Size::div),
        "exp" => |checker, call| function(checker, call, libm::exp, Some((0, 1))),
        "fill" => listed::fill,
        "flatten" => flatten,
        "last" => last,
        "ln" => |checker, call| function(checker, call, libm::log, Some((0, 1))),
        "map" => listed::map,
        "mod" => |checker, call| whole(checker, call, Size::modulo),
        "overlaps" => listed::overlaps,
        "repeat" => repeat,
        "reshape" => reshape,
        "size" => size,
        "sqrt" => |checker, call| function(checker, call, libm::sqrt, Some((1, 2))),
        "weight" => weight,
        "ones" | "zeros" => zeros,
        _ => return None,
    })
}

fn whole(
    checker: &mut Checker<'_>,
    call: &Applied,
    of: fn(&Size, &Size) -> Option<Size>,
) -> Val {
    let (Some(a), Some(b)) = (call.value("a"), call.value("b")) else {
        return Val::poison(call.at);
    };
    let (Form::Size(p), Form::Size(q)) = (&a.form, &b.form) else {
        return match (a.as_ir(), b.as_ir()) {
            (Some(a), Some(b)) => checker.of_row(call, vec![a, b]),
            _ => Val::unknown(Ty::int(), call.at),
        };
    };
    match of(p, q) {
        Some(size) => Val::size(size, call.at),
        None => {
            checker.report(problems::division_by_zero(b.span));
            Val::poison(call.at)
        }
    }
}

fn size(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(of) = call.value("of") else {
        return Val::poison(call.at);
    };
    match (&of.ty, &of.form) {
        (Ty::List(_), Form::List(entries)) => {
            Val::size(Size::number(entries.len() as i64), call.at)
        }
        (Ty::List(_) | Ty::Set(_), form) => match form {
            Form::Run(_) => {
                let of = of.clone();
                checker.measure(call, of)
            }
            _ => Val::size(Size::unknown(checker.fresh()), call.at),
        },
        (Ty::Dataset(_) | Ty::Table(_), Form::Run(_)) => {
            let of = of.clone();
            checker.measure(call, of)
        }
        (Ty::Dataset(_) | Ty::Table(_), _) => Val::unknown(Ty::int(), call.at),
        _ => {
            checker.report(problems::wrong_operand("size", of, "a list, a set or rows"));
            Val::poison(call.at)
        }
    }
}

impl Checker<'_> {
    /// The size of something a row holds.
    fn measure(&mut self, call: &Applied, of: Val) -> Val {
        match of.as_ir() {
            Some(input) => self.of_row(call, vec![input]),
            None => Val::unknown(Ty::int(), call.at),
        }
    }

    /// A whole number made of what a row holds.
    fn of_row(&mut self, call: &Applied, inputs: Vec<Arc<crate::ir::Expr>>) -> Val {
        use crate::ir::{Call, Kind};
        let builtin = self.program.full_name(call.id).into();
        let of = Call {
            builtin,
            settings: Vec::new(),
            inputs,
            site: None,
        };
        Val::run(Ty::int(), Kind::Call(of), call.at)
    }
}

/// The tensor a shape verb is given.
fn subject(call: &Applied) -> Option<(Val, Number)> {
    let val = call.value("x")?;
    Some((val.clone(), number(&val.ty)?.clone()))
}

fn reshape(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some((input, number)) = subject(call) else {
        return Val::poison(call.at);
    };
    let sizes = match call.value("sizes").map(|val| &val.form) {
        Some(Form::List(entries)) => entries.iter().map(|entry| match &entry.form {
            Form::Size(size) => size.clone(),
            _ => Size::unknown(checker.fresh()),
        }),
        _ => return Val::poison(call.at),
    };
    let sizes: Vec<Size> = sizes.collect();
    reshape_to(checker, call, &input, &number, sizes)
}

fn flatten(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some((input, number)) = subject(call) else {
        return Val::poison(call.at);
    };
    let all = product(&number.axes.sizes);
    reshape_to(checker, call, &input, &number, vec![all])
}

fn product(sizes: &[Size]) -> Size {
    sizes
        .iter()
        .fold(Size::number(1), |all, size| all.times(size))
}

fn reshape_to(
    checker: &mut Checker<'_>,
    call: &Applied,
    input: &Val,
    from: &Number,
    sizes: Vec<Size>,
) -> Val {
    let to = Axes {
        domain: from.axes.domain.clone(),
        sizes,
    };
    let fits =
        product(&from.axes.sizes).compare(&product(&to.sizes)) != Verdict::Different;
    let positive = to
        .sizes
        .iter()
        .all(|size| size.as_number().is_none_or(|n| n > 0));
    if !fits || !positive {
        checker.report(problems::reshape_differs(call.at, &from.axes, &to, input));
        return Val::poison(call.at);
    }
    let ty = Ty::Number(Number {
        axes: to,
        ..from.clone()
    });
    checker.emit(call, ty)
}

fn chain(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(over), Some(x)) = (call.value("over"), call.value("x")) else {
        return Val::poison(call.at);
    };
    let (over, x) = (over.clone(), x.clone());
    if let Form::List(entries) = &over.form {
        let mut value = x;
        for (round, entry) in entries.iter().enumerate() {
            let Some(each) = round_function(checker, call, round) else {
                return Val::poison(call.at);
            };
            let step = checker.apply(&each, vec![entry.clone()], each.span);
            value = checker.pipe_value(value, &step, call.span_of("each"));
            if value.is_poison() {
                return Val::poison(call.at);
            }
        }
        return value.at(call.at);
    }
    // The list is not known here: every size that a round changes may be anything.
    let Ty::List(entry) = &over.ty else {
        return Val::poison(call.at);
    };
    let entry = checker.stand_in((**entry).clone(), over.span);
    let Some(each) = round_function(checker, call, 0) else {
        return Val::poison(call.at);
    };
    let step = checker.apply(&each, vec![entry], each.span);
    let once = checker.pipe_value(x.clone(), &step, each.span);
    if once.is_poison() {
        return Val::poison(call.at);
    }
    let Some(open) = forget_changes(checker, &x, &once) else {
        let (before, after) = (x.ty.to_string(), once.ty.to_string());
        checker.report(problems::round_changes(each.span, &before, &after));
        return Val::poison(call.at);
    };
    let twice = checker.pipe_value(open.clone(), &step, each.span);
    if twice.is_poison() {
        Val::poison(call.at)
    } else {
        open.at(call.at)
    }
}

fn repeat(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(times), Some(x)) = (call.value("times"), call.value("x")) else {
        return Val::poison(call.at);
    };
    if times.as_int().is_some_and(|n| n < 0) {
        checker.too_small(times, &call.due("times"), 0);
        return Val::poison(call.at);
    }
    let rounds = usize::try_from(times.as_int().unwrap_or(1)).unwrap_or(0);
    if rounds > 1 {
        checker.warn_of_sharing(call);
    }
    let mut value = x.clone();
    for round in 0..rounds {
        let Some(each) = round_function(checker, call, round) else {
            return Val::poison(call.at);
        };
        let after = checker.pipe_value(value.clone(), &each, each.span);
        if after.is_poison() {
            return Val::poison(call.at);
        }
        if !same_kind(&value.ty, &after.ty) {
            let (before, after) = (value.ty.to_string(), after.ty.to_string());
            checker.report(problems::round_changes(each.span, &before, &after));
            return Val::poison(call.at);
        }
        value = after;
    }
    if times.as_int().is_none() {
        return Val::unknown(value.ty, call.at);
    }
    value.at(call.at)
}

/// The function of one round; what learns inside its text belongs to that round.
fn round_function(
    checker: &mut Checker<'_>,
    call: &Applied,
    round: usize,
) -> Option<Val> {
    let each = call.arg("each")?;
    let frame = match each {
        super::value::Arg::Later(_, ctx) => {
            let ctx: Ctx = ctx.clone();
            Some(checker.round(call.at, &ctx, round))
        }
        super::value::Arg::Value(_) | super::value::Arg::Several(_) => None,
    };
    let function = checker.now(Some(each), frame)?;
    (!function.is_poison()).then_some(function)
}

/// `before` with every size that `after` changed made unknown; none when more than sizes
/// changed.
fn forget_changes(checker: &mut Checker<'_>, before: &Val, after: &Val) -> Option<Val> {
    let (a, b) = (number(&before.ty)?, number(&after.ty)?);
    let (x, y) = (&a.axes, &b.axes);
    if x.domain != y.domain
        || x.sizes.len() != y.sizes.len()
        || a.dimension != b.dimension
    {
        return None;
    }
    let mut sizes = Vec::new();
    for (p, q) in x.sizes.iter().zip(&y.sizes) {
        let same = p.compare(q) == Verdict::Same;
        sizes.push(if same {
            p.clone()
        } else {
            Size::unknown(checker.fresh())
        });
    }
    let axes = Axes {
        domain: x.domain.clone(),
        sizes,
    };
    Some(Val::unknown(
        Ty::Number(Number { axes, ..a.clone() }),
        after.span,
    ))
}

impl Checker<'_> {
    /// A value of that type of which nothing else is known; whole numbers in it become
    /// sizes of their own.
    pub fn stand_in(&mut self, ty: Ty, span: Span) -> Val {
        match ty {
            Ty::Number(ref n) if n.whole && n.axes.is_scalar() => {
                Val::size(Size::unknown(self.fresh()), span)
            }
            Ty::Record(fields) => {
                let known: indexmap::IndexMap<Arc<str>, Val> = fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.stand_in(ty.clone(), span)))
                    .collect();
                Val {
                    ty: Ty::Record(fields),
                    form: Form::Record(known),
                    span,
                }
            }
            other => Val::unknown(other, span),
        }
    }
}
