//! A plan as text.

use std::collections::BTreeSet;
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

/// The plan as a tree per study, results first, what they need below. What stands above
/// already is not written again, and of a sweep one cell stands for all.
///
/// `standing` says what the store has; `weights` how many weights a model has.
pub fn show(
    plan: &Plan,
    standing: &dyn Fn(NodeId) -> Standing,
    weights: &dyn Fn(&Call) -> Option<usize>,
) -> String {
    let mut tree = Tree {
        plan,
        standing,
        weights,
        shown: BTreeSet::new(),
        text: String::new(),
    };
    for planned in &plan.studies {
        let _ = writeln!(tree.text, "study {}", planned.study.name);
        tree.branch(planned.root, 0, true);
    }
    let mut text = tree.text;
    let count = |wanted: Standing| {
        let all = (0..plan.nodes.len()).map(NodeId);
        all.filter(|id| standing(*id) == wanted).count()
    };
    let cells = plan.cells();
    let _ = writeln!(
        text,
        "{} in {}{}: {} to compute, {} cached",
        counted(plan.nodes.len(), "node"),
        counted(plan.studies.len(), "study"),
        match cells {
            0 => String::new(),
            _ => format!(", {}", counted(cells, "cell")),
        },
        count(Standing::New),
        count(Standing::Stored),
    );
    text
}

struct Tree<'a> {
    plan: &'a Plan,
    standing: &'a dyn Fn(NodeId) -> Standing,
    weights: &'a dyn Fn(&Call) -> Option<usize>,
    shown: BTreeSet<NodeId>,
    text: String,
}

impl Tree<'_> {
    fn line(&mut self, word: &str, depth: usize, what: &str) {
        let branch = match depth {
            0 => String::new(),
            _ => format!("{}└ ", "  ".repeat(depth - 1)),
        };
        let _ = writeln!(self.text, "  {word:<12}{branch}{what}");
    }

    /// A node and what it needs. A plan nests no deeper than its script's pipes are long,
    /// which the parser bounds.
    fn branch(&mut self, id: NodeId, depth: usize, needed: bool) {
        let Some(node) = self.plan.node(id) else {
            return;
        };
        let stands = (self.standing)(id);
        let word = match (stands, needed) {
            (Standing::Stored, _) => "cached",
            (_, false) => "not needed",
            (Standing::New, true) => "new",
            (Standing::Passing, true) => "·",
        };
        let what = describe(&node.work, self.weights);
        if !self.shown.insert(id) {
            self.line(word, depth, &format!("{what} (above)"));
            return;
        }
        self.line(word, depth, &what);
        let needed = needed && stands != Standing::Stored;
        let Work::Cells(_) = &node.work else {
            for input in &node.inputs {
                self.branch(*input, depth + 1, needed);
            }
            return;
        };
        let Some((first, rest)) = node.inputs.split_first() else {
            return;
        };
        self.branch(*first, depth + 1, needed);
        let cached = rest
            .iter()
            .filter(|id| (self.standing)(**id) == Standing::Stored)
            .count();
        if !rest.is_empty() {
            let more = format!("and {} more like it, {cached} cached", rest.len());
            self.line("", depth + 1, &more);
        }
        self.shown.extend(rest);
    }
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
        Work::Cells(cells) => return cells.to_string(),
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
            Setting::Space(space) => {
                settings.push(format!("{} holes", space.axes.len()));
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
