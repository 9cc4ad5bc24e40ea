//! `check` is quick enough to run at every save. `cargo bench --bench check` has the
//! figures; the limits here are wide, for a machine that does other things too.

use std::fs;
use std::time::{Duration, Instant};

use crate::long_script::long_script;
use crate::project::{check, check_text, files_below};

/// Rounds of which the best counts.
const ROUNDS: usize = 5;

fn best(round: impl Fn()) -> Duration {
    let one = |_| {
        let began = Instant::now();
        round();
        began.elapsed()
    };
    (0..ROUNDS).map(one).min().unwrap()
}

#[test]
fn every_example_and_library_file_checks_at_once() {
    for folder in ["examples", "stdlib"] {
        for path in files_below(folder, "tmo") {
            let took = best(|| drop(check(&path)));
            assert!(
                took < Duration::from_millis(200),
                "{}: {took:?}",
                path.display()
            );
        }
    }
}

#[test]
fn five_thousand_lines_check_in_about_a_second() {
    let text = long_script(5_000);
    assert!(text.lines().count() >= 5_000);
    let told = check_text(&tmo::world::Disk, "long.tmo", &text);
    let errors = told
        .problems
        .iter()
        .filter(|p| p.code.name().starts_with('E'));
    assert_eq!(errors.count(), 0, "{}", told.short());
    let took = best(|| drop(check_text(&tmo::world::Disk, "long.tmo", &text)));
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(!fs::exists("long.tmo").unwrap());
}
