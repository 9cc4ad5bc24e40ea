//! The rows of one part of a data set, as nn takes them.

use super::lost;
use crate::builtins::fed::Fed;
use crate::builtins::settings::scaled_by;
use crate::diagnostic::{Code, Problem};
use crate::draw::Draws;
use crate::ir::{Call, Input};
use crate::nn::{self, TargetScale};
use crate::run::{Dataset, Part, row_id};
use crate::source::Span;

/// The rows of one part, features and targets as the network sees them.
pub struct Slice {
    features: Fed,
    targets: Vec<f32>,
    ids: Vec<u64>,
}

impl Slice {
    /// The rows of `part` with what goes into those inputs, their targets on `scale`.
    pub fn of(
        data: &Dataset,
        inputs: &[Input],
        part: Part,
        scale: TargetScale,
        span: Span,
    ) -> Result<Slice, Problem> {
        let (Some(features), Some(target)) = (&data.features, &data.target) else {
            return Err(lost(span));
        };
        let rows = data.positions(part);
        let mut slice = Slice {
            features: Fed::of(features, &rows, inputs).ok_or_else(|| lost(span))?,
            targets: Vec::new(),
            ids: Vec::new(),
        };
        for at in rows {
            let target = target.values.get(at);
            slice
                .targets
                .extend(target.map(|x| scale.scaled(*x) as f32));
            slice
                .ids
                .extend(data.rows.get(at).map(|row| row_id(&row.id)));
        }
        Ok(slice)
    }

    /// The same, borrowed.
    pub fn rows(&self) -> nn::Rows<'_> {
        nn::Rows {
            features: self.features.features(),
            targets: &self.targets,
            ids: &self.ids,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }
}

/// The scale `scale_target:` asks for, taken from the training rows alone.
pub fn scale(
    call: &Call,
    data: &Dataset,
    draws: &Draws,
    span: Span,
) -> Result<TargetScale, Problem> {
    let Some(sample) = scaled_by(call) else {
        return Ok(TargetScale::NONE);
    };
    let Some(target) = &data.target else {
        return Err(lost(span));
    };
    let rows = data.positions(Part::Train);
    let id = |at: &usize| data.rows.get(*at).map_or(0, |row| row_id(&row.id));
    let ids: Vec<u64> = rows.iter().map(id).collect();
    // Drawn by the rows' ids: the sum does not depend on where they stand in the file.
    let order = draws.order("scale", &[], &ids);
    let count = if sample == 0 { rows.len() } else { sample };
    let chosen = order.iter().take(count).filter_map(|k| rows.get(*k));
    let values: Vec<f64> = chosen
        .filter_map(|at| target.values.get(*at).copied())
        .collect();
    TargetScale::of(&values).ok_or_else(|| {
        Problem::new(
            Code::E0806,
            match values.len() {
                1 => "one row has no spread".to_owned(),
                count => format!("the target has no spread over {count} rows"),
            },
            span,
            "`scale_target` divides by it",
        )
        .help("leave `scale_target` out, or look at the target of the training rows")
    })
}
