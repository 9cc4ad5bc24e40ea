//! A model applied to features.

use crate::ir::{Fed, Input, Kind, Network, Site};
use crate::source::Span;
use crate::syntax::ast::Noun;
use crate::types::check::Checker;
use crate::types::graphs::rows_map;
use crate::types::matching::fit;
use crate::types::numeric::number;
use crate::types::pattern::Pat;
use crate::types::problems;
use crate::types::signature::{Parameter, Signature};
use crate::types::subst::Subst;
use crate::types::ty::{Axes, CrystalTy, Domain, Number, Ty};
use crate::types::value::{Arg, Args, Form, Func, Val};

impl Checker<'_> {
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
            self.report(problems::settings_missing(&signature, model.span));
            return None;
        }
        let mut sizes = self.settings_sizes(settings.as_deref());
        let (mut inputs, mut values) = (Vec::new(), Vec::new());
        for (param, (ty, fed)) in self.feeds(&signature, features, model.span)? {
            let var = self.variable();
            let value = Val::run(ty.clone(), Kind::Var(var), Span::NOWHERE);
            if fit(value.clone(), &param.pat, &mut sizes, due).is_err() {
                let wanted = problems::describe(&param.pat, &Subst::default());
                self.report(problems::model_does_not_fit(
                    &signature.name,
                    model.span,
                    &wanted,
                    &ty,
                    param.span,
                    other_features(&param.pat, &ty),
                ));
                return None;
            }
            let name = param.name.clone();
            inputs.push(Input { var, name, fed });
            values.push(value);
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
        let found = self.apply(&Val::func(rooted, span), values, span);
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
            let map = rows_map(&signature, &sizes, &found.ty);
            let steps = to_one_a_row(&found.ty, map.as_deref());
            self.report(problems::model_result(
                &signature.name,
                model.span,
                &found.ty,
                &steps,
                map.is_some(),
            ));
            return None;
        }
        let Form::Run(output) = &found.form else {
            return None;
        };
        Some(Network {
            name: signature.name.clone(),
            span,
            inputs,
            output: output.clone(),
            written,
        })
    }

    /// A `featurize` that makes what a model takes.
    pub fn featurize_for(&mut self, model: Option<&Val>) -> String {
        let signature = match model.map(|model| &model.form) {
            Some(Form::Func(func)) => self.signature_of(func),
            _ => None,
        };
        let inputs = match &signature {
            Some(signature) if signature.noun == Noun::Model => signature.inputs(),
            _ => &[],
        };
        let made: Vec<String> = match inputs {
            [] => vec!["magpie()".into()],
            [one] => vec![feature_for(&one.pat).into()],
            several => several
                .iter()
                .map(|param| format!("{}: {}", param.name, feature_for(&param.pat)))
                .collect(),
        };
        format!("featurize({})", made.join(", "))
    }

    /// What each input of a model is fed: the one feature, or that of its name.
    fn feeds<'a>(
        &mut self,
        signature: &'a Signature,
        features: &Ty,
        at: Span,
    ) -> Option<Vec<(&'a Parameter, (Ty, Fed))>> {
        let (model, params) = (&signature.name, signature.inputs());
        let Ty::Record(named) = features else {
            if let [param] = params {
                return Some(vec![(param, fed_by(features)?)]);
            }
            let names: Vec<&str> = params.iter().map(|param| &*param.name).collect();
            let declared = signature.span;
            let problem =
                problems::features_need_names(model, at, &names, features, declared);
            self.report(problem);
            return None;
        };
        let mut all = Vec::new();
        let mut graph: Option<&'a Parameter> = None;
        for param in params {
            let found = named.iter().find(|(name, _)| *name == param.name);
            let Some((_, ty)) = found else {
                let (input, declared) = (&param.name, param.span);
                let problem =
                    problems::feature_missing(model, at, input, named, declared);
                self.report(problem);
                return None;
            };
            if matches!(ty, Ty::Crystal(_))
                && let Some(first) = graph.replace(param)
            {
                let names = (&first.name, &param.name);
                self.report(problems::two_graphs(model, at, names.0, names.1));
                return None;
            }
            all.push((param, fed_by(ty)?));
        }
        Some(all)
    }

    fn settings_sizes(&self, settings: Option<&Args>) -> Subst {
        let mut subst = Subst::default();
        for (name, arg) in settings.into_iter().flatten() {
            if let Arg::Value(val) = arg
                && let Form::Size(size) = &val.form
            {
                subst.sizes.insert(name.clone(), size.clone());
            }
        }
        subst
    }
}

/// A feature that an input of a model takes.
fn feature_for(input: &Pat) -> &'static str {
    match input {
        Pat::Crystal(_, _, Some(_)) => {
            "knn_graph(radius: 8 Å, neighbours: 12) >> with_angles"
        }
        Pat::Crystal(..) | Pat::Graph(..) => "crystal_graph(radius: 5 Å)",
        _ => "magpie()",
    }
}

/// What to do about a feature that an input of a model does not take.
fn other_features(input: &Pat, found: &Ty) -> String {
    match (input, found) {
        (Pat::Crystal(_, _, Some(_)), Ty::Crystal(_)) => format!(
            "add the angles to the graph with `>> with_angles`, as in `{}`",
            feature_for(input)
        ),
        (Pat::Crystal(..) | Pat::Graph(..), Ty::Number(_)) => {
            format!("give it a graph, such as `{}`", feature_for(input))
        }
        (Pat::Number { .. }, Ty::Crystal(_)) => {
            format!("give it numbers, such as `{}`", feature_for(input))
        }
        _ => "choose other features, or a model for these".into(),
    }
}

/// The steps from what a model gives to one number a row; `map` leads to the rows.
fn to_one_a_row(found: &Ty, map: Option<&str>) -> String {
    let sizes = number(found).and_then(|number| number.axes.numbers());
    let last = match sizes.as_deref() {
        Some([]) => "reshape(1)",
        Some([1]) if map.is_some() => "",
        Some([_, _, ..]) => "flatten |> dense(1)",
        Some([_]) | None => "dense(1)",
    };
    match (map, last) {
        (None, last) => last.into(),
        (Some(map), "") => format!("mean(by: {map})"),
        (Some(map), last) => format!("mean(by: {map}) |> {last}"),
    }
}

/// A batch of features, and what one row of it is.
fn fed_by(features: &Ty) -> Option<(Ty, Fed)> {
    match features {
        Ty::Crystal(crystal) => {
            let fed = Fed::Crystal {
                angles: crystal.angles.is_some(),
            };
            // In a network the domains have names of their own: what the letters of some
            // signature were decides nothing.
            let named = |domain: &Domain, name: &str| match domain {
                Domain::Rows => Domain::Rows,
                Domain::Named(_, number) => Domain::Named(name.into(), *number),
            };
            let crystal = CrystalTy {
                nodes: named(&crystal.nodes, "atoms"),
                edges: named(&crystal.edges, "bonds"),
                angles: crystal.angles.as_ref().map(|t| named(t, "angles")),
                ..crystal.clone()
            };
            Some((Ty::Crystal(crystal), fed))
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
