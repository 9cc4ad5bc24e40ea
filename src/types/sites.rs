//! The places in an item's text where weights are made.
//!
//! A site is a written settings call of something that learns. Its identity is its
//! ordinal in the text, so a rename changes no number; its label is the `let` that holds
//! it, or the callee's name, with a count when the name stands there several times.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::Checker;
use super::value::{Ctx, Frame};
use crate::ir::Site;
use crate::names::{Body, Bound, ItemId, Program, Target, parts};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Noun, Pattern};

/// The sites of one item, by the place of their call.
#[derive(Clone, Debug, Default)]
pub struct SiteTable(BTreeMap<(u32, u32), (usize, Arc<str>)>);

impl SiteTable {
    fn find(&self, at: Span) -> Option<&(usize, Arc<str>)> {
        self.0.get(&(at.start, at.end))
    }
}

struct Found {
    at: Span,
    name: Arc<str>,
    bound: Option<Arc<str>>,
}

impl Checker<'_> {
    /// The place weights of the settings call at `at` belong to.
    pub fn site(&mut self, at: Span, ctx: &Ctx) -> Site {
        let (ordinal, label) = self.site_entry(at, ctx);
        Site {
            path: format!("{}/{ordinal}", ctx.frame.path).into(),
            label: format!("{}{label}", ctx.frame.label).into(),
        }
    }

    /// The frame of one round of the `chain` or `repeat` written at `at`.
    pub fn round(&mut self, at: Span, ctx: &Ctx, round: usize) -> Arc<Frame> {
        let (ordinal, label) = self.site_entry(at, ctx);
        Arc::new(Frame {
            path: format!("{}/{ordinal}.{round}", ctx.frame.path),
            label: format!("{}{label}[{round}].", ctx.frame.label),
        })
    }

    fn site_entry(&mut self, at: Span, ctx: &Ctx) -> (usize, Arc<str>) {
        let Some(item) = ctx.item else {
            return (0, "layer".into());
        };
        let program = self.program;
        let table = self
            .sites
            .entry(item)
            .or_insert_with(|| Arc::new(site_table(program, item)))
            .clone();
        table.find(at).cloned().unwrap_or((0, "layer".into()))
    }
}

fn site_table(program: &Program, item: ItemId) -> SiteTable {
    let body = match program.item(item).map(|def| &def.body) {
        Some(Body::Let(item, _)) => &item.value,
        Some(Body::Decl(decl)) => &decl.body,
        None => return SiteTable::default(),
    };
    let mut found = Vec::new();
    collect(program, body, None, &mut found);
    let mut table = SiteTable::default();
    for (ordinal, site) in found.iter().enumerate() {
        let label = match &site.bound {
            Some(bound) => bound.clone(),
            None => count(&found, ordinal, &site.name),
        };
        table
            .0
            .insert((site.at.start, site.at.end), (ordinal, label));
    }
    table
}

/// The name with which of its kind it is, when there are several.
fn count(found: &[Found], ordinal: usize, name: &Arc<str>) -> Arc<str> {
    let same = |site: &&Found| site.name == *name && site.bound.is_none();
    if found.iter().filter(same).count() == 1 {
        return name.clone();
    }
    let before = found.iter().take(ordinal).filter(same).count();
    format!("{name}_{}", before + 1).into()
}

fn collect(
    program: &Program,
    expr: &Expr<Bound>,
    bound: Option<&Arc<str>>,
    found: &mut Vec<Found>,
) {
    if let ExprKind::Block(lets, value) = &expr.kind {
        for item in lets {
            let name = match &item.pattern {
                Pattern::Name(name) => Some(&name.value),
                Pattern::Tuple(..) => None,
            };
            collect(program, &item.value, name, found);
        }
        collect(program, value, None, found);
        return;
    }
    if let ExprKind::Call { callee, .. } = &expr.kind
        && let ExprKind::Name(Bound {
            name,
            target: Target::Item(id),
        }) = &callee.kind
    {
        let noun = program.item(*id).and_then(|def| def.noun());
        let rounds = matches!(&**name, "chain" | "repeat") && program.is_builtin(*id);
        if rounds || matches!(noun, Some(Noun::Layer | Noun::Model)) {
            let site = Found {
                at: expr.span,
                name: name.clone(),
                bound: bound.cloned(),
            };
            found.push(site);
        }
    }
    for part in parts(expr) {
        collect(program, part, None, found);
    }
}
