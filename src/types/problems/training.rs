//! About the settings of a training.

use super::Due;
use crate::diagnostic::{Code, Problem};
use crate::source::Span;
use crate::types::dimension::Dimension;
use crate::types::ty::TargetTy;
use crate::types::value::Val;

/// A number outside what it may be.
pub fn out_of_its_range(val: &Val, due: &Due, range: &str) -> Problem {
    let shown = val
        .as_static()
        .map_or(String::new(), |known| known.to_string());
    Problem::new(
        Code::E0502,
        format!("{} cannot be {shown}", due.name()),
        val.span,
        format!("this is {shown}"),
    )
    .and(due.span, "declared here")
    .help(format!("{range} is due"))
}

/// `clip` and `clip_global` in one training.
pub fn clipped_twice(one: Span, other: Span) -> Problem {
    Problem::new(
        Code::E0806,
        "gradients are clipped in one way",
        other,
        "all gradients together",
    )
    .and(one, "each by itself")
    .help("leave one of `clip` and `clip_global` out")
}

/// An error in another dimension than the target.
pub fn not_of_the_target(
    name: &str,
    at: Span,
    shown: &str,
    found: Dimension,
    target: &TargetTy,
) -> Problem {
    let digits = shown.split(' ').next().unwrap_or(shown);
    let due = match target.dimension.is_none() {
        true => "a plain number".to_owned(),
        false => format!("in {}", target.dimension.unit()),
    };
    let fix = match target.dimension.is_none() {
        true => format!("write `{digits}`"),
        false => format!("write `{digits} {}`", target.dimension.unit()),
    };
    let is = match found.is_none() {
        true => "this has no unit".to_owned(),
        false => format!("this is {shown}"),
    };
    Problem::new(
        Code::E0302,
        format!("`{name}` is an error of the target, {due}"),
        at,
        is,
    )
    .note(format!("the target is {}", target.name))
    .help(fix)
}

/// Epochs of `multi_step` out of order.
pub fn steps_do_not_rise(at: Span) -> Problem {
    Problem::new(
        Code::E0806,
        "the epochs at which the rate changes rise, from 1 on",
        at,
        "these do not",
    )
    .help("write them in order, as in `multi_step(at: [100, 200])`")
}

/// `multi_step(at: [])`.
pub fn no_steps(at: Span) -> Problem {
    Problem::new(
        Code::E0806,
        "`multi_step` has no epoch at which the rate changes",
        at,
        "the list is empty",
    )
    .help(
        "write the epochs, as in `multi_step(at: [100, 200])`, or leave `schedule` out for \
         a steady rate",
    )
}

/// `one_cycle(lowest: 0.95, highest: 0.85)`.
pub fn momentum_upside_down(at: Span, low: f64, high: f64) -> Problem {
    Problem::new(
        Code::E0806,
        "the lowest momentum is above the highest",
        at,
        format!("from {low} to {high}"),
    )
    .help(format!("write `lowest: {high}, highest: {low}`"))
}

/// A score asked for twice.
pub fn scored_twice(name: &str, at: Span, first: Span) -> Problem {
    Problem::new(
        Code::E0207,
        format!("the score `{name}` is there already"),
        at,
        "a second time",
    )
    .and(first, "asked for here")
    .help(match name {
        "within" => "give one `within` all limits: `within(0.2 eV/atom, 0.4 eV/atom)`",
        _ => "leave one out",
    })
}

/// `within()`.
pub fn no_limits(at: Span) -> Problem {
    Problem::new(
        Code::E0105,
        "`within` needs an error to count rows within",
        at,
        "nothing is given",
    )
    .help("write `within(0.2 eV/atom)`")
}

/// `within(0 eV/atom)`.
pub fn limit_not_above_zero(at: Span, shown: &str) -> Problem {
    Problem::new(
        Code::E0502,
        format!("rows cannot be within {shown}"),
        at,
        "an error above 0 is due",
    )
    .help("write the largest error that counts, as in `within(0.2 eV/atom)`")
}

/// `refit` of something that is not one training.
pub fn not_one_training(at: Span) -> Problem {
    Problem::new(
        Code::E0201,
        "`refit` trains one network again",
        at,
        "this is not the result of one `train`",
    )
    .help("refit each model first, as in `ensemble([refit()(a), refit()(b)])`")
}

/// `ensemble([a])`.
pub fn too_few_members(at: Span, count: usize) -> Problem {
    let found = match count {
        0 => "there is none".to_owned(),
        _ => "there is one".to_owned(),
    };
    Problem::new(
        Code::E0502,
        "an ensemble has at least two members",
        at,
        found,
    )
    .help("train the same network with other seeds: `train(…, seed: 2)`")
}

/// Rows to test on, without what is to be predicted.
pub fn nothing_to_test(at: Span) -> Problem {
    Problem::new(
        Code::E0505,
        "nothing is known to test on",
        at,
        "these rows have no target",
    )
    .help("add `|> target(.formation_energy_per_atom)`: what the model was trained for")
}

/// Rows to test on, with a target of another dimension.
pub fn other_target(at: Span, found: &TargetTy, wanted: &TargetTy) -> Problem {
    Problem::new(
        Code::E0302,
        format!("the model predicts `{}`, {}", wanted.name, wanted.dimension),
        at,
        format!(
            "the target of these rows is `{}`, {}",
            found.name, found.dimension
        ),
    )
    .help("give the rows the target the model was trained for")
}

/// A spread asked of a model that always says the same.
pub fn nothing_random(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0509,
        format!("nothing in `{name}` is random"),
        at,
        "asked again it says the same",
    )
    .help("give it a `dropout(10%)`, or make an `ensemble` of several seeds")
}

/// Members of an ensemble that were trained on different rows, or see different things.
pub fn other_rows(at: Span) -> Problem {
    Problem::new(
        Code::E0404,
        "the members of an ensemble are trained on the same rows and features",
        at,
        "these are not",
    )
    .help(
        "give them one data set: `let a = rows |> train(…)`, `let b = rows |> train(…)`",
    )
}

/// `refit` of a training whose rate follows the validation loss.
pub fn refit_watches_nothing(at: Span) -> Problem {
    Problem::new(
        Code::E0505,
        "the rate falls by the validation loss, and no rows are left for it",
        at,
        "trains on the validation rows too",
    )
    .help("train with `plateau(watch: train_loss)`, or another schedule")
}

/// `predict` twice.
pub fn predicted_already(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0207,
        format!("the column `{name}` is there already"),
        at,
        "`predict` adds it",
    )
    .help("select the columns you need before it, or predict from other rows")
}

/// `export_weights` of several networks, or of one that is asked several times.
pub fn not_one_network(at: Span) -> Problem {
    Problem::new(
        Code::E0201,
        "`export_weights` writes the weights of one network",
        at,
        "this is one that says how unsure it is",
    )
    .help("export the trained model itself, before `ensemble` or `mc_dropout`")
}

/// `order: by_size` of rows that are vectors.
pub fn all_of_one_size(at: Span) -> Problem {
    Problem::new(
        Code::E0806,
        "rows of numbers are all of one size",
        at,
        "there is nothing to sort batches by",
    )
    .help("leave `order` out; crystals differ in how many atoms and bonds they have")
}
