//! Scripts made by the grammar and chance, for property tests and for fuzzing.
//!
//! Comes in: a seed. Goes out: a text, nearly always one that parses, with comments and
//! line ends wherever they may stand; or a text changed in a few places.

/// A deterministic source of chance (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `all`; empty when there is none.
    pub fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let at = self.below(all.len());
        all.get(at).copied().unwrap_or("")
    }
}

/// A script by the grammar.
pub fn script(seed: u64) -> String {
    let mut writer = Writer {
        chance: Chance(seed),
        text: String::new(),
        comments: 0,
        commented: seed.is_multiple_of(2),
    };
    if writer.chance.once_in(4) {
        writer.text.push_str("// before\n");
    }
    writer.text.push_str("tmo 1\n");
    for _ in 0..1 + writer.chance.below(3) {
        writer.item();
    }
    writer.text
}

/// A text with a few stretches taken out, doubled, moved, or replaced by something the
/// language knows.
pub fn mutated(text: &str, seed: u64) -> String {
    let mut chance = Chance(seed);
    let mut text = text.to_owned();
    for _ in 0..1 + chance.below(6) {
        let (start, end) = stretch(&text, &mut chance);
        let piece = text.get(start..end).unwrap_or("").to_owned();
        let insert = match chance.below(6) {
            0 => String::new(),
            1 => format!("{piece}{piece}"),
            2 => format!("{piece} // {}\n", chance.below(100)),
            3 => chance.one_of(PIECES).to_owned(),
            4 => format!("{piece}\n"),
            _ => piece.replace('\n', " "),
        };
        text.replace_range(start..end, &insert);
    }
    text
}

