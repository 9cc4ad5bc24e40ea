//! Builtins: most follow their signature; rules and verbs have a say of their own.

use std::sync::Arc;

use super::check::Checker;
use super::matching::{instantiate, instantiate_axes};
use super::pattern::{AxisPat, Pat};
use super::problems;
use super::signature::{Parameter, Signature};
use super::subst::Subst;
use super::ty::{Axes, Domain, Ty};
use super::value::{Arg, Args, Form, Val};
use crate::ir::{Call, Expr, Kind, Made, Setting, Site, visit_calls};
use crate::names::ItemId;
use crate::source::Span;

/// Layers fitted to the training rows before the first epoch.
const FITTED: [&str; 1] = ["range_scale"];

/// An item with its arguments fitted.
pub struct Applied {
    /// Which.
    pub id: ItemId,
    /// Its signature.
    pub signature: Arc<Signature>,
    /// Its settings, when it has two groups.
    pub settings: Args,
    /// Its only or its second group.
    pub inputs: Args,
    /// What its letters stand for.
    pub subst: Subst,
    /// Where its weights belong.
    pub site: Option<Site>,
    /// Where it was called.
    pub at: Span,
}

impl Applied {
    /// A value of either group.
    pub fn value(&self, name: &str) -> Option<&Val> {
        super::bind::value(&self.settings, name)
            .or_else(|| super::bind::value(&self.inputs, name))
    }

    /// The argument of either group.
    pub fn arg(&self, name: &str) -> Option<&Arg> {
        self.settings.get(name).or_else(|| self.inputs.get(name))
    }

    /// Where the value of a parameter was written; the call when it was not.
    pub fn span_of(&self, name: &str) -> Span {
        self.arg(name).map_or(self.at, Arg::span)
    }

    /// Who wants what goes to a parameter.
    pub fn due(&self, name: &str) -> problems::Due {
        let mut params = self.signature.groups.iter().flatten();
        let span = params
            .find(|param| &*param.name == name)
            .map(|param| param.span);
        problems::Due {
            param: name.into(),
            of: self.signature.name.clone(),
            span: span.unwrap_or(self.signature.span),
            at: self.at,
        }
    }
}

