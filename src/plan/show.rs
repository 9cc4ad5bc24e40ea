//! A plan as text.

use std::fmt::Write as _;

use super::graph::{NodeId, Plan, Work};
use crate::ir::{Call, Setting};

/// What is known of a node's result before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It lies in the store.
    Stored,
    /// It will be computed.
    New,
    /// It is cheap, and made anew whenever something needs it.
    Passing,
}

/// The plan as a tree per study, results first, what they need below.
///
/// `standing` says what the store has; `weights` how many weights a model has.
pub fn show(
    plan: &Plan,
    standing: &dyn Fn(NodeId) -> Standing,
    weights: &dyn Fn(&Call) -> Option<usize>,
) -> String {
    let mut text = String::new();
    for planned in &plan.studies {
        let _ = writeln!(text, "study {}", planned.study.name);
        let mut at = Some(planned.root);
        let mut needed = true;
        let mut depth = 0;
        while let Some(id) = at {
            let Some(node) = plan.node(id) else { break };
            let stands = standing(id);
            let word = match (stands, needed) {
                (Standing::Stored, _) => "cached",
                (_, false) => "not needed",
                (Standing::New, true) => "new",
                (Standing::Passing, true) => "·",
            };
            let branch = if depth == 0 {
                String::new()
            } else {
                format!("{}└ ", "  ".repeat(depth - 1))
            };
            let _ = writeln!(
                text,
                "  {word:<12}{branch}{}",
                describe(&node.work, weights)
            );
            needed = needed && stands != Standing::Stored;
            depth += 1;
            at = node.inputs.first().copied();
        }
    }
    let new = |id: &NodeId| standing(*id) == Standing::New;
    let all: Vec<NodeId> = (0..plan.nodes.len()).map(NodeId).collect();
    let count = all.iter().filter(|id| new(id)).count();
    let stored = all
        .iter()
        .filter(|id| standing(**id) == Standing::Stored)
        .count();
    let _ = writeln!(
        text,
        "{} in {}: {count} to compute, {stored} cached",
        counted(plan.nodes.len(), "node"),
        counted(plan.studies.len(), "study"),
    );
    text
}

fn counted(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {word}s"),
    }
}

/// A node in the words of the script: `split(test: 20%, seed: 7)`.
pub fn describe(work: &Work, weights: &dyn Fn(&Call) -> Option<usize>) -> String {
    let call = match work {
        Work::Part(name) => return format!(".{name}"),
        Work::Verb(call) => call,
    };
    let mut settings = Vec::new();
    for (name, setting) in &call.settings {
        match setting {
            Setting::Static(value) => settings.push(format!("{name}: {value}")),
            Setting::Lambda(lambda) => {
                let body = super::super::ir::describe(&lambda.body);
                // A column that is made has a name; one that is taken is one.
                settings.push(match name.split_once('.') {
                    Some((_, name)) if body != format!(".{name}") => {
                        format!("{name}: {body}")
                    }
                    _ => body,
                });
            }
            Setting::Network(network) => {
                let count = weights(call).map(|n| format!(", {} weights", grouped(n)));
                settings.push(format!("{}{}", network.name, count.unwrap_or_default()));
            }
        }
    }
    format!("{}({})", call.short_name(), settings.join(", "))
}

/// `2 164 097`: digits in groups of three, thin to read.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(2_164_097), "2 164 097");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1234), "1 234");
    }
}
