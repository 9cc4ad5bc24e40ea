//! Functions of a row, read when the row's columns are known.

use std::sync::Arc;

use crate::ir::{Expr, Kind, Lambda, VarId};
use crate::source::Span;
use crate::syntax::ast::ExprKind;
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::numeric::number;
use crate::types::problems;
use crate::types::ty::{Columns, Ty};
use crate::types::value::{Arg, Ctx, Val};

impl Checker<'_> {
    /// A variable no lambda has yet.
    pub fn variable(&mut self) -> VarId {
        self.next_var += 1;
        VarId(self.next_var)
    }

    /// The argument of a `Row => T` parameter as a function of a row, and what it gives:
    /// a lambda, a function, or an expression in fields `.x`.
    pub fn row_function(
        &mut self,
        call: &Applied,
        param: &str,
        columns: &Columns,
    ) -> Option<(Lambda, Val)> {
        let arg = call.arg(param)?.clone();
        self.row_function_of(call, param, &arg, columns)
    }

    /// The same of one of the arguments a parameter was given.
    pub fn row_function_of(
        &mut self,
        call: &Applied,
        param: &str,
        arg: &Arg,
        columns: &Columns,
    ) -> Option<(Lambda, Val)> {
        self.row_function_on(call, param, arg, Ty::Row(columns.clone()))
    }

    /// The same of a row that is a value of another type: a trained model.
    pub fn row_function_on(
        &mut self,
        call: &Applied,
        param: &str,
        arg: &Arg,
        row: Ty,
    ) -> Option<(Lambda, Val)> {
        let var = self.variable();
        let row = Val::run(row, Kind::Var(var), call.at);
        let found = match arg {
            Arg::Several(_) => return None,
            Arg::Value(val) => self.apply_if_function(val.clone(), row, call.at),
            Arg::Later(expr, ctx) => {
                let inner = match &expr.kind {
                    ExprKind::Lambda(lambda) => {
                        let name = lambda.params.first().map(|name| name.value.clone());
                        Ctx {
                            row: None,
                            row_name: name,
                            ..ctx.clone()
                        }
                    }
                    _ => Ctx {
                        row: Some(Box::new(row.clone())),
                        ..ctx.clone()
                    },
                };
                let val = self.infer(expr, &inner);
                self.apply_if_function(val, row, expr.span)
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

    fn apply_if_function(&mut self, val: Val, row: Val, at: Span) -> Val {
        match val.ty {
            Ty::Function => self.apply(&val, vec![row], at),
            _ => val,
        }
    }
}

/// A quantity says in which unit it is shown: as written, or in that of its dimension.
pub fn with_unit(lambda: Lambda, ty: &Ty) -> Lambda {
    let unit = match number(ty) {
        Some(number) if !number.dimension.is_none() => number.dimension.unit(),
        _ => return lambda,
    };
    if matches!(lambda.body.kind, Kind::Shown(..)) {
        return lambda;
    }
    let body = Expr {
        kind: Kind::Shown(lambda.body.clone(), unit.into()),
        span: lambda.body.span,
        shape: None,
    };
    Lambda {
        var: lambda.var,
        body: Arc::new(body),
    }
}
