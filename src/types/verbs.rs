//! Verbs over data sets and models: what they need and what comes of it.

use std::sync::Arc;

use super::builtin::Applied;
use super::check::Checker;
use super::numeric::{number, unless_missing};
use super::problems;
use super::subst::Subst;
use super::ty::{Axes, DatasetTy, Domain, Number, Part, TargetTy, TrainedTy, Ty};
use super::value::{Ctx, Form, Func, Val};
use crate::chem::OnBad;
use crate::ir::{Expr, Fed, Input, Kind, Lambda, Network, Setting, Site, VarId};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Noun};

type Verb = fn(&mut Checker<'_>, &Applied) -> Val;

/// Builtins that are verbs, in the order of a study.
pub const VERBS: &[&str] = &[
    "bundled",
    "jsonl",
    "where",
    "take",
    "target",
    "split",
    "holdout",
    "featurize",
    "train",
    "evaluate",
];

/// The verb of that name.
pub fn verb(name: &str) -> Option<Verb> {
    Some(match name {
        "bundled" => bundled,
        "jsonl" => jsonl,
        "where" => keep_where,
        "take" => take,
        "target" => target,
        "split" => split,
        "holdout" => holdout,
        "featurize" => featurize,
        "train" => train,
        "evaluate" => evaluate,
        _ => return None,
    })
}

fn bundled(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::Text(name)) = call.value("name").map(|val| val.form.clone()) else {
        return not_known(checker, call, "name");
    };
    match checker.bundled(&name, call.span_of("name")) {
        Some(ty) => checker.emit(call, ty),
        None => Val::poison(call.at),
    }
}

fn jsonl(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::Path(written, found)) = call.value("path").map(|val| val.form.clone())
    else {
        return not_known(checker, call, "path");
    };
    let skips = matches!(
        call.value("on_bad").map(|val| &val.form),
        Some(Form::Symbol(name)) if name.ends_with(".skip")
    );
    let on_bad = if skips { OnBad::Skip } else { OnBad::Fail };
    match checker.records(&written, &found, on_bad, call.span_of("path")) {
        Some(ty) => checker.emit(call, ty),
        None => Val::poison(call.at),
    }
}

fn not_known(checker: &mut Checker<'_>, call: &Applied, param: &str) -> Val {
    // A parameter of a function checked by itself: each use of it will know.
    if matches!(call.value(param).map(|val| &val.form), Some(Form::Unknown)) {
        return Val::unknown(Ty::Poison, call.at);
    }
    let problem = problems::known_after_run(call.span_of(param), &call.due(param));
    checker.report(problem);
    Val::poison(call.at)
}

/// The data set a verb is given.
fn rows(call: &Applied) -> Option<DatasetTy> {
    match &call.value("rows")?.ty {
        Ty::Dataset(data) => Some((**data).clone()),
        _ => None,
    }
}

fn take(checker: &mut Checker<'_>, call: &Applied) -> Val {
    if let Some(count) = call.value("count")
        && count.as_int().is_some_and(|n| n < 1)
    {
        let problem = problems::not_positive(count, &call.due("count"));
        checker.report(problem);
        return Val::poison(call.at);
    }
    match rows(call) {
        Some(data) => checker.emit(call, Ty::Dataset(data.into())),
        None => Val::unknown(Ty::Poison, call.at),
    }
}

