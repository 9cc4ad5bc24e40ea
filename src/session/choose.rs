//! Which studies of a plan to run, and whether everything in them can run.

use crate::builtins::find;
use crate::diagnostic::{Code, Problem};
use crate::ir;
use crate::plan::{Plan, PlannedStudy};
use crate::source::Span;

/// The first builtin of an expression that is declared and that nothing runs yet.
pub(super) fn unbuilt(expr: &ir::Expr) -> Option<Problem> {
    let mut found = None;
    ir::visit_calls(expr, &mut |call, span| {
        if found.is_none()
            && matches!(find(&call.builtin), Some(crate::builtins::Body::Planned))
        {
            let name = call.short_name();
            let title = format!("`{name}` is planned, and not in this version");
            let problem = Problem::new(Code::E0603, title, span, "checked, and not run");
            found = Some(problem.help("`tmo show stdlib` lists what is there"));
        }
    });
    found
}

/// The studies of those names, in the order of the script; all when none is named.
pub(super) fn choose<'p>(
    plan: &'p Plan,
    names: &[String],
) -> Result<Vec<&'p PlannedStudy>, Problem> {
    let known: Vec<&str> = plan
        .studies
        .iter()
        .map(|planned| &*planned.study.name)
        .collect();
    if known.is_empty() {
        return Err(Problem::new(
            Code::E0603,
            "this script has no study: there is nothing to run",
            Span::NOWHERE,
            "",
        )
        .help("add one: `study first = … |> train(…) |> evaluate(rmse, mae, r2)`"));
    }
    for name in names {
        if !known.contains(&name.as_str()) {
            let problem = Problem::new(
                Code::E0603,
                format!("this script has no study `{name}`"),
                Span::NOWHERE,
                "",
            );
            let near = crate::diagnostic::nearest(name, known.iter().copied());
            return Err(match near {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("its studies are {}", known.join(", "))),
            });
        }
    }
    let wanted = |planned: &&PlannedStudy| {
        names.is_empty() || names.iter().any(|name| **name == *planned.study.name)
    };
    Ok(plan.studies.iter().filter(wanted).collect())
}
