//! Fields: of records and rows, of data sets, models and scores, of elements.

use std::sync::Arc;

use super::check::Checker;
use super::dimension::Dimension;
use super::problems;
use super::ty::{Columns, DatasetTy, Part, TableTy, TrainedTy, Ty};
use super::value::{Form, Val};
use super::verbs::insertion_fields;
use crate::chem::Element;
use crate::ir::{Kind, Real};
use crate::names::ModuleId;
use crate::source::Span;
use crate::syntax::ast::Ident;

impl Checker<'_> {
    /// `x.name`.
    pub fn field(&mut self, of: Val, name: &Ident, span: Span) -> Val {
        if of.is_poison() {
            return Val::poison(span);
        }
        match (&of.ty, &of.form) {
            (_, Form::Module(id)) => self.item_of(*id, name, span),
            (_, Form::Record(fields)) if fields.contains_key(&name.value) => fields
                .get(&name.value)
                .cloned()
                .unwrap_or(Val::poison(span))
                .at(span),
            (Ty::Row(columns) | Ty::Record(columns), _) => {
                self.one_of(&of, columns, name, span)
            }
            (Ty::Scores(scores), _) => self.one_of(&of, scores, name, span),
            (Ty::Trained(trained), _) => {
                if &*name.value == "test" {
                    self.report(problems::not_evaluated(name.span));
                    return Val::poison(span);
                }
                let fields = trained_fields(trained, false);
                if &*name.value == "val" && !trained.data.has_val {
                    let fix = "holdout(val: 20%)";
                    self.report(problems::no_such_part("val", name.span, fix));
                    return Val::poison(span);
                }
                self.one_of(&of, &fields, name, span)
            }
            (Ty::Evaluated(trained), _) => {
                let fields = trained_fields(trained, true);
                self.one_of(&of, &fields, name, span)
            }
            (Ty::Insertion(_), _) => self.one_of(&of, &insertion_fields(), name, span),
            (Ty::Element, _) => self.element_field(&of, name, span),
            (Ty::Dataset(data), form) => self.part(data, form, name, span),
            (Ty::Graph(..) | Ty::Crystal(_), _) => self.graph_field(&of, name, span),
            _ => {
                let problem =
                    problems::no_such_field(&name.value, name.span, &of.ty, &Vec::new());
                self.report(problem);
                Val::poison(span)
            }
        }
    }

    /// An item of a module.
    fn item_of(&mut self, id: ModuleId, name: &Ident, span: Span) -> Val {
        let Some(module) = self.program.module(id) else {
            return Val::poison(span);
        };
        if let Some(item) = module.items.get(&name.value) {
            return self.item_value(*item).at(span);
        }
        // Of an item that does not parse it was said where it stands.
        if !module.lost.contains(&name.value) {
            let items: Vec<&str> = module.items.keys().map(|item| &**item).collect();
            let short = match module.is_std() {
                true => module.name.rsplit('.').next().unwrap_or(&module.name),
                false => &module.name,
            };
            let problem = problems::not_in_module(&name.value, name.span, short, &items);
            self.report(problem);
        }
        Val::poison(span)
    }

    /// `.train`, `.val` or `.test` of a data set.
    fn part(
        &mut self,
        data: &Arc<DatasetTy>,
        form: &Form,
        name: &Ident,
        span: Span,
    ) -> Val {
        let Some(part) = Part::named(&name.value) else {
            let parts = ["train", "val", "test"]
                .map(|part| (part.into(), Ty::Poison))
                .to_vec();
            let ty = Ty::Dataset(data.clone());
            self.report(problems::no_such_field(&name.value, name.span, &ty, &parts));
            return Val::poison(span);
        };
        let missing = match part {
            Part::Train | Part::Test if !data.has_test => Some("split(test: 20%)"),
            Part::Val if !data.has_val => Some("holdout(val: 20%)"),
            _ => None,
        };
        if let Some(fix) = missing {
            self.report(problems::no_such_part(part.name(), name.span, fix));
            return Val::poison(span);
        }
        let ty = Ty::Dataset(Arc::new(DatasetTy {
            from: Some(part),
            has_test: false,
            has_val: false,
            ..(**data).clone()
        }));
        match form {
            Form::Run(expr) => {
                Val::run(ty, Kind::Field(expr.clone(), name.value.clone()), span)
            }
            _ => Val::unknown(ty, span),
        }
    }

    /// A field among those known, of a value of a run.
    fn one_of(&mut self, of: &Val, fields: &Columns, name: &Ident, span: Span) -> Val {
        let found = fields.iter().find(|(field, _)| *field == name.value);
        let Some((_, ty)) = found else {
            let problem = problems::no_such_field(&name.value, name.span, &of.ty, fields);
            self.report(problem);
            return Val::poison(span);
        };
        match &of.form {
            Form::Run(expr) => {
                let kind = Kind::Field(expr.clone(), name.value.clone());
                Val::run(ty.clone(), kind, span)
            }
            _ => Val::unknown(ty.clone(), span),
        }
    }

    /// `O.mass`, and of an element of a row.
    fn element_field(&mut self, of: &Val, name: &Ident, span: Span) -> Val {
        let found = self.one_of(of, &element_fields(), name, span);
        let Form::Element(element) = of.form else {
            return found;
        };
        let known = |value: Option<f64>, dimension: &str| {
            let dimension = Dimension::named(dimension).unwrap_or(Dimension::NONE);
            let form = match value {
                Some(value) => Form::Real(Real {
                    value,
                    dimension,
                    shown: None,
                }),
                None => Form::Unknown,
            };
            Val {
                ty: Ty::real(dimension),
                form,
                span,
            }
        };
        match &*name.value {
            "z" => Val::size(super::size::Size::number(i64::from(element.z())), span),
            "symbol" => Val {
                ty: Ty::Text,
                form: Form::Text(element.symbol().into()),
                span,
            },
            "mass" => known(mass(element), "Mass"),
            "electronegativity" if element.electronegativity().is_some() => {
                known(element.electronegativity(), "Real")
            }
            _ => found,
        }
    }
}

