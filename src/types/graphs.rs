//! Graphs in the language: their maps and fields, and indexing by a map.

use std::sync::Arc;

use super::check::Checker;
use super::dimension::Dimension;
use super::literal::real;
use super::numeric::number;
use super::pattern::{AxisPat, Pat};
use super::problems;
use super::signature::Signature;
use super::subst::Subst;
use super::ty::{Axes, Columns, CrystalTy, Domain, Number, Ty};
use super::value::{Ctx, Form, Val};
use crate::ir::Kind;
use crate::names::Bound;
use crate::source::Span;
use crate::syntax::ast::{Expr, Ident};

/// Fields of a graph: its maps, and how many edges end in each node.
fn graph_fields(nodes: &Domain, edges: &Domain) -> Columns {
    let over = |domain: &Domain| Axes {
        domain: Some(domain.clone()),
        sizes: Vec::new(),
    };
    let whole = |domain: &Domain| {
        let dimension = Dimension::NONE;
        Ty::Number(Number {
            dimension,
            whole: true,
            axes: over(domain),
        })
    };
    vec![
        ("src".into(), Ty::Index(edges.clone(), nodes.clone())),
        ("dst".into(), Ty::Index(edges.clone(), nodes.clone())),
        ("node_graph".into(), Ty::Index(nodes.clone(), Domain::Rows)),
        ("edge_graph".into(), Ty::Index(edges.clone(), Domain::Rows)),
        ("degree".into(), whole(nodes)),
    ]
}

/// Fields of a crystal graph besides those of a graph.
fn crystal_fields(crystal: &CrystalTy) -> Columns {
    let length = Dimension::named("Length").unwrap_or(Dimension::NONE);
    let over = |domain: &Domain| Axes {
        domain: Some(domain.clone()),
        sizes: Vec::new(),
    };
    let tensor = |dimension, whole, domain| {
        Ty::Number(Number {
            dimension,
            whole,
            axes: over(domain),
        })
    };
    let mut fields = graph_fields(&crystal.nodes, &crystal.edges);
    fields.push((
        "species".into(),
        tensor(Dimension::NONE, true, &crystal.nodes),
    ));
    fields.push(("distance".into(), tensor(length, false, &crystal.edges)));
    fields.push(("radius".into(), Ty::real(length)));
    if let Some(angles) = &crystal.angles {
        fields.push((
            "line".into(),
            Ty::Graph(crystal.edges.clone(), angles.clone()),
        ));
        fields.push(("cosine".into(), tensor(Dimension::NONE, false, angles)));
    }
    fields
}

/// The map to the rows from what a tensor has one entry for each of, as it is written with
/// the graphs a signature takes: `g.node_graph`.
pub fn rows_map(signature: &Signature, subst: &Subst, of: &Ty) -> Option<String> {
    let domain = number(of)?.axes.domain.as_ref()?;
    let is = |axis: &AxisPat| match axis {
        AxisPat::Domain(name) => subst.domains.get(name) == Some(domain),
        AxisPat::Rest | AxisPat::Rows | AxisPat::Size(_) => false,
    };
    let mut params = signature.groups.iter().flatten();
    params.find_map(|param| {
        let (nodes, edges, angles) = match &param.pat {
            Pat::Graph(n, e) => (n, e, None),
            Pat::Crystal(n, e, t) => (n, e, t.as_ref()),
            _ => return None,
        };
        let maps = [
            (Some(nodes), "node_graph"),
            (Some(edges), "edge_graph"),
            (angles, "line.edge_graph"),
        ];
        let mut maps = maps.into_iter();
        let (_, map) = maps.find(|(axis, _)| axis.is_some_and(is))?;
        Some(format!("{}.{map}", param.name))
    })
}

impl Checker<'_> {
    /// `g.src`, `g.distance`, `g.line`.
    pub fn graph_field(&mut self, of: &Val, name: &Ident, span: Span) -> Val {
        let fields = match &of.ty {
            Ty::Graph(nodes, edges) => graph_fields(nodes, edges),
            Ty::Crystal(crystal) => crystal_fields(crystal),
            _ => Vec::new(),
        };
        if let (Ty::Crystal(crystal), "radius") = (&of.ty, &*name.value) {
            let length = Dimension::named("Length").unwrap_or(Dimension::NONE);
            return match crystal.radius {
                Some(radius) => real(radius, length, Some("Å"), span),
                None => Val::unknown(Ty::real(length), span),
            };
        }
        let Some((_, ty)) = fields.iter().find(|(field, _)| *field == name.value) else {
            let problem =
                problems::no_such_field(&name.value, name.span, &of.ty, &fields);
            self.report(problem);
            return Val::poison(span);
        };
        match &of.form {
            Form::Run(expr) => Val::run(
                ty.clone(),
                Kind::Field(expr.clone(), name.value.clone()),
                span,
            ),
            _ => Val::unknown(ty.clone(), span),
        }
    }

    /// `x[i]`: an entry of a list, or a tensor gathered by a map.
    pub fn index(
        &mut self,
        of: &Arc<Expr<Bound>>,
        at: &Arc<Expr<Bound>>,
        span: Span,
        ctx: &Ctx,
    ) -> Val {
        let of = self.infer(of, ctx);
        let at = self.infer(at, ctx);
        if of.is_poison() || at.is_poison() {
            return Val::poison(span);
        }
        match (&of.ty, &at.ty) {
            (Ty::List(entry), _) => self.entry((**entry).clone(), &of, &at, span),
            (Ty::Number(number), Ty::Index(from, to)) => {
                if number.axes.domain.as_ref() != Some(to) {
                    let problem = problems::wrong_map(&of, &at, from, to);
                    self.report(problem);
                    return Val::poison(span);
                }
                let axes = Axes {
                    domain: Some(from.clone()),
                    ..number.axes.clone()
                };
                let ty = Ty::Number(Number {
                    axes,
                    ..number.clone()
                });
                gathered(ty, &of, &at, span)
            }
            (Ty::Index(middle, last), Ty::Index(from, to)) => {
                if middle != to {
                    let problem = problems::wrong_map(&of, &at, from, to);
                    self.report(problem);
                    return Val::poison(span);
                }
                gathered(Ty::Index(from.clone(), last.clone()), &of, &at, span)
            }
            (Ty::Number(_), _) => {
                let wanted = "a map such as `g.src` in its brackets";
                self.report(problems::wrong_operand("[ ]", &at, wanted));
                Val::poison(span)
            }
            _ => {
                self.report(problems::wrong_operand("[ ]", &of, "a list or a tensor"));
                Val::poison(span)
            }
        }
    }

    fn entry(&mut self, ty: Ty, of: &Val, at: &Val, span: Span) -> Val {
        let (Form::List(entries), Some(index)) = (&of.form, at.as_int()) else {
            return Val::unknown(ty, span);
        };
        match usize::try_from(index)
            .ok()
            .and_then(|index| entries.get(index))
        {
            Some(entry) => entry.clone().at(span),
            None => {
                self.report(problems::out_of_range(at.span, index, entries.len()));
                Val::poison(span)
            }
        }
    }
}

fn gathered(ty: Ty, of: &Val, at: &Val, span: Span) -> Val {
    match (of.as_ir(), at.as_ir()) {
        (Some(of), Some(at)) => Val::run(ty, Kind::Gather(of, at), span),
        _ => Val::unknown(ty, span),
    }
}
