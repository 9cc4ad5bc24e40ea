//! About data sets, models and studies: what fits, what leaks, what is missing.

use super::shapes::ending;
use super::{Due, article, listed};
use crate::diagnostic::{Code, Problem, nearest};
use crate::source::Span;
use crate::types::ty::{Columns, Part, Ty};
use crate::types::value::Val;

/// A split made a second time.
pub fn split_twice(verb: &str, at: Span, what: &str) -> Problem {
    Problem::new(
        Code::E0505,
        format!("the {what} are set aside already"),
        at,
        format!("a second `{verb}`"),
    )
    .help(format!("leave one `{verb}` out"))
}

/// Something that needs a split that was never made.
pub fn split_missing(verb: &str, at: Span, why: &str, fix: &str) -> Problem {
    Problem::new(
        Code::E0505,
        why.to_string(),
        at,
        format!("`{verb}` needs it"),
    )
    .help(format!("add `|> {fix}` to the data set"))
}

/// Early stopping or best weights without held-out rows.
pub fn nothing_held_out(at: Span, why: &str, otherwise: &str) -> Problem {
    Problem::new(
        Code::E0505,
        format!("{why} is decided by rows held out of training, and there are none"),
        at,
        "no rows are held out",
    )
    .help(format!(
        "add `|> holdout(val: 20%)` to the data set, or write `{otherwise}`"
    ))
}

/// Test or validation rows in training.
pub fn leak(part: Part, at: Span, verb: &str) -> Problem {
    let rows = match part {
        Part::Train => "training",
        Part::Val => "validation",
        Part::Test => "test",
    };
    Problem::new(
        Code::E0501,
        format!("this would train on {rows} rows"),
        at,
        format!("`{verb}` fits what it is given"),
    )
    .help("leave the part out: given the whole data set, `train` uses the training rows")
}

/// Test scores of a model that was not evaluated.
pub fn not_evaluated(at: Span) -> Problem {
    Problem::new(
        Code::E0501,
        "a trained model has not seen its test rows",
        at,
        "no test scores before `evaluate`",
    )
    .help("choose by `.val`; once all is chosen, `|> evaluate(rmse, mae, r2)` gives `.test`")
}

/// Something fitted to rows that must not be seen.
pub fn fitted_to(part: Part, at: Span, verb: &str) -> Problem {
    let rows = match part {
        Part::Train => "training",
        Part::Val => "validation",
        Part::Test => "test",
    };
    Problem::new(
        Code::E0501,
        format!("`{verb}` would be fitted to {rows} rows"),
        at,
        "fitted to what it is given",
    )
    .help("give it the whole data set: it looks at the training rows alone")
}

/// Something fitted before rows are set aside.
pub fn fitted_before_split(at: Span, verb: &str) -> Problem {
    Problem::new(
        Code::E0501,
        format!("`{verb}` would see rows that are later set aside for the test"),
        at,
        format!("`{verb}` comes before the split"),
    )
    .help("split first: `|> split(test: 20%)` before it")
}

/// A verb before the one it needs.
pub fn no_target(at: Span, verb: &str) -> Problem {
    Problem::new(
        Code::E0505,
        "nothing is to be predicted yet",
        at,
        format!("`{verb}` needs a target"),
    )
    .help("add `|> target(.formation_energy_per_atom)` to the data set")
}

/// Training without features, and what would make some.
pub fn no_features(at: Span, verb: &str, featurize: &str) -> Problem {
    Problem::new(
        Code::E0404,
        "the network would see nothing",
        at,
        format!("`{verb}` needs features"),
    )
    .help(format!("add `|> {featurize}` before it"))
}

/// A target that is no number.
pub fn target_not_a_number(val: &Val) -> Problem {
    Problem::new(
        Code::E0201,
        "a target is a number",
        val.span,
        format!("this is {}", article(&val.ty.to_string())),
    )
}

/// A model whose input is not what the features are.
pub fn model_does_not_fit(
    model: &str,
    at: Span,
    wanted: &str,
    features: &Ty,
    declared: Span,
    help: String,
) -> Problem {
    Problem::new(
        Code::E0404,
        format!("`{model}` and the features do not fit"),
        at,
        format!("`{model}` takes {wanted}"),
    )
    .and(declared, "its input is declared here")
    .note(format!(
        "{model} takes  {wanted}\n{:>width$}  {features}",
        "features are",
        width = model.chars().count() + 6
    ))
    .help(help)
}

/// Several features of which none says which it is.
pub fn features_without_names(at: Span) -> Problem {
    Problem::new(
        Code::E0404,
        "several features need names",
        at,
        "a second one without a name",
    )
    .help("name them as the model's inputs are called: `featurize(g: …, x: …)`")
}

