//! What the settings of a training need of each other and of the rows, and the scores asked
//! for of the target.

use std::sync::Arc;

use super::builtin::Applied;
use super::check::Checker;
use super::dimension::Dimension;
use super::problems;
use super::ty::{Columns, DatasetTy, Ty};
use super::value::{Form, Val};
use crate::ir::{Made, Static};

/// Whether loss, schedule and clipping go together with the rows; if not it was reported.
pub fn settings_fit(checker: &mut Checker<'_>, call: &Applied, data: &DatasetTy) -> bool {
    let before = checker.problems.len();
    loss(checker, call, data);
    schedule(checker, call, data);
    let on = |name: &str| {
        let val = call.value(name);
        val.and_then(Val::as_f64).is_some_and(|limit| limit > 0.0)
    };
    if on("clip") && on("clip_global") {
        let (one, other) = (call.span_of("clip"), call.span_of("clip_global"));
        checker.report(problems::clipped_twice(one, other));
    }
    checker.problems.len() == before
}

/// What a setting was made of: `one_cycle(…)`.
fn made<'a>(call: &'a Applied, name: &str) -> Option<(&'a str, &'a Made)> {
    match &call.value(name)?.form {
        Form::Made(made) => Some((made.builtin.rsplit('.').next()?, made)),
        _ => None,
    }
}

/// The `delta` of Huber's loss is an error of the target.
fn loss(checker: &mut Checker<'_>, call: &Applied, data: &DatasetTy) {
    let Some(("huber", made)) = made(call, "loss") else {
        return;
    };
    let (Some(delta), Some(target)) = (made.setting("delta"), &data.target) else {
        return;
    };
    let found = match delta {
        Static::Real(real) => real.dimension,
        _ => Dimension::NONE,
    };
    if found != target.dimension {
        let at = call.span_of("loss");
        let shown = delta.to_string();
        let problem = problems::not_of_the_target("delta", at, &shown, found, target);
        checker.report(problem);
    }
}

/// The scores asked for, by name; none when they do not fit the target or stand twice,
/// which was reported.
pub fn metrics(
    checker: &mut Checker<'_>,
    call: &Applied,
    data: &DatasetTy,
) -> Option<Columns> {
    let before = checker.problems.len();
    let Some(Form::List(metrics)) = call.value("metrics").map(|val| val.form.clone())
    else {
        return Some(Vec::new());
    };
    let target = data.target.as_ref();
    let target = Ty::real(target.map_or(Dimension::NONE, |target| target.dimension));
    let mut asked = Columns::new();
    let mut seen: Vec<(Arc<str>, &Val)> = Vec::new();
    for metric in &metrics {
        let name: Arc<str> = match &metric.form {
            Form::Symbol(name) => name.rsplit('.').next().unwrap_or(name).into(),
            Form::Made(made) => {
                limits_fit(checker, made, metric, data);
                let name = made.builtin.rsplit('.').next();
                name.unwrap_or(&made.builtin).into()
            }
            _ => continue,
        };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
            let problem = problems::scored_twice(&name, metric.span, first.span);
            checker.report(problem);
        }
        match &*name {
            "max_error" => asked.push((name.clone(), target.clone())),
            "within" => {
                let share = Ty::real(Dimension::NONE);
                asked.push((name.clone(), Ty::List(share.into())));
            }
            _ => {}
        }
        seen.push((name, metric));
    }
    (checker.problems.len() == before).then_some(asked)
}

/// The limits of `within` are errors of the target.
fn limits_fit(checker: &mut Checker<'_>, made: &Made, at: &Val, data: &DatasetTy) {
    let (Some(Static::List(limits)), Some(target)) =
        (made.setting("limits"), &data.target)
    else {
        return;
    };
    if limits.is_empty() {
        checker.report(problems::no_limits(at.span));
    }
    for limit in limits {
        let found = match limit {
            Static::Real(real) => real.dimension,
            _ => Dimension::NONE,
        };
        let shown = limit.to_string();
        if found != target.dimension {
            let problem =
                problems::not_of_the_target("within", at.span, &shown, found, target);
            checker.report(problem);
            return;
        }
        if limit.as_f64().is_some_and(|x| x <= 0.0) {
            checker.report(problems::limit_not_above_zero(at.span, &shown));
        }
    }
}

fn schedule(checker: &mut Checker<'_>, call: &Applied, data: &DatasetTy) {
    let at = call.span_of("schedule");
    match made(call, "schedule") {
        Some(("plateau", made)) => {
            let watches_val = matches!(
                made.setting("watch"),
                Some(Static::Symbol(name)) if name.ends_with(".val_loss")
            );
            if watches_val && !data.has_val {
                let why = "when the rate falls";
                let fix = "plateau(watch: train_loss)";
                checker.report(problems::nothing_held_out(at, why, fix));
            }
        }
        Some(("multi_step", made)) => {
            let epochs: Vec<i64> = match made.setting("at") {
                Some(Static::List(all)) => all.iter().filter_map(whole).collect(),
                _ => return,
            };
            let Some(first) = epochs.first() else {
                checker.report(problems::no_steps(at));
                return;
            };
            let rises = epochs.windows(2).all(|pair| pair.first() < pair.last());
            if *first < 1 || !rises {
                checker.report(problems::steps_do_not_rise(at));
            }
        }
        Some(("one_cycle", made)) => {
            let number = |name: &str| made.setting(name).and_then(Static::as_f64);
            if let (Some(low), Some(high)) = (number("lowest"), number("highest"))
                && low > high
            {
                checker.report(problems::momentum_upside_down(at, low, high));
            }
        }
        _ => {}
    }
}

fn whole(value: &Static) -> Option<i64> {
    match value {
        Static::Int(value) => Some(*value),
        _ => None,
    }
}
