//! Known settings, read into what nn, chem and report take.

use crate::chem::{Element, OnBad};
use crate::draw::Draws;
use crate::ir::{Call, Made, Setting, Static};
use crate::nn::{
    self, Adam, AdamForm, AdamW, Batching, Clip, Init, Keep, Loss, OneCycle, Optimizer,
    Plateau, Schedule, Sgd, TargetScale, Watch,
};
use crate::types::Unit;

/// The known value of a setting.
pub fn known<'a>(call: &'a Call, name: &str) -> Option<&'a Static> {
    match call.setting(name)? {
        Setting::Static(value) => Some(value),
        Setting::Lambda(_) | Setting::Network(_) | Setting::Space(_) => None,
    }
}

/// A number, in canonical units.
pub fn number(call: &Call, name: &str) -> Option<f64> {
    known(call, name)?.as_f64()
}

/// A whole number that counts something.
pub fn count(call: &Call, name: &str) -> Option<usize> {
    whole(known(call, name)?)
}

fn whole(value: &Static) -> Option<usize> {
    match value {
        Static::Int(value) => usize::try_from(*value).ok(),
        _ => None,
    }
}

/// A truth.
pub fn truth(call: &Call, name: &str) -> Option<bool> {
    match known(call, name)? {
        Static::Bool(value) => Some(*value),
        _ => None,
    }
}

/// The elements of a set.
pub fn elements(call: &Call, name: &str) -> Vec<Element> {
    let Some(Static::List(all)) = known(call, name) else {
        return Vec::new();
    };
    let element = |value: &Static| match value {
        Static::Element(element) => Some(*element),
        _ => None,
    };
    all.iter().filter_map(element).collect()
}

/// The last word of a constant's name: `mse`.
pub fn symbol<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    word(known(call, name)?)
}

fn word(value: &Static) -> Option<&str> {
    match value {
        Static::Symbol(name) => name.rsplit('.').next(),
        _ => None,
    }
}

fn made(value: &Static) -> Option<(&str, &Made)> {
    match value {
        Static::Made(made) => Some((made.builtin.rsplit('.').next()?, made)),
        _ => None,
    }
}

/// `on_bad:`.
pub fn on_bad(call: &Call) -> Option<OnBad> {
    match symbol(call, "on_bad")? {
        "fail" => Some(OnBad::Fail),
        "skip" => Some(OnBad::Skip),
        _ => None,
    }
}

/// The settings of a `train` call, for targets on that scale and in that unit.
pub fn training(
    call: &Call,
    draws: Draws,
    scale: TargetScale,
    unit: &str,
) -> Option<nn::Settings> {
    let loss = loss(call, scale, unit)?;
    let above_zero = |name: &str| number(call, name).filter(|x| *x > 0.0);
    Some(nn::Settings {
        batch: count(call, "batch")?,
        drop_last: truth(call, "drop_last")?,
        batching: match symbol(call, "order")? {
            "shuffled" => Batching::Shuffled,
            "by_size" => Batching::BySize,
            _ => return None,
        },
        epochs: count(call, "epochs")?,
        loss,
        optimizer: optimizer(call)?,
        schedule: schedule(call)?,
        clip: match (above_zero("clip"), above_zero("clip_global")) {
            (Some(limit), _) => Clip::PerVariable(limit),
            (None, Some(limit)) => Clip::Global(limit),
            (None, None) => Clip::Never,
        },
        l2: number(call, "l2")?,
        decay_everything: symbol(call, "decay_on")? == "everything",
        ema: above_zero("ema"),
        patience: count(call, "patience").filter(|patience| *patience > 0),
        min_delta: number(call, "min_delta")? / loss_factor(loss, scale),
        keep: keep(call)?,
        draws,
    })
}

/// What a loss over scaled targets is multiplied by to be the loss over the targets.
pub fn loss_factor(loss: Loss, scale: TargetScale) -> f64 {
    match loss {
        Loss::Mae => scale.spread,
        Loss::Mse | Loss::Huber { .. } => scale.spread * scale.spread,
    }
}