fn keep_where(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(data) = rows(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some((lambda, found)) = checker.row_function(call, "keep", &data) else {
        return Val::poison(call.at);
    };
    if found.ty != Ty::Bool {
        checker.report(problems::wrong_operand("where", &found, "a Bool"));
        return Val::poison(call.at);
    }
    let setting = ("keep".into(), Setting::Lambda(lambda));
    checker.emit_with(call, Ty::Dataset(data.into()), vec![setting])
}

fn target(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = rows(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some((lambda, found)) = checker.row_function(call, "of", &data) else {
        return Val::poison(call.at);
    };
    let found = match unless_missing(found) {
        Ok(found) => found,
        Err(problem) => {
            checker.report(problem);
            return Val::poison(call.at);
        }
    };
    let Some(number) = number(&found.ty).filter(|number| number.axes.is_scalar()) else {
        checker.report(problems::target_not_a_number(&found));
        return Val::poison(call.at);
    };
    let bare = match &lambda.body.kind {
        Kind::Shown(of, _) => of,
        _ => &lambda.body,
    };
    let name: Arc<str> = match &bare.kind {
        Kind::Field(_, name) => name.clone(),
        _ => checker.sources.text(call.span_of("of")).into(),
    };
    if number.dimension.is_none() {
        checker.report(problems::target_without_unit(&name, call.span_of("of")));
    }
    data.target = Some(TargetTy {
        name,
        dimension: number.dimension,
    });
    let number = number.clone();
    // Every quantity says in which unit the network sees it.
    let lambda = match &lambda.body.kind {
        Kind::Shown(..) => lambda,
        _ if number.dimension.is_none() => lambda,
        _ => {
            let unit = number.dimension.unit().into();
            let kind = Kind::Shown(lambda.body.clone(), unit);
            let body = Expr {
                kind,
                span: lambda.body.span,
                shape: None,
            };
            Lambda {
                var: lambda.var,
                body: Arc::new(body),
            }
        }
    };
    let setting = ("of".into(), Setting::Lambda(lambda));
    checker.emit_with(call, Ty::Dataset(data.into()), vec![setting])
}

fn split(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = rows(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if data.has_test || data.from.is_some() {
        checker.report(problems::split_twice("split", call.at, "test rows"));
        return Val::poison(call.at);
    }
    data.has_test = true;
    checker.emit(call, Ty::Dataset(data.into()))
}

fn holdout(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = rows(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if data.has_val {
        checker.report(problems::split_twice("holdout", call.at, "validation rows"));
        return Val::poison(call.at);
    }
    if !data.has_test {
        let why =
            "there are no training rows to hold some out of: the test rows come first";
        let problem =
            problems::split_missing("holdout", call.at, why, "split(test: 20%)");
        checker.report(problem);
        return Val::poison(call.at);
    }
    data.has_val = true;
    checker.emit(call, Ty::Dataset(data.into()))
}

fn featurize(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = rows(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(by) = checker.now(call.arg("by"), None) else {
        return Val::poison(call.at);
    };
    let var = checker.variable();
    let input = Val::run(Ty::Structure, Kind::Var(var), by.span);
    let found = checker.apply(&by, vec![input], by.span);
    if found.is_poison() {
        return Val::poison(call.at);
    }
    let Form::Run(body) = &found.form else {
        return not_known(checker, call, "by");
    };
    let lambda = Lambda {
        var,
        body: body.clone(),
    };
    if !matches!(found.ty, Ty::Number(_) | Ty::Crystal(_)) {
        let wanted = "numbers or a graph, which a network can take";
        checker.report(problems::wrong_operand("featurize", &found, wanted));
        return Val::poison(call.at);
    }
    data.features = Some(found.ty.clone());
    let setting = ("by".into(), Setting::Lambda(lambda));
    checker.emit_with(call, Ty::Dataset(data.into()), vec![setting])
}

fn evaluate(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let trained = match call.value("trained").map(|val| val.ty.clone()) {
        Some(Ty::Trained(trained) | Ty::Evaluated(trained)) => trained,
        _ => return Val::unknown(Ty::Poison, call.at),
    };
    if !trained.data.has_test {
        let why = "there are no test rows to evaluate on";
        let problem =
            problems::split_missing("evaluate", call.at, why, "split(test: 20%)");
        checker.report(problem);
        return Val::poison(call.at);
    }
    checker.emit(call, Ty::Evaluated(trained))
}

fn train(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(data) = rows(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if !training_can_start(checker, call, &data) {
        return Val::poison(call.at);
    }
    let Some(features) = &data.features else {
        return Val::poison(call.at);
    };
    let Some(model) = call.value("network").cloned() else {
        return Val::poison(call.at);
    };
    let Some(network) = checker.network(&model, features, &call.due("network")) else {
        return Val::poison(call.at);
    };
    let setting = ("network".into(), Setting::Network(Arc::new(network)));
    let ty = Ty::Trained(Arc::new(TrainedTy { data }));
    checker.emit_with(call, ty, vec![setting])
}

/// Whether the rows and the settings allow a training.
fn training_can_start(
    checker: &mut Checker<'_>,
    call: &Applied,
    data: &DatasetTy,
) -> bool {
    let before = checker.problems.len();
    let at = call.value("rows").map_or(call.at, |val| val.span);
    if let Some(part @ (Part::Val | Part::Test)) = data.from {
        checker.report(problems::leak(part, at, "train"));
        return false;
    }
    if data.target.is_none() {
        checker.report(problems::no_target(call.at));
    }
    if data.features.is_none() {
        checker.report(problems::no_features(call.at));
    }
    for param in ["epochs", "batch"] {
        if let Some(val) = call.value(param)
            && val.as_int().is_some_and(|n| n < 1)
        {
            let problem = problems::not_positive(val, &call.due(param));
            checker.report(problem);
        }
    }
    if let Some(rate) = call.value("rate")
        && rate.as_f64().is_some_and(|x| x <= 0.0)
    {
        let problem = problems::not_above_zero(rate, &call.due("rate"));
        checker.report(problem);
    }
    if let Some(patience) = call.value("patience")
        && patience.as_int().is_some_and(|n| n < 0)
    {
        let problem = problems::not_above_zero(patience, &call.due("patience"));
        checker.report(problem);
    }
    let patient = call
        .value("patience")
        .and_then(Val::as_int)
        .is_some_and(|n| n > 0);
    let best = call.value("keep").is_some_and(
        |val| matches!(&val.form, Form::Symbol(name) if name.ends_with(".best")),
    );
    if !data.has_val && patient {
        let span = call.span_of("patience");
        let why = "when to stop";
        checker.report(problems::nothing_held_out(span, why, "patience: 0"));
    } else if !data.has_val && best {
        let why = "which epoch is best";
        checker.report(problems::nothing_held_out(call.at, why, "keep: final"));
    }
    checker.problems.len() == before
}

impl Checker<'_> {
    /// A variable no lambda has yet.
    pub fn variable(&mut self) -> VarId {
        self.next_var += 1;
        VarId(self.next_var)
    }

    /// The argument of a `Row => T` parameter as a function of a row, and what it gives:
    /// a lambda, a function, or an expression in fields `.x`.
    fn row_function(
        &mut self,
        call: &Applied,
        param: &str,
        data: &DatasetTy,
    ) -> Option<(Lambda, Val)> {
        let var = self.variable();
        let row = Val::run(Ty::Row(data.columns.clone()), Kind::Var(var), call.at);
        let found = match call.arg(param)? {
            super::value::Arg::Value(val) => self.apply(&val.clone(), vec![row], call.at),
            super::value::Arg::Later(expr, ctx) => {
                let (expr, ctx) = (expr.clone(), ctx.clone());
                let inner = match &expr.kind {
                    ExprKind::Lambda(lambda) => {
                        let name = lambda.params.first().map(|name| name.value.clone());
                        Ctx {
                            row: None,
                            row_name: name,
                            ..ctx
                        }
                    }
                    _ => Ctx {
                        row: Some(Box::new(row.clone())),
                        ..ctx
                    },
                };
                let val = self.infer(&expr, &inner);
                match val.ty {
                    Ty::Function => self.apply(&val, vec![row], expr.span),
                    _ => val,
                }
            }
        };
        if found.is_poison() {
            return None;
        }
        let Some(body) = found.as_ir() else {
            let problem = problems::known_after_run(found.span, &call.due(param));
            self.report(problem);
            return None;
        };
        Some((Lambda { var, body }, found))
    }

    /// A model with its settings, applied to features of that type.
    pub fn network(
        &mut self,
        model: &Val,
        features: &Ty,
        due: &problems::Due,
    ) -> Option<Network> {
        let Form::Func(func) = &model.form else {
            if !model.is_poison() {
                let found = model.ty.to_string();
                self.report(problems::not_a_model(model.span, &found, due));
            }
            return None;
        };
        let Func::Item {
            id, settings, span, ..
        } = &**func
        else {
            self.report(problems::not_a_model(
                model.span,
                "a function without a name",
                due,
            ));
            return None;
        };
        let (id, span) = (*id, *span);
        let signature = self.signature(id)?;
        if signature.noun != Noun::Model {
            let found = format!("the {} `{}`", signature.noun.word(), signature.name);
            self.report(problems::not_a_model(model.span, &found, due));
            return None;
        }
        if settings.is_none() && signature.settings().is_some() {
            self.report(problems::settings_missing(&signature.name, model.span));
            return None;
        }
        let [param] = signature.inputs() else {
            let name = format!("`{}`", signature.name);
            let wanted = signature.inputs().len();
            self.report(problems::wrong_arity(&name, model.span, wanted, 1));
            return None;
        };
        let var = self.variable();
        let (ty, fed) = fed_by(features)?;
        let input = Val::run(ty.clone(), Kind::Var(var), Span::NOWHERE);
        let fitted = super::matching::fit(
            input.clone(),
            &param.pat,
            &mut self.settings_sizes(settings.as_deref()),
            due,
        );
        if fitted.is_err() {
            let wanted = problems::describe(&param.pat, &Subst::default());
            self.report(problems::model_does_not_fit(
                &signature.name,
                model.span,
                &wanted,
                &ty,
                param.span,
            ));
            return None;
        }
        let root = Site {
            path: "".into(),
            label: "".into(),
        };
        let rooted = Func::Item {
            id,
            name: signature.name.clone(),
            settings: settings.clone(),
            site: Some(root),
            span,
        };
        self.written.clear();
        let steps = std::mem::take(&mut self.steps);
        let found = self.apply(&Val::func(rooted, span), vec![input], span);
        self.steps = steps;
        let written = std::mem::take(&mut self.written);
        if found.is_poison() {
            return None;
        }
        let one_a_row = number(&found.ty).is_some_and(|number| {
            number.axes.domain == Some(Domain::Rows)
                && number.axes.numbers().as_deref() == Some(&[1])
        });
        if !one_a_row {
            self.report(problems::model_result(
                &signature.name,
                model.span,
                &found.ty,
            ));
            return None;
        }
        let Form::Run(output) = &found.form else {
            return None;
        };
        let input = Input {
            var,
            name: param.name.clone(),
            fed,
        };
        Some(Network {
            name: signature.name.clone(),
            span,
            input,
            output: output.clone(),
            written,
        })
    }

    fn settings_sizes(&self, settings: Option<&super::value::Args>) -> Subst {
        let mut subst = Subst::default();
        for (name, arg) in settings.into_iter().flatten() {
            if let super::value::Arg::Value(val) = arg
                && let Form::Size(size) = &val.form
            {
                subst.sizes.insert(name.clone(), size.clone());
            }
        }
        subst
    }
}

/// A batch of features, and what one row of it is.
fn fed_by(features: &Ty) -> Option<(Ty, Fed)> {
    match features {
        Ty::Crystal(crystal) => {
            let fed = Fed::Crystal {
                angles: crystal.angles.is_some(),
            };
            Some((features.clone(), fed))
        }
        Ty::Number(number) => {
            let sizes = number.axes.sizes.clone();
            let fed = Fed::Vector(number.axes.numbers()?);
            let axes = Axes {
                domain: Some(Domain::Rows),
                sizes,
            };
            Some((
                Ty::Number(Number {
                    axes,
                    whole: false,
                    ..number.clone()
                }),
                fed,
            ))
        }
        _ => None,
    }
}
