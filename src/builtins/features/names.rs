//! What the numbers of a feature are called: the labels of the peers where these have
//! any, else the featurizer's name with the place in its entry.

use std::collections::BTreeMap;

use crate::builtins::settings::{count, known};
use crate::chem::magpie;
use crate::ir::{Call, Expr, Kind, Static};

/// A name for each of `width` numbers; no two are the same.
pub fn names(body: &Expr, width: usize) -> Vec<String> {
    let mut names = of(body);
    if names.len() != width {
        names = numbered("feature", &[width]);
    }
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for name in &mut names {
        let times = met.entry(name.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            *name = format!("{name} #{times}");
        }
    }
    names
}

fn of(expr: &Expr) -> Vec<String> {
    let sizes = expr.shape.as_ref().map(|shape| shape.sizes.as_slice());
    let sizes = sizes.unwrap_or_default();
    let call = match &expr.kind {
        Kind::Call(call) => call,
        Kind::Shown(inner, _) => return of(inner),
        _ => return numbered("feature", sizes),
    };
    match call.short_name() {
        "magpie" => magpie::labels().to_vec(),
        "xrd" => angles(call).unwrap_or_else(|| numbered("xrd", sizes)),
        // Joined along the last axis: only of plain vectors are the names in order.
        "concat" if sizes.len() <= 1 => {
            call.inputs.iter().flat_map(|part| of(part)).collect()
        }
        "reshape" | "flatten" => call.inputs.iter().flat_map(|part| of(part)).collect(),
        name => numbered(name, sizes),
    }
}

/// `xrd_12.5`: the angle 2θ of each bin in degrees.
fn angles(call: &Call) -> Option<Vec<String>> {
    let Some(Static::Range(from, to, _)) = known(call, "two_theta") else {
        return None;
    };
    let (from, to) = (from.as_f64()?, to.as_f64()?);
    let bins = count(call, "bins")?;
    let steps = bins.saturating_sub(1).max(1) as f64;
    let angle = |bin: usize| from + (to - from) * bin as f64 / steps;
    // Six decimals, as 0.1° is not seen to the last bit.
    let name = |bin| format!("xrd_{}", (angle(bin) * 1e6).round() / 1e6);
    Some((0..bins).map(name).collect())
}

/// `name` alone for a number, `name_3` in a vector, `name_3_5` in a matrix.
fn numbered(name: &str, sizes: &[usize]) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    for size in sizes {
        let inner = |name: String| (0..*size).map(move |at| format!("{name}_{at}"));
        names = names.into_iter().flat_map(inner).collect();
    }
    names
}