/// `loss:`.
fn loss(call: &Call, scale: TargetScale, unit: &str) -> Option<Loss> {
    let value = known(call, "loss")?;
    match (word(value), made(value)) {
        (Some("mse"), _) => Some(Loss::Mse),
        (Some("mae"), _) => Some(Loss::Mae),
        (_, Some(("huber", made))) => {
            let delta = made.setting("delta")?.as_f64()?;
            let delta = match unit {
                "" => delta,
                unit => Unit::parse(unit).ok()?.count_in(delta),
            };
            // Huber's loss of e with δ is spread² times that of e/spread with δ/spread.
            Some(Loss::Huber {
                delta: delta / scale.spread,
            })
        }
        _ => None,
    }
}

/// How many rows `scale_target:` looks at, 0 for all; none for targets as they are.
pub fn scaled_by(call: &Call) -> Option<usize> {
    let (name, made) = made(known(call, "scale_target")?)?;
    match (name, made.setting("sample")?) {
        ("standardized", Static::Int(sample)) => usize::try_from(*sample).ok(),
        _ => None,
    }
}

/// `keep:`.
fn keep(call: &Call) -> Option<Keep> {
    match symbol(call, "keep")? {
        "best" => Some(Keep::Best),
        "final" => Some(Keep::Last),
        _ => None,
    }
}

/// `optimizer:` and `rate:`.
fn optimizer(call: &Call) -> Option<Optimizer> {
    let (name, made) = made(known(call, "optimizer")?)?;
    let number = |name: &str| made.setting(name).and_then(Static::as_f64);
    let rate = self::number(call, "rate")?;
    let adam = |form| {
        Some(Adam {
            rate,
            beta1: number("beta1")?,
            beta2: number("beta2")?,
            eps: number("eps")?,
            form,
        })
    };
    Some(match name {
        "adam" => match word(made.setting("form")?)? {
            "keras" => adam(AdamForm::Keras)?.into(),
            "torch" => adam(AdamForm::Torch)?.into(),
            _ => return None,
        },
        "adamw" => AdamW {
            adam: adam(AdamForm::Torch)?,
            decay: number("decay")?,
        }
        .into(),
        "sgd" => Sgd {
            rate,
            momentum: number("momentum")?,
        }
        .into(),
        _ => return None,
    })
}

/// `schedule:`.
fn schedule(call: &Call) -> Option<Schedule> {
    let value = known(call, "schedule")?;
    if word(value) == Some("steady") {
        return Some(Schedule::Constant);
    }
    let (name, made) = made(value)?;
    let number = |name: &str| made.setting(name).and_then(Static::as_f64);
    let truth = |name: &str| matches!(made.setting(name), Some(Static::Bool(true)));
    Some(match name {
        "one_cycle" => Schedule::OneCycle(OneCycle {
            rise: number("rise")?,
            start_divisor: number("start_divisor")?,
            final_divisor: number("final_divisor")?,
            momentum: match truth("momentum") {
                true => Some((number("lowest")?, number("highest")?)),
                false => None,
            },
        }),
        "plateau" => Schedule::Plateau(Plateau {
            watch: match word(made.setting("watch")?)? {
                "train_loss" => Watch::Training,
                "val_loss" => Watch::Validation,
                _ => return None,
            },
            factor: number("factor")?,
            patience: whole(made.setting("patience")?)?,
            threshold: number("threshold")?,
            lowest: number("lowest")?,
        }),
        "multi_step" => Schedule::MultiStep {
            epochs: match made.setting("at")? {
                Static::List(all) => all.iter().map(whole).collect::<Option<_>>()?,
                _ => return None,
            },
            factor: number("factor")?,
        },
        "cosine" => Schedule::Cosine {
            final_rate: number("final_rate")?,
        },
        _ => return None,
    })
}

/// `init:`.
pub fn init(call: &Call) -> Option<Init> {
    let (name, made) = made(known(call, "init")?)?;
    match name {
        "glorot" => Some(Init::Glorot),
        "kaiming" => Some(Init::Kaiming),
        "random_uniform" => Some(Init::Uniform(made.setting("bound")?.as_f64()? as f32)),
        "orthogonal" => Some(Init::Orthogonal),
        "constant" => Some(Init::Constant(made.setting("value")?.as_f64()? as f32)),
        _ => None,
    }
}
