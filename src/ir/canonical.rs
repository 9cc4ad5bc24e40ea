//! The bytes of an IR that decide what is computed, and nothing else.
//!
//! Names, spans, how a number is shown and documentation do not get in; the same
//! computation written in another way has the same bytes. Every part is preceded by a
//! tag and, where its length varies, by its length, so that no two IRs share bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Call, Cells, Expr, Fed, Kind, Lambda, Made, Network, Setting, Space, Static, VarId,
};

/// What of an expression lies in other nodes of the plan.
pub trait Canonical {
    /// The key of an input that is a node of its own; none when it is part of this one.
    fn key_of(&self, expr: &Expr) -> Option<[u8; 32]>;
    /// The hash of a file's content.
    fn content_of(&self, path: &std::path::Path) -> Option<[u8; 32]>;
    /// The hash of what a builtin carries with it, when it does.
    fn carried_by(&self, call: &Call) -> Option<[u8; 32]>;
    /// The version of a builtin.
    fn version_of(&self, builtin: &str) -> u32;
}

/// The canonical bytes of an expression that is a node of its own.
pub fn canonical_expr(expr: &Arc<Expr>, context: &dyn Canonical) -> Vec<u8> {
    let mut writer = Writer {
        bytes: Vec::new(),
        context,
        vars: BTreeMap::new(),
        seen: BTreeMap::new(),
    };
    writer.expr(expr);
    writer.bytes
}

/// The canonical bytes of one call.
pub fn canonical(call: &Call, context: &dyn Canonical) -> Vec<u8> {
    let mut writer = Writer {
        bytes: Vec::new(),
        context,
        vars: BTreeMap::new(),
        seen: BTreeMap::new(),
    };
    writer.call(call);
    writer.bytes
}

/// The bytes of an expression as it is written, without what its files hold: two with the
/// same bytes are one computation.
pub fn as_written(expr: &Arc<Expr>) -> Vec<u8> {
    canonical_expr(expr, &Written)
}

/// Nothing but the text: a file is its path.
struct Written;

impl Canonical for Written {
    fn key_of(&self, _: &Expr) -> Option<[u8; 32]> {
        None
    }

    fn content_of(&self, path: &std::path::Path) -> Option<[u8; 32]> {
        let path = path.to_string_lossy();
        Some(*blake3::hash(path.as_bytes()).as_bytes())
    }

    fn carried_by(&self, _: &Call) -> Option<[u8; 32]> {
        None
    }

    fn version_of(&self, _: &str) -> u32 {
        0
    }
}

struct Writer<'a> {
    bytes: Vec<u8>,
    context: &'a dyn Canonical,
    /// Variables by order of binding.
    vars: BTreeMap<VarId, u64>,
    /// Shared parts by address, so that a graph is written once and not as its paths.
    seen: BTreeMap<usize, u64>,
}