/// One feature for a model of several inputs, or of none.
pub fn features_need_names(
    model: &str,
    at: Span,
    inputs: &[&str],
    features: &Ty,
    declared: Span,
) -> Problem {
    let problem = Problem::new(
        Code::E0404,
        format!("`{model}` and the features do not fit"),
        at,
        match inputs.len() {
            0 => format!("`{model}` takes nothing"),
            _ => format!("`{model}` takes {}", listed(inputs)),
        },
    )
    .and(declared, "declared here")
    .note(format!("the features are one: {features}"));
    if inputs.is_empty() {
        return problem.help("give the model an input: `(x: [rows, d])`");
    }
    let named: Vec<String> = inputs.iter().map(|name| format!("{name}: …")).collect();
    problem.help(format!(
        "name the features: `featurize({})`",
        named.join(", ")
    ))
}

/// An input of a model without a feature of its name.
pub fn feature_missing(
    model: &str,
    at: Span,
    input: &str,
    features: &Columns,
    declared: Span,
) -> Problem {
    let names: Vec<&str> = features.iter().map(|(name, _)| &**name).collect();
    let problem = Problem::new(
        Code::E0404,
        format!("there is no feature `{input}` for `{model}`"),
        at,
        format!("`{model}` takes `{input}`"),
    )
    .and(declared, "its input is declared here")
    .note(format!("the features are called {}", listed(&names)));
    let near = nearest(input, names.iter().copied());
    match near {
        Some(near) => problem.help(format!("did you mean `{near}`? Call both the same")),
        None => problem.help(format!("add it: `featurize({input}: …)`")),
    }
}

/// A model fed two graphs.
pub fn two_graphs(model: &str, at: Span, first: &str, second: &str) -> Problem {
    Problem::new(
        Code::E0404,
        format!("`{model}` takes two graphs"),
        at,
        format!("`{first}` and `{second}`"),
    )
    .help("a network sees one graph of a crystal, and any numbers beside it")
}

/// A model that does not give one number a row; `steps` and, where one of them goes along
/// a map, `grouped` say how it would.
pub fn model_result(
    model: &str,
    at: Span,
    found: &Ty,
    steps: &str,
    grouped: bool,
) -> Problem {
    Problem::new(
        Code::E0404,
        format!("`{model}` does not give one number a row"),
        at,
        format!("it gives {found}"),
    )
    .note(format!(
        "a model gives  [rows, 1]\n   `{model}` gives  {found}"
    ))
    .help(ending(steps, grouped))
}

/// Something other than a model where a model is due.
pub fn not_a_model(at: Span, found: &str, due: &Due) -> Problem {
    Problem::new(
        Code::E0404,
        format!("{} is a model with its settings", due.name()),
        at,
        format!("this is {found}"),
    )
    .help("write a `model` and its settings, as in `descriptor_cnn()`")
}

/// An item nothing uses.
pub fn unused(noun: &str, name: &str, at: Span) -> Problem {
    Problem::new(
        Code::W0501,
        format!("nothing uses the {noun} `{name}`"),
        at,
        "never used",
    )
    .help("use it in a `study`, or take it out")
}

/// Folds that cannot be cut.
pub fn no_such_folds(folds: i64, most: i64, at: Span) -> Problem {
    Problem::new(
        Code::E0502,
        format!("rows cannot be cut into {folds} folds"),
        at,
        format!("from 2 to {most}"),
    )
    .help("5 or 10 are usual: each fold trains the network once more")
}

/// Something that has no place in a report.
pub fn not_for_a_report(entry: &Val) -> Problem {
    let problem = Problem::new(
        Code::E0201,
        "a report holds figures, tables, texts, models and their scores",
        entry.span,
        format!("this is {}", article(&entry.ty.to_string())),
    );
    problem.help(match &entry.ty {
        Ty::Dataset(_) => {
            "`|> select(.id, .formula)` makes a table of its rows, \
             `|> count(by: .nelements)` one of how many there are"
        }
        Ty::Report => "write the entries of that report here",
        Ty::Function => "apply it: `rows |> histogram(of: .nsites)`",
        _ => "`table({ name: … })` makes a table of one row of values",
    })
}

/// A study that computes nothing a run could keep.
pub fn not_a_study(name: &str, val: &Val) -> Problem {
    let problem = Problem::new(
        Code::E0201,
        format!("the study `{name}` has no result to keep"),
        val.span,
        format!("this is {}", article(&val.ty.to_string())),
    );
    match &val.ty {
        Ty::Dataset(_) => problem.help(
            "a study is a table, a trained model, a figure or a report; \
             `|> select(.id, .formula)` makes a table of rows",
        ),
        Ty::Function => problem
            .help("a function has no value without its input: `rows |> predict(model)`"),
        Ty::Number(_) | Ty::Bool | Ty::Text | Ty::Element => {
            problem.help("a record of values is a table of one row: `{ value: … }`")
        }
        _ => problem.help(
            "a study is a table, a trained model, a figure or a report, as in \
             `… |> train(…) |> evaluate(rmse, mae, r2)`",
        ),
    }
}
