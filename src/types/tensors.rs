//! Rules for tensors made and joined, and for functions of a number.

use super::builtin::Applied;
use super::check::Checker;
use super::dimension::{Dimension, Exponent};
use super::literal::real;
use super::numeric::number;
use super::problems;
use super::size::{Size, Verdict};
use super::ty::{Axes, Domain, Number, Ty};
use super::value::{Form, Val};

/// `concat(a, b, …)`: joined along the last axis. Domains and all other sizes are equal.
pub fn concat(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::List(parts)) = call.value("parts").map(|val| val.form.clone()) else {
        return Val::poison(call.at);
    };
    let Some((first, rest)) = parts.split_first() else {
        checker.report(problems::nothing_to_join(call.at));
        return Val::poison(call.at);
    };
    if parts.iter().any(Val::is_poison) {
        return Val::poison(call.at);
    }
    for part in &parts {
        if number(&part.ty).is_none_or(|number| number.axes.sizes.is_empty()) {
            checker.report(match part.ty {
                Ty::Function => problems::function_to_join(part),
                _ => problems::wrong_operand("concat", part, "tensors with a size"),
            });
            return Val::poison(call.at);
        }
    }
    let Some(mut joined) = number(&first.ty).cloned() else {
        return Val::poison(call.at);
    };
    for part in rest {
        let Some(next) = number(&part.ty) else {
            return Val::poison(call.at);
        };
        if let (Some(a), Some(b)) = (&joined.axes.domain, &next.axes.domain)
            && a != b
        {
            let sides = ((first, a), (part, b));
            let problem = problems::domains_differ("concat", call.at, sides.0, sides.1);
            checker.report(problem);
            return Val::poison(call.at);
        }
        let Some(axes) = join(&joined.axes, &next.axes) else {
            let sides = ((first, &joined.axes), (part, &next.axes));
            checker.report(problems::cannot_join(call.at, sides.0, sides.1));
            return Val::poison(call.at);
        };
        joined = Number {
            axes,
            whole: false,
            ..joined
        };
    }
    checker.emit(call, Ty::Number(joined))
}

fn join(a: &Axes, b: &Axes) -> Option<Axes> {
    if a.domain != b.domain || a.sizes.len() != b.sizes.len() {
        return None;
    }
    let (last, lead) = a.sizes.split_last()?;
    let (other, others) = b.sizes.split_last()?;
    let same = |(p, q): (&Size, &Size)| p.compare(q) != Verdict::Different;
    if !lead.iter().zip(others).all(same) {
        return None;
    }
    let mut sizes = lead.to_vec();
    sizes.push(last.plus(other));
    Some(Axes {
        domain: a.domain.clone(),
        sizes,
    })
}

/// `zeros(axis, …)` and `ones(axis, …)`: a domain may stand first.
pub fn zeros(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::List(parts)) = call.value("axes").map(|val| val.form.clone()) else {
        return Val::poison(call.at);
    };
    let mut axes = Axes::default();
    for (at, part) in parts.iter().enumerate() {
        match (&part.ty, &part.form) {
            (Ty::Domain(domain), _) if at == 0 => axes.domain = Some(domain.clone()),
            (_, Form::Size(size)) => axes.sizes.push(size.clone()),
            (Ty::Domain(domain), _) => {
                checker
                    .report(problems::domain_as_number(part.span, &domain.to_string()));
                return Val::poison(call.at);
            }
            _ => {
                let name = call.signature.name.clone();
                checker.report(problems::wrong_operand(&name, part, "sizes"));
                return Val::poison(call.at);
            }
        }
    }
    checker.zeros(call, axes)
}

/// `weight(size, …)`: sizes, never a domain.
pub fn weight(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::List(parts)) = call.value("shape").map(|val| val.form.clone()) else {
        return Val::poison(call.at);
    };
    let mut sizes = Vec::new();
    for part in &parts {
        match &part.form {
            Form::Size(size) if size.as_number().is_none_or(|n| n > 0) => {
                sizes.push(size.clone());
            }
            _ => {
                checker.too_small(part, &call.due("shape"), 1);
                return Val::poison(call.at);
            }
        }
    }
    checker.emit(
        call,
        Ty::tensor(Axes {
            domain: None,
            sizes,
        }),
    )
}

/// `sqrt(x)` and its like: known numbers at once, tensors in the network. `power` is what
/// happens to the dimension: none leaves it, `(0, 1)` wants a plain number.
pub fn function(
    checker: &mut Checker<'_>,
    call: &Applied,
    of: fn(f64) -> f64,
    power: Option<(i16, i16)>,
) -> Val {
    let Some(x) = call.value("x").cloned() else {
        return Val::poison(call.at);
    };
    let Some(number) = number(&x.ty).cloned() else {
        return Val::poison(call.at);
    };
    let dimension = match power {
        None => number.dimension,
        Some((0, _)) if !number.dimension.is_none() => {
            let due = call.due("x");
            let found = number.dimension;
            let problem = problems::wrong_dimension(&x, found, Dimension::NONE, &due);
            checker.report(problem);
            return Val::poison(call.at);
        }
        Some((0, _)) => Dimension::NONE,
        Some((numerator, denominator)) => number
            .dimension
            .power(Exponent::new(numerator, denominator)),
    };
    if let Some(known) = x.as_f64() {
        let value = of(known);
        if !value.is_finite() {
            checker.report(problems::no_value(call.at, &call.signature.name, &x));
            return Val::poison(call.at);
        }
        return real(value, dimension, None, call.at);
    }
    checker.emit(
        call,
        Ty::Number(Number {
            dimension,
            whole: false,
            ..number
        }),
    )
}

/// `last(list)`.
pub fn last(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(of) = call.value("of") else {
        return Val::poison(call.at);
    };
    match (&of.ty, &of.form) {
        (Ty::List(_), Form::List(entries)) => match entries.last() {
            Some(entry) => entry.clone().at(call.at),
            None => {
                checker.report(problems::out_of_range(of.span, -1, 0));
                Val::poison(call.at)
            }
        },
        (Ty::List(entry), _) => {
            let entry = (**entry).clone();
            checker.stand_in(entry, call.at)
        }
        _ => {
            checker.report(problems::wrong_operand("last", of, "a list"));
            Val::poison(call.at)
        }
    }
}

impl Checker<'_> {
    /// Zeros or ones, whose domain has a label as a setting.
    fn zeros(&mut self, call: &Applied, axes: Axes) -> Val {
        use crate::ir::{Call, Kind, Setting, Static};
        let builtin = self.program.full_name(call.id).into();
        let Some(sizes) = axes.numbers() else {
            return Val::unknown(Ty::tensor(axes), call.at);
        };
        let mut all: Vec<Static> = Vec::new();
        if let Some(domain) = &axes.domain {
            let label = match domain {
                Domain::Rows => "rows".to_string(),
                Domain::Named(name, _) => name.to_string(),
            };
            all.push(Static::Text(label.into()));
        }
        all.extend(sizes.iter().map(|n| Static::Int(*n as i64)));
        let settings = vec![("axes".into(), Setting::Static(Static::List(all)))];
        let of = Call {
            builtin,
            settings,
            inputs: Vec::new(),
            site: None,
        };
        let place = self.own_place(call.at);
        Val::run(Ty::tensor(axes), Kind::Call(of), place).at(call.at)
    }
}
