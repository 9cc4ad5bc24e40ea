//! Scripts that nest, repeat or multiply beyond all reason end in a message, soon.

use std::time::{Duration, Instant};

use tmo::diagnostic::Code;
use tmo::source::Sources;
use tmo::syntax::format;
use tmo::world::Memory;

use crate::project::check_text;

/// How deep, how long, how many.
const MANY: usize = 10_000;

/// Longer than this is a hang, also on a busy machine.
const SLOW: Duration = Duration::from_secs(20);

/// The codes of a script, in the order of the text.
fn codes(body: &str) -> Vec<Code> {
    let text = format!("tmo 1\n{body}\n");
    let began = Instant::now();
    let told = check_text(&Memory::default(), "deep.tmo", &text);
    // It formats, or says why not.
    let _ = format(&Sources::default().add("deep.tmo", &text));
    let start: String = body.chars().take(60).collect();
    assert!(began.elapsed() < SLOW, "{start}: {:?}", began.elapsed());
    told.problems.iter().map(|problem| problem.code).collect()
}

/// `open` and `close` ten thousand times around `inner`.
fn nested(head: &str, open: &str, inner: &str, close: &str) -> String {
    format!("{head}{}{inner}{}", open.repeat(MANY), close.repeat(MANY))
}

#[test]
fn nesting_ends_in_a_message() {
    for script in [
        nested("let x = ", "(", "1", ")"),
        nested("let x = ", "[", "1", "]"),
        nested("let x = ", "sqrt(", "1", ")"),
        nested("let x = ", "- ", "1", ""),
        nested("let x = ", "not ", "true", ""),
        nested("let f = ", "x => ", "1", ""),
        nested("let x = ", "if true then ", "1", " else 2"),
        nested("let x = ", "if true then 1 else ", "1", ""),
        nested("let x = ", "{ let a = ", "1", " a }"),
        nested("let x = ", "{ a: ", "1", " }"),
        nested("let x = 1", " |> sqrt", "", ""),
        nested("let x = 1", " + 1", "", ""),
        nested("let x = true", " and true", "", ""),
        nested("let x = sqrt", " >> sqrt", "", ""),
        nested("let x: ", "List[", "Int", "]") + " = 1",
        nested("let x: ", "(", "Int", ", Int)") + " = 1",
        nested("let x: ", "{a: ", "Int", "}") + " = 1",
        nested("fn f(x: ", "Int => ", "Int", "") + ") -> Int = 1",
        nested("fn f(x: [rows, ", "(", "1", ")") + "]) -> Int = 1",
    ] {
        let start: String = script.chars().take(40).collect();
        assert_eq!(codes(&script), [Code::E0003], "{start}");
    }
    for script in [
        nested("let x = ", "(", "", ""),
        nested("", ")", "", ""),
        nested("", "\"", "", ""),
        nested("let x = a", ".a", "", ""),
        nested("let x = a", "[0]", "", ""),
        nested("let x = 1", " ^ 1", "", ""),
        nested("let x = 1", " in 1", "", ""),
    ] {
        assert!(!codes(&script).is_empty());
    }
}

#[test]
fn long_ways_are_gone_step_by_step() {
    let forward = |line: &dyn Fn(usize) -> String| -> String {
        (0..MANY).map(|at| line(at) + "\n").collect()
    };
    let lets = forward(&|at| match at + 1 < MANY {
        true => format!("let a{at} = a{} + 1", at + 1),
        false => format!("let a{at} = 1"),
    });
    assert_eq!(codes(&lets), []);
    let fns = forward(&|at| match at + 1 < MANY {
        true => format!("fn a{at}(x: Int) -> Int = a{}(x) + 1", at + 1),
        false => format!("fn a{at}(x: Int) -> Int = x"),
    });
    assert_eq!(codes(&fns), []);
    let circle = forward(&|at| format!("let a{at} = a{}", (at + 1) % MANY));
    assert_eq!(codes(&circle), [Code::E0102]);
}

#[test]
fn functions_that_double_end() {
    let twice = |body: &dyn Fn(usize) -> String| -> String {
        (0..60).map(|at| body(at) + "\n").collect()
    };
    // Of numbers each is computed once.
    let numbers = twice(&|at| match at {
        0 => "fn a0(x: Int) -> Int = x".into(),
        _ => format!("fn a{at}(x: Int) -> Int = a{}(x) + a{}(x)", at - 1, at - 1),
    });
    assert_eq!(codes(&numbers), []);
    // Of tensors they are not, and 2^60 layers are no network.
    let tensors = twice(&|at| match at {
        0 => "fn a0(x: [rows, d]) -> [rows, d] = x".into(),
        _ => {
            let of = at - 1;
            format!("fn a{at}(x: [rows, d]) -> [rows, d] = a{of}(x) + a{of}(x)")
        }
    });
    let found = codes(&tensors);
    assert!(
        !found.is_empty() && found.iter().all(|code| *code == Code::E0003),
        "{found:?}"
    );
}

#[test]
fn long_products_of_sizes_are_kept_whole() {
    let params: Vec<String> = (0..60).map(|at| format!("a{at}: Int")).collect();
    let product: Vec<String> = (0..60).map(|at| format!("(a{at} + 1)")).collect();
    let (params, product) = (params.join(", "), product.join(" * "));
    let layer = |body: &str| {
        format!("layer l({params})(x: [rows, d]) -> [rows, {product}] = x |> {body}")
    };
    assert_eq!(codes(&layer(&format!("dense({product})"))), []);
    let used = format!(
        "{}\nlayer m()(x: [rows, d]) -> [rows, 8] = x |> l({})\n",
        layer(&format!("dense({product})")),
        vec!["0"; 57].join(", ") + ", 1, 1, 1",
    );
    assert_eq!(codes(&used), []);
    assert_eq!(
        codes(&used.replace("[rows, 8]", "[rows, 9]")),
        [Code::E0401]
    );
}
