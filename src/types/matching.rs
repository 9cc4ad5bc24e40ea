//! Fits a value to what a parameter accepts, one way: the pattern's letters are bound,
//! the value is never changed by what stands around it.
//!
//! The implicit conversions, there are no others: whole number → number · the literal 0
//! → any dimension · text → path · list → set · number → tensor without axes · `Loss` →
//! `Metric` · a record with more fields → one with fewer.

use std::sync::Arc;

use indexmap::IndexMap;

use super::dimension::Dimension;
use super::pattern::{AxisPat, DimPat, Pat};
use super::problems::{self, Due};
use super::size::{Size, Verdict};
use super::subst::Subst;
use super::ty::{Axes, CrystalTy, Domain, InsertionTy, Number, Ty};
use super::value::{Form, Val};
use super::verbs::insertion_fields;
use crate::diagnostic::Problem;
use crate::ir::Real;
use crate::syntax::ast::ExprKind;

/// Fit `val` to `pat`. Gives the value converted, or what is wrong with it.
pub fn fit(val: Val, pat: &Pat, subst: &mut Subst, due: &Due) -> Result<Val, Problem> {
    if val.is_poison() {
        return Ok(val);
    }
    match (pat, &val.ty) {
        (Pat::Poison | Pat::Any, _) => Ok(val),
        (Pat::Letter(name), _) => {
            subst
                .types
                .entry(name.clone())
                .or_insert_with(|| val.ty.clone());
            Ok(val)
        }
        (Pat::Number { .. }, Ty::Number(_)) => fit_number(val, pat, subst, due),
        (Pat::Bool, Ty::Bool)
        | (Pat::Text, Ty::Text)
        | (Pat::Path, Ty::Path)
        | (Pat::Element, Ty::Element)
        | (Pat::Structure, Ty::Structure)
        | (Pat::Row, Ty::Row(_))
        | (Pat::Dataset, Ty::Dataset(_))
        | (Pat::Table, Ty::Table(_))
        | (Pat::Rows, Ty::Dataset(_) | Ty::Table(_))
        | (Pat::Scores, Ty::Scores(_))
        | (Pat::Insertion, Ty::Insertion(_))
        | (Pat::Figure, Ty::Figure)
        | (Pat::Report, Ty::Report)
        | (Pat::Trained, Ty::Trained(_) | Ty::Evaluated(_))
        | (Pat::Evaluated, Ty::Evaluated(_))
        | (Pat::Function(..) | Pat::Model, Ty::Function) => Ok(val),
        (Pat::Named(wanted), Ty::Named(found)) if wanted == found => Ok(val),
        (Pat::Named(wanted), Ty::Named(found))
            if &**wanted == "Metric" && &**found == "Loss" =>
        {
            Ok(val)
        }
        (Pat::Index(a, b), Ty::Index(from, to)) => {
            let pairs = [(a, from.clone()), (b, to.clone())];
            bind_domains(&val, pairs.into_iter(), subst, due)?;
            Ok(val)
        }
        (Pat::Graph(n, e), Ty::Graph(nodes, edges))
        | (Pat::Graph(n, e), Ty::Crystal(CrystalTy { nodes, edges, .. })) => {
            let (nodes, edges) = (nodes.clone(), edges.clone());
            let pairs = [(n, nodes.clone()), (e, edges.clone())];
            bind_domains(&val, pairs.into_iter(), subst, due)?;
            Ok(Val {
                ty: Ty::Graph(nodes, edges),
                ..val
            })
        }
        (Pat::Crystal(n, e, t), Ty::Crystal(crystal)) => {
            let crystal = crystal.clone();
            let mut pairs = vec![(n, crystal.nodes.clone()), (e, crystal.edges.clone())];
            match (t, &crystal.angles) {
                (Some(t), Some(angles)) => pairs.push((t, angles.clone())),
                (Some(_), None) => {
                    return Err(problems::wrong_type(&val, pat, subst, due));
                }
                (None, _) => {}
            }
            bind_domains(&val, pairs.into_iter(), subst, due)?;
            let angles = t.as_ref().and(crystal.angles);
            Ok(Val {
                ty: Ty::Crystal(CrystalTy { angles, ..crystal }),
                ..val
            })
        }
        // The rows of a sweep over models are several models.
        (Pat::List(of), Ty::Table(table))
            if matches!(**of, Pat::Trained)
                && matches!(table.cell, Some(Ty::Trained(_) | Ty::Evaluated(_))) =>
        {
            Ok(val)
        }
        (Pat::Space(of), _) => fit(val, of, subst, due),
        (Pat::List(of), Ty::List(_)) => fit_all(val, of, subst, due, Ty::List),
        (Pat::Set(of), Ty::List(_) | Ty::Set(_)) => fit_all(val, of, subst, due, Ty::Set),
        (Pat::Range(of), Ty::Range(_)) => fit_range(val, of, subst, due),
        (Pat::Tuple(pats), Ty::Tuple(tys)) if pats.len() == tys.len() => {
            fit_tuple(val, pats, subst, due)
        }
        (Pat::Record(pats), Ty::Record(_)) => fit_record(val, pats, subst, due),
        // A row of insertions is one, whatever columns it has besides.
        (Pat::Insertion, Ty::Row(columns))
            if insertion_fields()
                .iter()
                .all(|field| columns.iter().any(|column| column == field)) =>
        {
            Ok(val)
        }
        (Pat::Number { .. }, Ty::Domain(domain)) => {
            Err(problems::domain_as_number(val.span, &domain.to_string()))
        }
        (Pat::Named(_), Ty::Function) => Err(problems::settings_forgotten(&val, due)),
        _ => Err(problems::wrong_type(&val, pat, subst, due)),
    }
}

