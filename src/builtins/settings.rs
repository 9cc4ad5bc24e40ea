//! Known settings, read into what nn, chem and report take.

use crate::chem::{Element, OnBad};
use crate::ir::{Call, Made, Setting, Static};
use crate::nn::{Adam, AdamForm, Init, Keep, Loss};

/// The known value of a setting.
pub fn known<'a>(call: &'a Call, name: &str) -> Option<&'a Static> {
    match call.setting(name)? {
        Setting::Static(value) => Some(value),
        Setting::Lambda(_) | Setting::Network(_) => None,
    }
}

/// A number, in canonical units.
pub fn number(call: &Call, name: &str) -> Option<f64> {
    known(call, name)?.as_f64()
}

/// A whole number that counts something.
pub fn count(call: &Call, name: &str) -> Option<usize> {
    match known(call, name)? {
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

/// `loss:`.
pub fn loss(call: &Call) -> Option<Loss> {
    match symbol(call, "loss")? {
        "mse" => Some(Loss::Mse),
        "mae" => Some(Loss::Mae),
        _ => None,
    }
}

/// `keep:`.
pub fn keep(call: &Call) -> Option<Keep> {
    match symbol(call, "keep")? {
        "best" => Some(Keep::Best),
        "final" => Some(Keep::Last),
        _ => None,
    }
}

/// `optimizer:` and `rate:`.
pub fn optimizer(call: &Call) -> Option<Adam> {
    let (name, made) = made(known(call, "optimizer")?)?;
    if name != "adam" {
        return None;
    }
    let number = |name: &str| made.setting(name).and_then(Static::as_f64);
    Some(Adam {
        rate: self::number(call, "rate")?,
        beta1: number("beta1")?,
        beta2: number("beta2")?,
        eps: number("eps")?,
        form: match word(made.setting("form")?)? {
            "keras" => AdamForm::Keras,
            "torch" => AdamForm::Torch,
            _ => return None,
        },
    })
}

/// `init:`.
pub fn init(call: &Call) -> Option<Init> {
    let (name, made) = made(known(call, "init")?)?;
    match name {
        "glorot" => Some(Init::Glorot),
        "kaiming" => Some(Init::Kaiming),
        "uniform" => Some(Init::Uniform(made.setting("bound")?.as_f64()? as f32)),
        "orthogonal" => Some(Init::Orthogonal),
        "constant" => Some(Init::Constant(made.setting("value")?.as_f64()? as f32)),
        _ => None,
    }
}
