//! One item looked at by itself, for whoever asks about a line of a script.

use std::sync::Arc;

use super::bind::Call;
use super::check::{Checker, Given};
use super::fields::{element_fields, trained_fields};
use super::problems::Due;
use super::signature::Signature;
use super::subst::Subst;
use super::ty::{Part, Ty};
use super::value::{Args, Ctx, Form, Func, Val};
use crate::diagnostic::Problem;
use crate::ir::{Network, Static};
use crate::names::{ItemId, Program};
use crate::source::Sources;
use crate::syntax::ast::Noun;
use crate::world::World;

/// What is known of an item.
#[derive(Debug)]
pub struct Seen {
    /// Its type.
    pub ty: Ty,
    /// Its value, when all of it is known.
    pub value: Option<Static>,
    /// The function it is, if it is one that has a name.
    pub function: Option<ItemId>,
    /// Of a model its network, over made-up features.
    pub network: Option<Network>,
    /// What can stand after a dot behind it, with its type.
    pub fields: Vec<(Arc<str>, String)>,
    /// What stood in the way.
    pub problems: Vec<Problem>,
}

impl Seen {
    /// What is known of an item that is not there.
    pub fn nothing() -> Seen {
        Seen {
            ty: Ty::Poison,
            value: None,
            function: None,
            network: None,
            fields: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// Look at an item. With `given`, a model is applied to features of that kind.
pub fn look(
    program: &Program,
    sources: &Sources,
    world: &dyn World,
    id: ItemId,
    given: Option<Given>,
) -> Seen {
    let mut checker = Checker::new(program, sources, world);
    let value = checker.item_value(id);
    let named = function(&value);
    let network = given
        .zip(named.clone())
        .and_then(|(given, (id, settings))| checker.model(id, settings, given));
    Seen {
        fields: fields(&value, program),
        value: value.as_static(),
        ty: value.ty,
        function: named.map(|(id, _)| id),
        network,
        problems: checker.problems,
    }
}

/// The named function a value is, and its settings when they were given.
fn function(value: &Val) -> Option<(ItemId, Option<Arc<Args>>)> {
    match &value.form {
        Form::Func(func) => match &**func {
            Func::Item { id, settings, .. } => Some((*id, settings.clone())),
            _ => None,
        },
        _ => None,
    }
}

impl Checker<'_> {
    /// A model over features made up from its signature, with the settings it was given or
    /// with its defaults. None when it is no model, or a problem was reported.
    pub fn model(
        &mut self,
        id: ItemId,
        settings: Option<Arc<Args>>,
        given: Given,
    ) -> Option<Network> {
        let signature = self.signature(id)?;
        if signature.noun != Noun::Model {
            return None;
        }
        let settings = match settings {
            Some(settings) => settings,
            None => Arc::new(self.defaults(id, &signature)?),
        };
        let span = signature.span;
        let func = Func::Item {
            id,
            name: signature.name.clone(),
            settings: Some(settings),
            site: None,
            span,
        };
        let features = self.features_for(&signature, given);
        let due = Due {
            param: "network".into(),
            of: "show".into(),
            span,
            at: span,
        };
        self.network(&Val::func(func, span), &features, &due)
    }

    fn defaults(&mut self, id: ItemId, signature: &Arc<Signature>) -> Option<Args> {
        let call = Call {
            id,
            signature,
            group: signature.settings().unwrap_or(&[]),
            at: signature.span,
        };
        let args = self.bind(&call, &[], &Ctx::default())?;
        let mut subst = Subst::default();
        self.fit_group(signature, call.group, &args, &mut subst, call.at)
    }
}

/// What can stand after a dot.
fn fields(value: &Val, program: &Program) -> Vec<(Arc<str>, String)> {
    let shown = |columns: &[(Arc<str>, Ty)]| -> Vec<(Arc<str>, String)> {
        columns
            .iter()
            .map(|(name, ty)| (name.clone(), ty.to_string()))
            .collect()
    };
    match (&value.ty, &value.form) {
        (_, Form::Module(id)) => {
            let names = program.module(*id).map(|module| module.items.keys());
            names
                .into_iter()
                .flatten()
                .map(|name| (name.clone(), String::new()))
                .collect()
        }
        (Ty::Row(columns) | Ty::Record(columns), _) => shown(columns),
        (Ty::Scores(scores), _) => shown(scores),
        (Ty::Trained(trained), _) => shown(&trained_fields(trained, false)),
        (Ty::Evaluated(trained), _) => shown(&trained_fields(trained, true)),
        (Ty::Element, _) => shown(&element_fields()),
        (Ty::Dataset(data), _) => {
            let mut parts = Vec::new();
            if data.has_test {
                parts.extend([Part::Train, Part::Test]);
            }
            if data.has_val {
                parts.push(Part::Val);
            }
            parts
                .iter()
                .map(|part| (part.name().into(), "Dataset".to_owned()))
                .collect()
        }
        _ => Vec::new(),
    }
}