fn fit_number(val: Val, pat: &Pat, subst: &mut Subst, due: &Due) -> Result<Val, Problem> {
    let (
        Pat::Number {
            dimension,
            whole,
            ratio,
            axes,
        },
        Ty::Number(number),
    ) = (pat, &val.ty)
    else {
        return Ok(val);
    };
    if *whole && !number.whole {
        return Err(problems::wrong_type(&val, pat, subst, due));
    }
    let is_zero = number.axes.is_scalar()
        && number.dimension.is_none()
        && val.as_f64() == Some(0.0);
    let wanted = match dimension {
        DimPat::Known(known) => *known,
        DimPat::Letter(name) => *subst
            .dimensions
            .entry(name.clone())
            .or_insert(number.dimension),
    };
    if wanted != number.dimension && !is_zero {
        return Err(problems::wrong_dimension(
            &val,
            number.dimension,
            wanted,
            due,
        ));
    }
    match axes {
        None if !number.axes.is_scalar() => {
            return Err(problems::wrong_type(&val, pat, subst, due));
        }
        None => {}
        Some(pats) => bind_axes(&val, &number.axes, pats, subst, due)?,
    }
    if *ratio && val.as_f64().is_some_and(|x| !(0.0..=1.0).contains(&x)) {
        return Err(problems::not_a_fraction(&val, due));
    }
    if *whole {
        return Ok(val);
    }
    Ok(as_real(val, wanted))
}

/// A known whole number as a number, a 0 with the dimension that is due.
fn as_real(val: Val, dimension: Dimension) -> Val {
    let Ty::Number(number) = &val.ty else {
        return val;
    };
    let ty = Ty::Number(Number {
        dimension,
        whole: false,
        axes: number.axes.clone(),
    });
    let form = match &val.form {
        Form::Size(size) => match size.as_number() {
            Some(n) => Form::Real(Real {
                value: n as f64,
                dimension,
                shown: None,
            }),
            None => Form::Unknown,
        },
        Form::Real(real) => Form::Real(Real {
            dimension,
            ..real.clone()
        }),
        other => other.clone(),
    };
    Val {
        ty,
        form,
        span: val.span,
    }
}

/// Bind the letters of a written graph to the domains of a value.
fn bind_domains<'p>(
    val: &Val,
    pairs: impl Iterator<Item = (&'p AxisPat, Domain)>,
    subst: &mut Subst,
    due: &Due,
) -> Result<(), Problem> {
    for (pat, found) in pairs {
        let wanted = match pat {
            AxisPat::Domain(name) => subst
                .domains
                .entry(name.clone())
                .or_insert_with(|| found.clone())
                .clone(),
            AxisPat::Rows => Domain::Rows,
            AxisPat::Rest | AxisPat::Size(_) => continue,
        };
        if wanted != found {
            return Err(problems::wrong_domain(val, &found, &wanted, due));
        }
    }
    Ok(())
}