impl Checker<'_> {
    /// The result of a builtin.
    pub fn builtin(&mut self, call: &Applied) -> Val {
        let name = call.signature.name.clone();
        if !self.in_range(call) {
            return Val::poison(call.at);
        }
        if FITTED.contains(&&*name) && !self.fitted_first(call) {
            return Val::poison(call.at);
        }
        if let Some(rule) = super::rules::rule(&name) {
            return rule(self, call);
        }
        if let Some(verb) = super::verbs::verb(&name) {
            return verb(self, call);
        }
        if let Some(width) = super::widths::width(self, call) {
            let sizes = vec![width];
            let axes = Axes {
                domain: None,
                sizes,
            };
            return self.emit(call, Ty::tensor(axes));
        }
        self.by_signature(call)
    }

    /// Whether the input of something fitted is there before training.
    fn fitted_first(&mut self, call: &Applied) -> bool {
        let Some(Form::Run(input)) = call.value("x").map(|val| &val.form) else {
            return true;
        };
        let mut learnt = None;
        visit_calls(input, &mut |of, span| {
            if of.site.is_some() && !FITTED.contains(&of.short_name()) {
                learnt = Some((of.short_name().to_owned(), span));
            }
        });
        let Some((weights, span)) = learnt else {
            return true;
        };
        let name = call.signature.name.clone();
        self.report(problems::fitted_behind_weights(
            &name, call.at, &weights, span,
        ));
        false
    }

    /// The result its written type says.
    pub fn by_signature(&mut self, call: &Applied) -> Val {
        if !self.counts_positive(call) {
            return Val::poison(call.at);
        }
        let Some((pat, _)) = &call.signature.result else {
            return Val::poison(call.at);
        };
        let ty = self.result_type(pat, call);
        if let Ty::Number(number) = &ty
            && number.axes.sizes.iter().any(not_positive)
        {
            self.report_nothing_left(call, pat, &number.axes);
            return Val::poison(call.at);
        }
        self.emit(call, ty)
    }

    /// The written result with what its letters stand for. A domain that only the result
    /// names is one of its own: the atoms of this graph and of no other.
    fn result_type(&mut self, pat: &Pat, call: &Applied) -> Ty {
        let mut subst = call.subst.clone();
        if let Pat::Crystal(n, e, t) = pat {
            for axis in [n, e].into_iter().chain(t) {
                if let AxisPat::Domain(name) = axis
                    && !subst.domains.contains_key(name)
                {
                    let domain = Domain::Named(name.clone(), self.fresh());
                    subst.domains.insert(name.clone(), domain);
                }
            }
        }
        let mut ty = instantiate(pat, &subst);
        if let Ty::Crystal(crystal) = &mut ty {
            crystal.radius = call.value("radius").and_then(Val::as_f64).or_else(|| {
                match &call.value("g")?.ty {
                    Ty::Crystal(given) => given.radius,
                    _ => None,
                }
            });
        }
        ty
    }

    /// Whole numbers in tensor types (`units`, `kernel`, `width`) count things.
    fn counts_positive(&mut self, call: &Applied) -> bool {
        let mut fine = true;
        const COUNTS: [&str; 8] = [
            "units",
            "filters",
            "kernel",
            "stride",
            "width",
            "bins",
            "size",
            "neighbours",
        ];
        for name in COUNTS {
            let Some(val) = super::bind::value(&call.settings, name) else {
                continue;
            };
            if val.as_int().is_some_and(|n| n < 1) {
                self.too_small(val, &call.due(name), 1);
                fine = false;
            }
        }
        if let Some(val) = super::bind::value(&call.settings, "padding")
            && val.as_int().is_some_and(|n| n < 0)
        {
            self.too_small(val, &call.due("padding"), 0);
            fine = false;
        }
        fine
    }

    fn report_nothing_left(&mut self, call: &Applied, pat: &Pat, result: &Axes) {
        let input = call.inputs.values().find_map(|arg| match arg {
            Arg::Value(val) => match &val.ty {
                Ty::Number(number) => Some((val, &number.axes)),
                _ => None,
            },
            Arg::Later(..) | Arg::Several(_) => None,
        });
        let Some(input) = input else { return };
        let largest = ["kernel", "width"].iter().find_map(|param| {
            largest_that_fits(call, pat, param).map(|value| (*param, value))
        });
        let layer = match &call.site {
            Some(site) => site.label.to_string(),
            None => call.signature.name.to_string(),
        };
        let problem = problems::nothing_left(&layer, call.at, result, input, largest);
        // What to write inside the library is of no use to its user.
        self.report(match self.own_use(call.at) {
            Some(_) => problem.help("take fewer or smaller layers, or a longer vector"),
            None => problem,
        });
    }

    /// The call as an expression of the IR, when all it was given is known.
    pub fn emit(&mut self, call: &Applied, ty: Ty) -> Val {
        if !self.known_before_run(call) {
            return Val::poison(call.at);
        }
        match self.as_call(call, &ty, Vec::new()) {
            Some(Emitted::Made(made)) => Val {
                ty,
                form: Form::Made(made),
                span: call.at,
            },
            Some(Emitted::Call(of)) => {
                let learns = of.site.is_some();
                let place = self.own_place(call.at);
                let val = Val::run(ty, Kind::Call(of), place).at(call.at);
                if let (true, Form::Run(expr)) = (learns, &val.form) {
                    self.written.push(expr.clone());
                }
                val
            }
            None => Val::unknown(ty, call.at),
        }
    }

    /// Like [`Checker::emit`] for a verb, whose functions were made settings.
    pub fn emit_with(
        &mut self,
        call: &Applied,
        ty: Ty,
        settings: Vec<(Arc<str>, Setting)>,
    ) -> Val {
        if !self.known_before_run(call) {
            return Val::poison(call.at);
        }
        match self.as_call(call, &ty, settings) {
            Some(Emitted::Call(of)) => {
                let place = self.own_place(call.at);
                Val::run(ty, Kind::Call(of), place).at(call.at)
            }
            Some(Emitted::Made(_)) | None => Val::unknown(ty, call.at),
        }
    }

    /// Whether no setting is something that a run computes; if one is it was reported.
    fn known_before_run(&mut self, call: &Applied) -> bool {
        for param in call.signature.groups.iter().flatten() {
            if is_input(param) || matches!(param.pat, Pat::Any) {
                continue;
            }
            if let Some(val) = call.value(&param.name)
                && matches!(val.form, Form::Run(_))
            {
                let problem = problems::known_after_run(val.span, &call.due(&param.name));
                self.report(problem);
                return false;
            }
        }
        true
    }

    fn as_call(
        &mut self,
        call: &Applied,
        ty: &Ty,
        functions: Vec<(Arc<str>, Setting)>,
    ) -> Option<Emitted> {
        let mut settings = Vec::new();
        let mut inputs: Vec<Arc<Expr>> = Vec::new();
        for param in call.signature.groups.iter().flatten() {
            if let Some(Arg::Several(all)) = call.arg(&param.name) {
                // One setting for each, `columns.NAME`, or one under the parameter's own
                // name; made by the verb.
                let prefix = format!("{}.", param.name);
                let of = functions
                    .iter()
                    .filter(|(name, _)| *name == param.name || name.starts_with(&prefix));
                let before = settings.len();
                settings.extend(of.cloned());
                if settings.len() - before != all.len() {
                    return None;
                }
                continue;
            }
            let function = functions.iter().find(|(name, _)| *name == param.name);
            if let Some((name, setting)) = function {
                settings.push((name.clone(), setting.clone()));
                continue;
            }
            let Some(Arg::Value(val)) = call.arg(&param.name) else {
                return None;
            };
            if is_input(param) {
                match &val.form {
                    Form::List(parts) if param.rest => {
                        for part in parts {
                            inputs.push(part.as_ir()?);
                        }
                    }
                    _ => inputs.push(val.as_ir()?),
                }
            } else {
                settings.push((param.name.clone(), Setting::Static(val.as_static()?)));
            }
        }
        let builtin: Arc<str> = self.program.full_name(call.id).into();
        if let (Ty::Named(_), true) = (ty, inputs.is_empty()) {
            let known =
                settings
                    .into_iter()
                    .filter_map(|(name, setting)| match setting {
                        Setting::Static(known) => Some((name, known)),
                        Setting::Lambda(_) | Setting::Network(_) | Setting::Space(_) => {
                            None
                        }
                    });
            return Some(Emitted::Made(Made {
                builtin,
                settings: known.collect(),
            }));
        }
        // A tensor whose sizes are not numbers yet is not built.
        if let Ty::Number(number) = ty {
            number.axes.numbers()?;
        }
        let site = call.site.clone();
        Some(Emitted::Call(Call {
            builtin,
            settings,
            inputs,
            site,
        }))
    }
}

