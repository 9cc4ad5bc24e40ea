//! Ions in hosts: `insertion`, and what is computed from the density of its cells.

use std::sync::Arc;

use crate::ir::Made;
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::dimension::Dimension;
use crate::types::numeric::number;
use crate::types::problems;
use crate::types::ty::{Columns, InsertionTy, TableTy, Ty};
use crate::types::value::{Form, Val};

/// Arguments of `insertion` that are fields of what it gives.
pub const ECHOED: &[&str] = &["ions", "channel", "count"];

/// Engines without an electron density.
const WITHOUT_DENSITY: &[&str] = &["prelude.chgnet"];

/// The fields of an insertion. It speaks of one cell of the host: energies in eV, charges
/// in e, nothing per atom.
pub fn insertion_fields() -> Columns {
    let quantity =
        |name: &str| Ty::real(Dimension::named(name).unwrap_or(Dimension::NONE));
    vec![
        ("host".into(), Ty::Structure),
        ("ions".into(), Ty::Element),
        ("channel".into(), Ty::Named("Channel".into())),
        ("count".into(), Ty::int()),
        ("reference".into(), quantity("Energy")),
        ("host_energy".into(), quantity("Energy")),
        ("energy".into(), quantity("Energy")),
        ("volume_change".into(), quantity("Volume")),
        ("structure".into(), Ty::Structure),
        ("engine".into(), Ty::Text),
        ("converged".into(), Ty::Bool),
    ]
}

/// `insertion(…)`.
pub fn insertion(checker: &mut Checker<'_>, call: &Applied) -> Val {
    if let Some(count) = call.value("count")
        && count.as_int().is_some_and(|n| n < 1)
    {
        checker.report(problems::not_positive(count, &call.due("count")));
        return Val::poison(call.at);
    }
    if !has_reference(checker, call) {
        return Val::poison(call.at);
    }
    let engine: Arc<str> = match call.value("calculator").map(|val| &val.form) {
        Some(Form::Made(Made { builtin, .. })) => builtin.clone(),
        _ => "".into(),
    };
    checker.emit(call, Ty::Insertion(Arc::new(InsertionTy { engine })))
}

/// Whether the record of references has an energy for the ion.
fn has_reference(checker: &mut Checker<'_>, call: &Applied) -> bool {
    let (Some(ions), Some(reference)) = (call.value("ions"), call.value("reference"))
    else {
        return false;
    };
    let Form::Record(fields) = &reference.form else {
        let due = "a record by element: `{ Li: -1.9 eV }`";
        let problem = problems::wrong_operand("reference", reference, due);
        checker.report(problem);
        return false;
    };
    let energy = Dimension::named("Energy").unwrap_or(Dimension::NONE);
    for (name, val) in fields {
        if name.parse::<crate::chem::Element>().is_err() {
            checker.report(problems::reference_of_no_element(name, val.span));
            return false;
        }
        let fits = number(&val.ty).is_some_and(|n| n.dimension == energy);
        if !fits {
            let due = "an energy of one ion: `-1.9 eV`";
            checker.report(problems::wrong_operand(name, val, due));
            return false;
        }
    }
    // A letter of a function checked by itself is no ion yet.
    let Form::Element(ion) = &ions.form else {
        return true;
    };
    if !fields.contains_key(ion.symbol()) {
        let problem = problems::no_reference(ion.symbol(), ions.span, reference.span);
        checker.report(problem);
        return false;
    }
    true
}

/// `t |> bader`: charges are read off the density.
pub fn bader(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let charge = Ty::real(Dimension::named("Charge").unwrap_or(Dimension::NONE));
    from_density(checker, call, "charge_transfer", charge)
}

/// `t |> density_difference`.
pub fn density_difference(checker: &mut Checker<'_>, call: &Applied) -> Val {
    from_density(checker, call, "density", Ty::Named("Density".into()))
}

fn from_density(checker: &mut Checker<'_>, call: &Applied, column: &str, ty: Ty) -> Val {
    let Some(Ty::Table(table)) = call.value("t").map(|val| val.ty.clone()) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let at = call.span_of("t");
    let Some(Ty::Insertion(insertion)) = &table.cell else {
        checker.report(problems::not_insertions(at, &call.signature.name));
        return Val::poison(call.at);
    };
    if WITHOUT_DENSITY.contains(&&*insertion.engine) {
        let engine = insertion.engine.rsplit('.').next().unwrap_or_default();
        let problem = problems::no_density(&call.signature.name, call.at, engine, at);
        checker.report(problem);
        return Val::poison(call.at);
    }
    if table.columns.iter().any(|(name, _)| &**name == column) {
        checker.report(problems::axis_twice(column, call.at, None));
        return Val::poison(call.at);
    }
    let mut made: TableTy = (*table).clone();
    made.columns.push((column.into(), ty));
    checker.emit(call, Ty::Table(Arc::new(made)))
}

/// `t |> isosurface(level: …)`.
pub fn isosurface(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Ty::Table(table)) = call.value("t").map(|val| val.ty.clone()) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if !table.columns.iter().any(|(name, _)| &**name == "density") {
        checker.report(problems::no_density_column(call.span_of("t")));
        return Val::poison(call.at);
    }
    checker.emit(call, Ty::Figure)
}