impl Writer<'_> {
    fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn call(&mut self, call: &Call) {
        self.tag(b'C');
        self.text(&call.builtin);
        self.number(u64::from(self.context.version_of(&call.builtin)));
        self.number(call.settings.len() as u64);
        for (name, setting) in &call.settings {
            self.text(name);
            match setting {
                Setting::Static(value) => self.value(value),
                Setting::Lambda(lambda) => self.lambda(lambda),
                Setting::Network(network) => self.network(network),
                Setting::Space(space) => self.space(space),
            }
        }
        if let Some(hash) = self.context.carried_by(call) {
            self.tag(b'D');
            self.bytes.extend_from_slice(&hash);
        }
        if let Some(site) = &call.site {
            self.tag(b'@');
            self.text(&site.path);
        }
        self.number(call.inputs.len() as u64);
        for input in &call.inputs {
            self.expr(input);
        }
    }

    fn bind(&mut self, var: VarId) {
        let ordinal = self.vars.len() as u64;
        self.vars.insert(var, ordinal);
    }

    fn lambda(&mut self, lambda: &Lambda) {
        self.tag(b'L');
        self.bind(lambda.var);
        self.expr(&lambda.body);
    }

    fn network(&mut self, network: &Network) {
        self.tag(b'N');
        // Of several inputs the names decide which feature each of them is.
        if network.inputs.len() != 1 {
            self.tag(b'n');
            self.number(network.inputs.len() as u64);
            for input in &network.inputs {
                self.text(&input.name);
            }
        }
        for input in &network.inputs {
            self.fed(&input.fed);
            self.bind(input.var);
        }
        self.expr(&network.output);
    }

    fn fed(&mut self, fed: &Fed) {
        match fed {
            Fed::Vector(sizes) => {
                self.number(sizes.len() as u64);
                for size in sizes {
                    self.number(*size as u64);
                }
            }
            Fed::Crystal { angles } => {
                self.tag(b'c');
                self.tag(u8::from(*angles));
            }
        }
    }

    fn expr(&mut self, expr: &std::sync::Arc<Expr>) {
        if let Some(key) = self.context.key_of(expr) {
            self.tag(b'K');
            self.bytes.extend_from_slice(&key);
            return;
        }
        let address = std::sync::Arc::as_ptr(expr) as usize;
        if let Some(ordinal) = self.seen.get(&address) {
            let ordinal = *ordinal;
            self.tag(b'=');
            self.number(ordinal);
            return;
        }
        match &expr.kind {
            Kind::Static(value) => self.value(value),
            Kind::Var(var) => {
                let ordinal = self.vars.get(var).copied().unwrap_or(u64::MAX);
                self.tag(b'V');
                self.number(ordinal);
            }
            Kind::Field(of, name) => {
                self.tag(b'.');
                self.text(name);
                self.expr(of);
            }
            Kind::Unary(op, of) => {
                self.tag(b'U');
                self.text(&format!("{op:?}"));
                self.expr(of);
            }
            Kind::Binary(op, a, b) => {
                self.tag(b'B');
                self.text(op.symbol());
                self.expr(a);
                self.expr(b);
            }
            Kind::Gather(of, by) => {
                self.tag(b'G');
                self.expr(of);
                self.expr(by);
            }
            Kind::Shown(of, unit) => {
                self.tag(b'u');
                self.text(unit);
                self.expr(of);
            }
            Kind::If(test, yes, no) => {
                self.tag(b'?');
                self.expr(test);
                self.expr(yes);
                self.expr(no);
            }
            Kind::Call(call) => self.call(call),
            Kind::Cells(cells) => self.cells(cells),
            Kind::Tuple(all) => {
                self.tag(b'T');
                self.number(all.len() as u64);
                for part in all {
                    self.expr(part);
                }
            }
        }
        let ordinal = self.seen.len() as u64;
        self.seen.insert(address, ordinal);
    }

    fn space(&mut self, space: &Space) {
        self.tag(b'X');
        self.number(space.axes.len() as u64);
        for axis in &space.axes {
            self.values(b'a', &axis.values);
        }
        self.expr(&space.sample);
    }

    fn cells(&mut self, cells: &Cells) {
        self.tag(b'S');
        self.number(cells.axes.len() as u64);
        for axis in &cells.axes {
            // The name is the name of a column, which table verbs speak of.
            self.text(&axis.name);
            self.values(b'a', &axis.values);
        }
        for (name, _) in &cells.fields {
            self.text(name);
        }
        self.number(cells.cells.len() as u64);
        for (position, value) in &cells.cells {
            for at in position {
                self.number(*at as u64);
            }
            self.expr(value);
        }
    }

    fn values(&mut self, tag: u8, all: &[Static]) {
        self.tag(tag);
        self.number(all.len() as u64);
        for value in all {
            self.value(value);
        }
    }

    fn fields(&mut self, fields: &[(std::sync::Arc<str>, Static)]) {
        self.number(fields.len() as u64);
        for (name, value) in fields {
            self.text(name);
            self.value(value);
        }
    }

    fn value(&mut self, value: &Static) {
        match value {
            Static::Int(value) => {
                self.tag(b'i');
                self.number(*value as u64);
            }
            Static::Real(real) => {
                self.tag(b'r');
                // -0 and 0 are the same number.
                let value = if real.value == 0.0 { 0.0 } else { real.value };
                self.number(value.to_bits());
                self.text(&real.dimension.canonical());
            }
            Static::Bool(value) => {
                self.tag(b'b');
                self.tag(u8::from(*value));
            }
            Static::Text(text) => {
                self.tag(b't');
                self.text(text);
            }
            Static::Path { found, .. } => {
                self.tag(b'p');
                let hash = self.context.content_of(found).unwrap_or([0; 32]);
                self.bytes.extend_from_slice(&hash);
            }
            Static::Element(element) => {
                self.tag(b'e');
                self.tag(element.z());
            }
            Static::Symbol(name) => {
                self.tag(b's');
                self.text(name);
            }
            Static::Made(Made { builtin, settings }) => {
                self.tag(b'M');
                self.text(builtin);
                self.number(u64::from(self.context.version_of(builtin)));
                self.fields(settings);
            }
            Static::List(all) => self.values(b'[', all),
            Static::Tuple(all) => self.values(b'(', all),
            Static::Record(fields) => {
                self.tag(b'{');
                let mut sorted = fields.clone();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                self.fields(&sorted);
            }
            Static::Range(from, to, inclusive) => {
                self.tag(b'~');
                self.tag(u8::from(*inclusive));
                self.value(from);
                self.value(to);
            }
        }
    }
}