/// Bind the letters of a written tensor to the axes of a value.
fn bind_axes(
    val: &Val,
    axes: &Axes,
    pats: &[AxisPat],
    subst: &mut Subst,
    due: &Due,
) -> Result<(), Problem> {
    let wrong = |subst: &Subst| problems::wrong_axes(val, axes, pats, subst, due);
    let mut sizes: &[Size] = &axes.sizes;
    let mut pats_left = pats;
    match pats.first() {
        Some(AxisPat::Rest) => {
            pats_left = pats.get(1..).unwrap_or_default();
            let Some(lead) = sizes.len().checked_sub(pats_left.len()) else {
                return Err(wrong(subst));
            };
            let (leading, trailing) = sizes.split_at(lead);
            sizes = trailing;
            let rest = Axes {
                domain: axes.domain.clone(),
                sizes: leading.to_vec(),
            };
            match &subst.rest {
                None => subst.rest = Some(rest),
                Some(bound) if *bound == rest => {}
                Some(_) => return Err(wrong(subst)),
            }
        }
        Some(AxisPat::Rows) => {
            if axes.domain != Some(Domain::Rows) {
                return Err(wrong(subst));
            }
            pats_left = pats.get(1..).unwrap_or_default();
        }
        Some(AxisPat::Domain(name)) => {
            let Some(domain) = &axes.domain else {
                return Err(wrong(subst));
            };
            let bound = subst
                .domains
                .entry(name.clone())
                .or_insert_with(|| domain.clone());
            if bound != domain {
                return Err(problems::wrong_domain(val, domain, bound, due));
            }
            pats_left = pats.get(1..).unwrap_or_default();
        }
        Some(AxisPat::Size(_)) | None => {
            if axes.domain.is_some() {
                return Err(wrong(subst));
            }
        }
    }
    if let Some(AxisPat::Rest) = pats_left.first() {
        // `[n, ..]`: the domain is bound, `..` takes the sizes up to those written after.
        pats_left = pats_left.get(1..).unwrap_or_default();
        let Some(lead) = sizes.len().checked_sub(pats_left.len()) else {
            return Err(wrong(subst));
        };
        let (leading, trailing) = sizes.split_at(lead);
        sizes = trailing;
        let rest = Axes {
            domain: None,
            sizes: leading.to_vec(),
        };
        match &subst.rest {
            None => subst.rest = Some(rest),
            Some(bound) if bound.sizes == rest.sizes => {}
            Some(_) => return Err(wrong(subst)),
        }
    }
    if sizes.len() != pats_left.len() {
        return Err(wrong(subst));
    }
    for (size, pat) in sizes.iter().zip(pats_left) {
        let AxisPat::Size(written) = pat else {
            return Err(wrong(subst));
        };
        if let ExprKind::Name(name) = &written.kind
            && !subst.sizes.contains_key(&name.value)
        {
            subst.sizes.insert(name.value.clone(), size.clone());
            continue;
        }
        let Some(wanted) = subst.size(written) else {
            continue;
        };
        if size.compare(&wanted) == Verdict::Different {
            return Err(wrong(subst));
        }
    }
    Ok(())
}

fn fit_all(
    val: Val,
    of: &Pat,
    subst: &mut Subst,
    due: &Due,
    wrap: fn(Box<Ty>) -> Ty,
) -> Result<Val, Problem> {
    let Form::List(entries) = val.form else {
        return Ok(val);
    };
    let mut fitted = Vec::new();
    for entry in entries {
        fitted.push(fit(entry, of, subst, due)?);
    }
    let ty = match (fitted.first(), val.ty) {
        (Some(first), _) => first.ty.clone(),
        (None, Ty::List(ty) | Ty::Set(ty)) => *ty,
        (None, _) => Ty::Poison,
    };
    Ok(Val {
        ty: wrap(ty.into()),
        form: Form::List(fitted),
        span: val.span,
    })
}

fn fit_range(val: Val, of: &Pat, subst: &mut Subst, due: &Due) -> Result<Val, Problem> {
    let Form::Range(from, to, inclusive) = val.form else {
        return Ok(val);
    };
    let from = fit(*from, of, subst, due)?;
    let to = fit(*to, of, subst, due)?;
    let ty = Ty::Range(to.ty.clone().into());
    Ok(Val {
        ty,
        form: Form::Range(from.into(), to.into(), inclusive),
        span: val.span,
    })
}

fn fit_tuple(
    val: Val,
    pats: &[Pat],
    subst: &mut Subst,
    due: &Due,
) -> Result<Val, Problem> {
    let Form::Tuple(parts) = val.form else {
        return Ok(val);
    };
    let mut fitted = Vec::new();
    for (part, pat) in parts.into_iter().zip(pats) {
        fitted.push(fit(part, pat, subst, due)?);
    }
    let ty = Ty::Tuple(fitted.iter().map(|part| part.ty.clone()).collect());
    Ok(Val {
        ty,
        form: Form::Tuple(fitted),
        span: val.span,
    })
}

fn fit_record(
    val: Val,
    pats: &[(Arc<str>, Pat)],
    subst: &mut Subst,
    due: &Due,
) -> Result<Val, Problem> {
    let Ty::Record(known) = &val.ty else {
        return Ok(val);
    };
    for (name, _) in known {
        if !pats.iter().any(|(field, _)| field == name) {
            return Err(problems::field_unknown(&val, name, pats, due));
        }
    }
    for (name, _) in pats {
        if !known.iter().any(|(field, _)| field == name) {
            return Err(problems::field_missing(&val, name, pats, due));
        }
    }
    let Form::Record(fields) = &val.form else {
        return Ok(val);
    };
    let mut fitted = IndexMap::new();
    for (name, pat) in pats {
        if let Some(field) = fields.get(name) {
            fitted.insert(name.clone(), fit(field.clone(), pat, subst, due)?);
        }
    }
    let ty = Ty::Record(
        fitted
            .iter()
            .map(|(name, val)| (name.clone(), val.ty.clone()))
            .collect(),
    );
    Ok(Val {
        ty,
        form: Form::Record(fitted),
        span: val.span,
    })
}