/// What a trained model has: the scores of its parts and the course of its training.
pub fn trained_fields(trained: &TrainedTy, evaluated: bool) -> Columns {
    let mut fields = Columns::new();
    let mut add = |part: Part| {
        let scores = Ty::Scores(Arc::new(scores(trained, part)));
        fields.push((part.name().into(), scores));
    };
    add(Part::Train);
    if trained.data.has_val {
        add(Part::Val);
    }
    if evaluated {
        add(Part::Test);
    }
    let loss = Ty::real(trained.loss);
    let mut columns: Columns = vec![("epoch".into(), Ty::int())];
    columns.push(("train".into(), loss.clone()));
    if trained.data.has_val {
        columns.push(("val".into(), loss));
    }
    let history = TableTy {
        columns,
        ..TableTy::default()
    };
    fields.push(("history".into(), Ty::Table(history.into())));
    if let Some(columns) = &trained.trials {
        let trials = TableTy {
            columns: columns.clone(),
            ..TableTy::default()
        };
        fields.push(("trials".into(), Ty::Table(trials.into())));
    }
    fields
}

/// The scores of one part of the rows.
fn scores(trained: &TrainedTy, part: Part) -> Columns {
    let target = trained.data.target.as_ref();
    let target = Ty::real(target.map_or(Dimension::NONE, |target| target.dimension));
    let mut columns: Columns = vec![
        ("id".into(), Ty::Text),
        ("formula".into(), Ty::Text),
        ("actual".into(), target.clone()),
        ("predicted".into(), target.clone()),
    ];
    if trained.spread {
        columns.push(("uncertainty".into(), target.clone()));
    }
    let rows = TableTy {
        columns,
        from: Some(part),
        ..TableTy::default()
    };
    let mut columns: Columns = vec![
        ("loss".into(), Ty::real(trained.loss)),
        ("rmse".into(), target.clone()),
        ("mae".into(), target),
        ("r2".into(), Ty::real(Dimension::NONE)),
    ];
    for (name, ty) in &trained.asked {
        if !columns.iter().any(|(known, _)| known == name) {
            columns.push((name.clone(), ty.clone()));
        }
    }
    if trained.spread {
        let share = Ty::real(Dimension::NONE);
        columns.push(("coverage".into(), Ty::List(share.into())));
    }
    columns.push(("rows".into(), Ty::Table(rows.into())));
    columns
}

/// What is known of an element. A noble gas has no electronegativity.
pub(super) fn element_fields() -> Columns {
    let plain = Ty::real(Dimension::NONE);
    let mass = Dimension::named("Mass").unwrap_or(Dimension::NONE);
    vec![
        ("symbol".into(), Ty::Text),
        ("z".into(), Ty::int()),
        ("mass".into(), Ty::real(mass)),
        ("electronegativity".into(), Ty::Maybe(plain.into())),
    ]
}

/// The mass of an element in canonical units.
pub fn mass(element: Element) -> Option<f64> {
    let unit = super::unit::Unit::parse("u").ok()?;
    element
        .atomic_weight()
        .and_then(|weight| unit.value_of(&weight.to_string()))
}
