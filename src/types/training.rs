//! What the settings of a training need of each other and of the rows.

use super::builtin::Applied;
use super::check::Checker;
use super::dimension::Dimension;
use super::problems;
use super::ty::DatasetTy;
use super::value::Form;
use crate::ir::{Made, Static};

/// Whether loss, schedule and clipping go together with the rows; if not it was reported.
pub fn settings_fit(checker: &mut Checker<'_>, call: &Applied, data: &DatasetTy) -> bool {
    let before = checker.problems.len();
    loss(checker, call, data);
    schedule(checker, call, data);
    let on = |name: &str| {
        let val = call.value(name);
        val.and_then(super::value::Val::as_f64)
            .is_some_and(|limit| limit > 0.0)
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
            let rises = epochs.windows(2).all(|pair| pair.first() < pair.last());
            if epochs.first().is_none_or(|first| *first < 1) || !rises {
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