/// The type a pattern stands for, its letters replaced; a letter nothing bound gives
/// [`Ty::Poison`] where it decides the type and stays a letter where it is a size.
pub fn instantiate(pat: &Pat, subst: &Subst) -> Ty {
    let boxed = |of: &Pat| Box::new(instantiate(of, subst));
    match pat {
        Pat::Poison | Pat::Any => Ty::Poison,
        Pat::Letter(name) => subst.types.get(name).cloned().unwrap_or(Ty::Poison),
        Pat::Number {
            dimension,
            whole,
            axes,
            ..
        } => {
            let dimension = match dimension {
                DimPat::Known(known) => *known,
                DimPat::Letter(name) => subst
                    .dimensions
                    .get(name)
                    .copied()
                    .unwrap_or(Dimension::NONE),
            };
            let axes = axes.as_ref().map(|axes| instantiate_axes(axes, subst));
            Ty::Number(Number {
                dimension,
                whole: *whole,
                axes: axes.unwrap_or_default(),
            })
        }
        Pat::Bool => Ty::Bool,
        Pat::Text => Ty::Text,
        Pat::Path => Ty::Path,
        Pat::Element => Ty::Element,
        Pat::Structure => Ty::Structure,
        Pat::List(of) => Ty::List(boxed(of)),
        Pat::Set(of) => Ty::Set(boxed(of)),
        Pat::Space(of) => instantiate(of, subst),
        Pat::Range(of) => Ty::Range(boxed(of)),
        Pat::Tuple(parts) => {
            Ty::Tuple(parts.iter().map(|part| instantiate(part, subst)).collect())
        }
        Pat::Record(fields) => Ty::Record(
            fields
                .iter()
                .map(|(name, of)| (name.clone(), instantiate(of, subst)))
                .collect(),
        ),
        Pat::Maybe(of) => Ty::Maybe(boxed(of)),
        Pat::Function(..) | Pat::Model => Ty::Function,
        Pat::Named(name) => Ty::Named(name.clone()),
        Pat::Index(a, b) => Ty::Index(axis_domain(a, subst), axis_domain(b, subst)),
        Pat::Graph(n, e) => Ty::Graph(axis_domain(n, subst), axis_domain(e, subst)),
        Pat::Crystal(n, e, t) => Ty::Crystal(CrystalTy {
            nodes: axis_domain(n, subst),
            edges: axis_domain(e, subst),
            angles: t.as_ref().map(|t| axis_domain(t, subst)),
            radius: None,
        }),
        Pat::Insertion => Ty::Insertion(Arc::new(InsertionTy { engine: "".into() })),
        Pat::Figure => Ty::Figure,
        Pat::Report => Ty::Report,
        // What rows, data sets and models are like is known from their makers alone.
        Pat::Row
        | Pat::Dataset
        | Pat::Table
        | Pat::Rows
        | Pat::Scores
        | Pat::Trained
        | Pat::Evaluated => Ty::Poison,
    }
}

/// The axes a written tensor stands for.
pub fn instantiate_axes(axes: &[AxisPat], subst: &Subst) -> Axes {
    let mut result = Axes::default();
    for axis in axes {
        match axis {
            AxisPat::Rest => {
                let rest = subst.rest.clone().unwrap_or_default();
                if result.domain.is_none() {
                    result.domain = rest.domain;
                }
                result.sizes.extend(rest.sizes);
            }
            AxisPat::Rows => result.domain = Some(Domain::Rows),
            AxisPat::Domain(name) => {
                result.domain = Some(domain_of(name, subst));
            }
            AxisPat::Size(written) => {
                result
                    .sizes
                    .push(subst.size(written).unwrap_or(Size::unknown(0)));
            }
        }
    }
    result
}

fn domain_of(name: &Arc<str>, subst: &Subst) -> Domain {
    subst
        .domains
        .get(name)
        .cloned()
        .unwrap_or_else(|| Domain::letter(name))
}

fn axis_domain(axis: &AxisPat, subst: &Subst) -> Domain {
    match axis {
        AxisPat::Domain(name) => domain_of(name, subst),
        AxisPat::Rest | AxisPat::Rows | AxisPat::Size(_) => Domain::Rows,
    }
}
