//! From structures to what a network sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::settings::truth;
use crate::chem::magpie::{FEATURES, Imputation, MagpieError, magpie_into};
use crate::chem::{Record, Structure};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Expr, Kind, Lambda, Setting, Static};
use crate::run::progress::{End, Event, Work as Amount};
use crate::run::{Dataset, Features, Runner, Value, Work};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// What a featurizer makes of one structure.
pub type Feature = fn(&Call, &Structure) -> Result<Vec<f64>, String>;

/// `magpie(…)`.
pub fn magpie(call: &Call, structure: &Structure) -> Result<Vec<f64>, String> {
    let mean = truth(call, "impute").unwrap_or(false);
    let imputation = if mean {
        Imputation::Mean
    } else {
        Imputation::None
    };
    let mut row = [0.0; FEATURES];
    magpie_into(&structure.composition(), imputation, &mut row)
        .map_err(|error: MagpieError| error.to_string())?;
    Ok(row.to_vec())
}

/// `featurize(…)`.
pub fn featurize(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let data = {
        let input = runner.input(work)?;
        runner.dataset(input)?
    };
    let Some(Setting::Lambda(lambda)) = work.call.setting("by") else {
        return Err(cannot(work.span, "this function"));
    };
    let artifact = runner.cached(work, "features", |runner| {
        let rows = compute(runner, work, &data, lambda)?;
        let bytes = pack(&rows.1, rows.0).map_err(|error| {
            Problem::new(Code::E0712, error, work.span, "these features")
        })?;
        Ok(BTreeMap::from([(
            "features.safetensors".to_string(),
            bytes,
        )]))
    })?;
    let bytes = artifact
        .files
        .get("features.safetensors")
        .map_or(&[][..], Vec::as_slice);
    let Some((width, values)) = unpack(bytes, data.rows.len()) else {
        return Err(Problem::new(
            Code::E0901,
            "the stored features do not fit the rows",
            work.span,
            "made for other rows",
        )
        .help("take the store's folder away and run again"));
    };
    let features = Features {
        sizes: vec![width],
        values: Arc::new(values),
    };
    Ok(Value::Dataset(Arc::new(Dataset {
        features: Some(features),
        ..(*data).clone()
    })))
}

/// Features of all rows in their order: how many a row has, and all of them.
fn compute(
    runner: &Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    lambda: &Lambda,
) -> Result<(usize, Vec<f32>), Problem> {
    let progress = runner.settings.progress;
    let node = work.id.0 as u64;
    let amount = Amount::Rows(data.rows.len() as u64);
    progress.report(Event::Started {
        node,
        name: "featurize".into(),
        work: amount,
    });
    let made: Result<Vec<Vec<f64>>, (usize, String)> = data
        .rows
        .par_iter()
        .enumerate()
        .map(|(at, row)| vector(&lambda.body, &row.structure).map_err(|why| (at, why)))
        .collect();
    let made = made.map_err(|(at, why)| {
        progress.report(Event::Finished {
            node,
            end: End::Failed,
        });
        let row = data.rows.get(at);
        failed_row(work.span, row.map(|row| &**row), &data.source.name, &why)
    })?;
    progress.report(Event::Finished {
        node,
        end: End::Done,
    });
    let width = made.first().map_or(0, Vec::len);
    // Networks compute in single precision: this is where features become f32.
    Ok((
        width,
        made.into_iter().flatten().map(|x| x as f32).collect(),
    ))
}

/// The numbers an expression over a structure comes to.
fn vector(expr: &Expr, structure: &Structure) -> Result<Vec<f64>, String> {
    match &expr.kind {
        Kind::Call(call) => match super::find(&call.builtin) {
            Some(super::Body::Feature(feature)) => feature(call, structure),
            _ => Err(format!(
                "`{}` does not work on a structure",
                call.short_name()
            )),
        },
        Kind::Static(value @ (Static::Int(_) | Static::Real(_))) => {
            Ok(value.as_f64().into_iter().collect())
        }
        Kind::Unary(UnaryOp::Negate, of) => {
            Ok(vector(of, structure)?.into_iter().map(|x| -x).collect())
        }
        Kind::Binary(op, a, b) => {
            entry_by_entry(*op, vector(a, structure)?, vector(b, structure)?)
        }
        Kind::Shown(of, _) => vector(of, structure),
        Kind::Unary(..)
        | Kind::Var(_)
        | Kind::Field(..)
        | Kind::Gather(..)
        | Kind::If(..)
        | Kind::Static(_) => Err("features are numbers made of a structure".into()),
    }
}

fn entry_by_entry(op: BinaryOp, a: Vec<f64>, b: Vec<f64>) -> Result<Vec<f64>, String> {
    let of = |x: f64, y: f64| match op {
        BinaryOp::Add => Ok(x + y),
        BinaryOp::Subtract => Ok(x - y),
        BinaryOp::Multiply => Ok(x * y),
        BinaryOp::Divide => Ok(x / y),
        BinaryOp::Power => Ok(libm::pow(x, y)),
        _ => Err(format!("`{}` does not give features", op.symbol())),
    };
    let (n, m) = (a.len(), b.len());
    let length = n.max(m);
    let at = |all: &[f64], i: usize| {
        let i = if all.len() == 1 { 0 } else { i };
        all.get(i).copied().unwrap_or(f64::NAN)
    };
    (0..length).map(|i| of(at(&a, i), at(&b, i))).collect()
}

fn failed_row(span: Span, row: Option<&Record>, file: &str, why: &str) -> Problem {
    let problem = Problem::new(
        Code::E0712,
        format!("a feature cannot be computed: {why}"),
        span,
        "for a row of this data set",
    );
    let problem = match row {
        Some(row) => problem.note(format!(
            "in {file}, line {}, record {} ({})",
            row.line, row.id, row.formula
        )),
        None => problem,
    };
    problem.help("leave such rows out with `where(…)`, or write `magpie(impute: true)`")
}

fn cannot(span: Span, what: &str) -> Problem {
    Problem::new(
        Code::E0712,
        format!("{what} cannot be computed"),
        span,
        "asked for here",
    )
}

fn pack(values: &[f32], width: usize) -> Result<Vec<u8>, String> {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let rows = values.len().checked_div(width).unwrap_or(0);
    let view = TensorView::new(Dtype::F32, vec![rows, width], &bytes)
        .map_err(|error| error.to_string())?;
    safetensors::serialize([("features", view)], None).map_err(|error| error.to_string())
}

/// How many features a row has, and all of them; none when they are not for `rows` rows.
fn unpack(bytes: &[u8], rows: usize) -> Option<(usize, Vec<f32>)> {
    let tensors = SafeTensors::deserialize(bytes).ok()?;
    let view = tensors.tensor("features").ok()?;
    let [count, width] = view.shape() else {
        return None;
    };
    if *count != rows || view.dtype() != Dtype::F32 {
        return None;
    }
    let number = |four: &[u8]| four.try_into().ok().map(f32::from_le_bytes);
    let values: Option<Vec<f32>> = view.data().chunks_exact(4).map(number).collect();
    Some((*width, values?))
}