/// Bytes, mostly ones the language knows, read as text.
pub fn noise(seed: u64) -> String {
    let mut chance = Chance(seed);
    let mut bytes = b"tmo 1\n".to_vec();
    for _ in 0..chance.below(200) {
        match chance.below(3) {
            0 => bytes.push(chance.bits() as u8),
            1 => bytes.extend_from_slice(chance.one_of(PIECES).as_bytes()),
            _ => bytes.push(b' ' + chance.below(95) as u8),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn stretch(text: &str, chance: &mut Chance) -> (usize, usize) {
    let mut start = chance.below(text.len() + 1);
    let mut end = (start + chance.below(12)).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

const PIECES: &[&str] = &[
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\t",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    ".",
    "..",
    "..=",
    "=",
    "=>",
    "->",
    "|>",
    ">>",
    "+",
    "-",
    "*",
    "/",
    "^",
    "?",
    "%",
    "°",
    "·",
    "==",
    "<",
    "not ",
    " in ",
    " to ",
    " and ",
    "let ",
    "let x = ",
    "fn f(x) = ",
    "study s = ",
    "layer l()(x: [n, d]) -> [n, d] = ",
    "use std.layers",
    "if a then b else c",
    "5 eV/Å^2",
    "1_000",
    "1e-3",
    "\"é\\\"\"",
    "\"",
    "//",
    "///",
    "// c\n",
    "/// d\n",
    "\u{FEFF}",
    "tmo 1\n",
    "each(1, 2)",
    "x => x",
    "{ a: 1 }",
    "{ let a = 1; a }",
    "bundled(\"flla-2015\")",
    "magpie()",
    ".energy",
    "train(",
    "dense(3)",
    "[rows, 2 * n]",
];
const NAMES: &[&str] = &[
    "x",
    "y",
    "width",
    "composition",
    "conv1d",
    "h",
    "énergie",
    "_",
    "a_long_name_for_a_thing",
];
const WORDS: &[&str] = &["energy", "model", "to", "nelements", "x1"];
const UNITS: &[&str] = &["eV", "Å", "eV/Å^3", "°", "meV/atom", "µm·s^-2", "e"];
const STRINGS: &[&str] = &[
    "\"\"",
    "\"a // no comment\"",
    "\"\\n\\t\\\"\\\\\"",
    "\"ein längerer Text, der eine Zeile füllt\"",
];
const NUMBERS: &[&str] = &["0", "1", "1_000", "0.25", "7.5e-4", "1E5", "12_345.6789"];

struct Writer {
    chance: Chance,
    text: String,
    comments: usize,
    commented: bool,
}

impl Writer {
    /// Blanks, line ends, comments.
    fn gap(&mut self) {
        match self.chance.below(if self.commented { 24 } else { 40 }) {
            0 | 1 => self.text.push('\n'),
            2 => self.text.push_str("\n\n\n"),
            3 => self.text.push_str("   "),
            4..=7 if self.commented => {
                self.comments += 1;
                let lead = self.chance.one_of(&[" ", "\n", "\n\n  "]).to_owned();
                self.text.push_str(&lead);
                self.text.push_str(&format!("// note {}\n", self.comments));
            }
            _ => self.text.push(' '),
        }
    }

    fn mark(&mut self, mark: &str) {
        self.gap();
        self.text.push_str(mark);
        self.gap();
    }

    fn word(&mut self, words: &[&str]) {
        let word = self.chance.one_of(words).to_owned();
        self.text.push_str(&word);
    }

    /// `count` entries with commas, sometimes one after the last.
    fn list(&mut self, count: usize, mut each: impl FnMut(&mut Self)) {
        for at in 0..count {
            if at > 0 {
                self.mark(",");
            }
            each(self);
        }
        if count > 1 && self.chance.once_in(4) {
            self.mark(",");
        }
    }

    fn item(&mut self) {
        self.text.push('\n');
        self.gap();
        if self.chance.once_in(4) {
            self.text.push_str("\n/// Words.\n");
        }
        match self.chance.below(8) {
            0 => {
                self.text.push_str("use std.layers.{");
                let count = 1 + self.chance.below(9);
                self.list(count, |w| w.word(NAMES));
                self.text.push('}');
            }
            1 => self.text.push_str("use \"a.tmo\" as a"),
            2 | 3 => {
                self.text.push_str("let");
                self.binding(2);
                if self.chance.once_in(3) {
                    self.mark(";");
                }
            }
            noun => {
                let noun = ["dataset", "study", "layer", "model"].get(noun - 4);
                self.text.push_str(noun.copied().unwrap_or("fn"));
                self.gap();
                self.word(NAMES);
                let least = usize::from(noun.is_none());
                for _ in 0..(least + self.chance.below(3)).min(2) {
                    self.gap();
                    self.text.push('(');
                    let count = self.chance.below(5);
                    self.list(count, Self::param);
                    self.text.push(')');
                }
                if self.chance.once_in(2) {
                    self.mark("->");
                    self.ty(2);
                }
                self.mark("=");
                let depth = 1 + self.chance.below(4);
                self.expr(depth);
            }
        }
        self.text.push('\n');
    }

    fn param(&mut self) {
        if self.chance.once_in(6) {
            self.text.push_str("..");
        }
        self.word(NAMES);
        if self.chance.once_in(2) {
            self.mark(":");
            self.ty(2);
        }
        if self.chance.once_in(4) {
            self.mark("=");
            self.expr(2);
        }
    }

    /// What follows `let`.
    fn binding(&mut self, depth: usize) {
        self.gap();
        if self.chance.once_in(5) {
            self.text.push('(');
            let count = 2 + self.chance.below(2);
            self.list(count, |w| w.word(NAMES));
            self.text.push(')');
        } else {
            self.word(NAMES);
        }
        if self.chance.once_in(5) {
            self.mark(":");
            self.ty(2);
        }
        self.mark("=");
        self.expr(depth);
    }

    fn ty(&mut self, depth: usize) {
        match self.chance.below(if depth == 0 { 2 } else { 8 }) {
            0 => self.word(&["Int", "Energy", "Structure"]),
            1 => self.word(&["Energy^2", "Q^(-1/2)", "Length ^ 3"]),
            2 | 3 => {
                self.word(&["", "Q", "Graph"]);
                self.text.push('[');
                let count = 1 + self.chance.below(3);
                self.list(count, |w| match w.chance.below(4) {
                    0 => w.text.push_str(".."),
                    1 => w.text.push_str("2 * width-1"),
                    _ => w.word(&["rows", "n", "d"]),
                });
                self.text.push(']');
            }
            4 => {
                self.text.push('(');
                let count = 1 + self.chance.below(3);
                self.list(count, |w| w.ty(depth.saturating_sub(1)));
                self.text.push(')');
            }
            5 => {
                self.text.push('{');
                let count = 1 + self.chance.below(3);
                self.list(count, |w| {
                    w.word(WORDS);
                    w.mark(":");
                    w.ty(depth.saturating_sub(1));
                });
                self.text.push('}');
            }
            6 => {
                self.text.push_str("Energy");
                self.mark("/");
                self.text.push_str("Length");
            }
            _ => {
                self.text.push_str("Row");
                self.mark("=>");
                self.ty(depth.saturating_sub(1));
            }
        }
        if self.chance.once_in(8) {
            self.text.push('?');
        }
    }

    fn expr(&mut self, depth: usize) {
        if depth == 0 {
            return self.atom(0);
        }
        match self.chance.below(12) {
            0 => {
                self.text.push('(');
                let count = 1 + self.chance.below(3);
                self.list(count, |w| w.word(NAMES));
                self.text.push(')');
                self.mark("=>");
                self.expr(depth.saturating_sub(1));
            }
            1 => {
                self.word(NAMES);
                self.mark("=>");
                self.expr(depth.saturating_sub(1));
            }
            2 => {
                self.text.push_str("if");
                self.gap();
                self.expr(depth.saturating_sub(1));
                self.mark("then");
                self.expr(depth.saturating_sub(1));
                self.mark("else");
                self.expr(depth.saturating_sub(1));
            }
            3..=6 => self.chain("|>", depth),
            7 => self.chain(">>", depth),
            _ => self.compare(depth),
        }
    }

    fn chain(&mut self, op: &str, depth: usize) {
        self.postfix(depth.saturating_sub(1));
        for _ in 0..1 + self.chance.below(4) {
            self.mark(op);
            self.postfix(depth.saturating_sub(1));
        }
    }

    fn compare(&mut self, depth: usize) {
        if self.chance.once_in(10) {
            self.text.push_str("not ");
        }
        self.range(depth);
        if self.chance.once_in(4) {
            let op = self.chance.one_of(&["==", "<", ">=", "in"]).to_owned();
            self.mark(&op);
            self.range(depth);
        }
        if self.chance.once_in(5) {
            let op = self.chance.one_of(&["and", "or"]).to_owned();
            self.mark(&op);
            self.compare(depth.saturating_sub(1));
        }
    }

    fn range(&mut self, depth: usize) {
        self.sum(depth);
        if self.chance.once_in(8) {
            let op = self.chance.one_of(&["..", "..="]).to_owned();
            self.mark(&op);
            self.sum(depth);
        }
    }

    fn sum(&mut self, depth: usize) {
        self.power(depth);
        for _ in 0..self.chance.below(4) {
            let op = self.chance.one_of(&["+", "-", "*", "/"]).to_owned();
            self.mark(&op);
            self.power(depth.saturating_sub(1));
        }
        if self.chance.once_in(12) {
            self.mark("to");
            self.word(UNITS);
        }
    }

    fn power(&mut self, depth: usize) {
        if self.chance.once_in(8) {
            self.text.push('-');
        }
        self.postfix(depth);
        if self.chance.once_in(12) {
            self.mark("^");
            self.postfix(0);
        }
    }

    fn postfix(&mut self, depth: usize) {
        self.atom(depth);
        let calls = if depth == 0 { 1 } else { 3 };
        for _ in 0..self.chance.below(calls) {
            match self.chance.below(4) {
                0 => {
                    self.text.push('.');
                    self.word(WORDS);
                }
                1 => {
                    self.text.push('[');
                    self.gap();
                    self.expr(depth.saturating_sub(1));
                    self.gap();
                    self.text.push(']');
                }
                _ => {
                    self.text.push('(');
                    self.gap();
                    let count = self.chance.below(5);
                    self.list(count, |w| w.arg(depth.saturating_sub(1), true));
                    self.gap();
                    self.text.push(')');
                }
            }
        }
    }

    fn arg(&mut self, depth: usize, positional: bool) {
        match self.chance.below(if positional { 6 } else { 4 }) {
            0 => {
                self.text.push_str("..");
                self.atom(0);
            }
            1..=3 => {
                self.word(WORDS);
                self.mark(":");
                self.expr(depth);
            }
            _ => self.expr(depth),
        }
    }

    fn atom(&mut self, depth: usize) {
        let deepest = if depth == 0 { 6 } else { 10 };
        match self.chance.below(deepest) {
            0 | 1 => self.word(NAMES),
            2 => {
                self.word(NUMBERS);
                if self.chance.once_in(2) {
                    self.text.push(' ');
                    self.word(UNITS);
                }
            }
            3 => self.word(STRINGS),
            4 => self.word(&["true", "20%", "5eV", "{}", "[]"]),
            5 => {
                self.text.push('.');
                self.word(WORDS);
            }
            6 => {
                self.text.push('{');
                self.gap();
                let count = 1 + self.chance.below(4);
                self.list(count, |w| w.arg(depth.saturating_sub(1), false));
                self.gap();
                self.text.push('}');
            }
            7 => {
                self.text.push('[');
                self.gap();
                let count = self.chance.below(6);
                self.list(count, |w| w.expr(depth.saturating_sub(1)));
                self.gap();
                self.text.push(']');
            }
            8 => {
                self.text.push('(');
                self.gap();
                let count = 1 + self.chance.below(3);
                self.list(count, |w| w.expr(depth.saturating_sub(1)));
                self.gap();
                self.text.push(')');
            }
            _ => {
                self.text.push('{');
                self.gap();
                for _ in 0..self.chance.below(3) {
                    self.text.push_str("let");
                    self.binding(depth.saturating_sub(1));
                    self.word(&["\n", ";", "; ", "\n\n\n"]);
                    self.gap();
                }
                self.expr(depth.saturating_sub(1));
                self.gap();
                self.text.push('}');
            }
        }
    }
}
