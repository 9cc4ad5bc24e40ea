//! The learning curve: losses of train and validation rows by epoch, and the epoch whose
//! weights were kept. In: the training. Out: SVG, or nothing where nothing was trained.

use plotters::style::RGBColor;

use super::figure::{
    self, Axis, Drawing, Frame, Marker, Pen, Side, Spot, TEXT, colour, width,
};
use super::{EpochLoss, ReportProblem, Training, numbers};

const SIZE: (u32, u32) = (1600, 960);
const FRAME: Frame = Frame {
    left: 220,
    top: 90,
    right: 1536,
    bottom: 800,
};
/// Beyond this many decades a loss is drawn on a logarithmic axis.
const DECADES: f64 = 1.5;

/// The learning curve.
pub(super) fn draw(training: &Training) -> Result<Option<Drawing>, ReportProblem> {
    let history = &training.history;
    let (Some(first), Some(last)) = (history.first(), history.last()) else {
        return Ok(None);
    };
    all_finite(history)?;
    let [first, last] = [first.epoch, last.epoch].map(f64::from);
    let x = Axis::whole(first, last, 0.02, 8);
    let (y, scale) = loss_axis(history);
    let spot = |epoch: u32, loss: f64| -> Spot {
        let at_x = x.along(f64::from(epoch), FRAME.left, FRAME.right);
        (at_x, y.along(scale(loss), FRAME.bottom, FRAME.top))
    };
    let train: Vec<Spot> = history
        .iter()
        .map(|one| spot(one.epoch, one.train))
        .collect();
    let val: Vec<Spot> = history
        .iter()
        .filter_map(|one| one.val.map(|loss| spot(one.epoch, loss)))
        .collect();
    let kept = history
        .iter()
        .find(|one| Some(one.epoch) == training.kept_epoch);

    let said = "Learning curve: loss by epoch";
    let title = format!("Loss ({})", training.loss);
    let drawing = figure::draw("learning_curve.svg", said, SIZE, |pen| {
        pen.axes(FRAME, [&x, &y], ["Epoch", &title])?;
        if let Some(kept) = kept {
            let at = x.along(f64::from(kept.epoch), FRAME.left, FRAME.right);
            pen.dashes((at, FRAME.bottom), (at, FRAME.top), colour::SOFT, 3)?;
        }
        series(pen, &train, colour::TRAIN_LINE, Marker::Disc)?;
        series(pen, &val, colour::VAL, Marker::Triangle)?;
        if let Some(kept) = kept {
            let (loss, paint) = match kept.val {
                Some(val) => (val, colour::VAL),
                None => (kept.train, colour::TRAIN_LINE),
            };
            let at = spot(kept.epoch, loss);
            pen.marker(at, Marker::Disc, colour::INK, 15)?;
            pen.marker(at, Marker::Disc, paint, 10)?;
        }
        legend(pen, training, !val.is_empty(), kept)
    })?;
    Ok(Some(drawing))
}

/// The axis of the losses, and what takes a loss to it.
fn loss_axis(history: &[EpochLoss]) -> (Axis, fn(f64) -> f64) {
    let losses = history
        .iter()
        .flat_map(|one| [Some(one.train), one.val])
        .flatten();
    let (low, high) = losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    let decades = libm::log10(high) - libm::log10(low);
    if low > 0.0 && decades > DECADES {
        return (Axis::log(low, high, 0.06), libm::log10);
    }
    (Axis::linear(low, high, 0.06, 6), |loss| loss)
}

fn all_finite(history: &[EpochLoss]) -> Result<(), ReportProblem> {
    for one in history {
        let losses = [("train", Some(one.train)), ("val", one.val)];
        for (what, value) in losses {
            if let Some(value) = value.filter(|loss| !loss.is_finite()) {
                let epoch = one.epoch;
                return Err(ReportProblem::LossNotFinite { epoch, what, value });
            }
        }
    }
    Ok(())
}

/// A line, with markers where the epochs are few enough to see each.
fn series(
    pen: &Pen<'_>,
    spots: &[Spot],
    paint: RGBColor,
    marker: Marker,
) -> Result<(), ReportProblem> {
    if spots.len() > 1 {
        pen.line(spots, paint, 5)?;
    }
    if spots.len() <= 30 {
        for at in spots {
            pen.marker(*at, marker, paint, 9)?;
        }
    }
    Ok(())
}

/// What the lines mean, in a row above the frame where no line can cross it.
fn legend(
    pen: &Pen<'_>,
    training: &Training,
    has_val: bool,
    kept: Option<&EpochLoss>,
) -> Result<(), ReportProblem> {
    const KEY: i32 = 56;
    let y = FRAME.top - 42;
    let mut x = FRAME.left;
    let mut entry = |text: &str, draw_key: &dyn Fn(i32) -> Result<(), ReportProblem>| {
        draw_key(x)?;
        let spot = (x + KEY + 14, y);
        pen.text(text, spot, Side::Right, TEXT, colour::INK, false)?;
        x += KEY + 14 + (1.06 * width(text, TEXT)).round() as i32 + 48;
        Ok(())
    };
    entry("train", &|x| {
        pen.line(&[(x, y), (x + KEY, y)], colour::TRAIN_LINE, 6)
    })?;
    if has_val {
        entry("validation", &|x| {
            pen.line(&[(x, y), (x + KEY, y)], colour::VAL, 6)
        })?;
    }
    if let Some(kept) = kept {
        let loss = numbers::significant(kept.val.unwrap_or(kept.train));
        let which = if kept.val.is_some() {
            "validation"
        } else {
            "train"
        };
        let text = format!(
            "kept: epoch {}, {which} {} {loss}",
            kept.epoch, training.loss
        );
        entry(&text, &|x| {
            pen.marker((x + KEY / 2, y), Marker::Disc, colour::INK, 14)?;
            pen.marker((x + KEY / 2, y), Marker::Disc, colour::PAPER, 8)
        })?;
    }
    Ok(())
}