/// What a builtin with known settings is.
enum Emitted {
    Made(Made),
    Call(Call),
}

/// Whether what goes to a parameter is known in a run only.
fn is_input(param: &Parameter) -> bool {
    match &param.pat {
        Pat::Number { axes, .. } => axes.is_some(),
        Pat::Any => param.rest,
        Pat::Structure
        | Pat::Index(..)
        | Pat::Graph(..)
        | Pat::Crystal(..)
        | Pat::Row
        | Pat::Dataset
        | Pat::Table
        | Pat::Rows
        | Pat::Scores
        | Pat::Figure
        | Pat::Insertion
        | Pat::Report
        | Pat::Trained
        | Pat::Evaluated => true,
        _ => false,
    }
}

fn not_positive(size: &super::size::Size) -> bool {
    size.as_number().is_some_and(|n| n < 1)
}

/// The largest value of a setting, below the one given, that leaves something.
fn largest_that_fits(call: &Applied, pat: &Pat, param: &str) -> Option<i64> {
    let given = super::bind::value(&call.settings, param)?.as_int()?;
    let Pat::Number {
        axes: Some(axes), ..
    } = pat
    else {
        return None;
    };
    let mut subst = call.subst.clone();
    (1..given.min(100_000)).rev().find(|value| {
        subst
            .sizes
            .insert(param.into(), super::size::Size::number(*value));
        !instantiate_axes(axes, &subst)
            .sizes
            .iter()
            .any(not_positive)
    })
}
