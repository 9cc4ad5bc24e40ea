//! The pages of `tmo explain`: each one's bad script gives its code where it is marked, its
//! good script gives nothing of it.

use std::fs;

use tmo::diagnostic::explain::{Fence, FenceKind, Page, marked_line};
use tmo::diagnostic::{Code, Severity};
use tmo::world::Memory;

use crate::project::{Told, files_in, stem};
use crate::tried::{made, told};

/// Whether every code must have a page.
const COMPLETE: bool = true;

/// Codes that no script can give, and why; their pages show a message as `~~~text`.
const WITHOUT_SCRIPTS: &[(Code, &str)] = &[
    (
        Code::E0803,
        "a run says W0901 of a checkpoint that does not fit, and begins anew; nn alone \
         gives this to its callers",
    ),
    (
        Code::E0807,
        "the command asks for threads, not the script: cli",
    ),
    (
        Code::E0808,
        "features and targets are checked where they are made; nn alone can be fed others",
    ),
    (
        Code::E0810,
        "the command asks for a device, not the script: cli",
    ),
];

#[test]
fn every_file_is_a_page_of_its_code() {
    for file in files_in("src/diagnostic/explain", "md") {
        let name = stem(&file);
        let code = Code::parse(&name).unwrap_or_else(|| panic!("{name} is no code"));
        let page = Page::of(code)
            .unwrap_or_else(|| panic!("{name} is not listed in diagnostic/explain.rs"));
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(page.text, text, "{name}");
        let first = text.chars().next();
        assert!(
            first.is_some_and(char::is_alphanumeric) || first == Some('`'),
            "{name} begins with words, without a heading"
        );
    }
}

#[test]
fn every_code_has_a_page() {
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| Page::of(**code).is_none())
        .map(|code| format!("{code}: {}", code.meaning()))
        .collect();
    println!("codes without a page: {}", missing.len());
    assert!(
        !COMPLETE || missing.is_empty(),
        "no page in src/diagnostic/explain for\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_page_keeps_its_word() {
    let mut wrong = Vec::new();
    for page in Code::ALL.iter().filter_map(|code| Page::of(*code)) {
        wrong.extend(
            faults(page)
                .into_iter()
                .map(|fault| format!("{}: {fault}", page.code)),
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with a page.
fn faults(page: Page) -> Vec<String> {
    let fences = page.fences();
    let mut world = Memory::default();
    let mut found = Vec::new();
    for fence in &fences {
        match &fence.kind {
            FenceKind::File(name, form) => world.put(name, made(&fence.text, form)),
            FenceKind::Unknown(info) => found.push(format!("a fence `{info}`")),
            _ => {}
        }
    }
    let (mut bad, mut good) = (0, 0);
    for fence in &fences {
        match fence.kind {
            FenceKind::Bad(how) => {
                bad += 1;
                let told = told(&world, &fence.text, how);
                found.extend(bad_fault(page.code, fence, &told));
            }
            FenceKind::Good(how) => {
                good += 1;
                found.extend(good_fault(page.code, &told(&world, &fence.text, how)));
            }
            _ => {}
        }
    }
    let mut excused = WITHOUT_SCRIPTS.iter();
    let scripted = !excused.any(|(code, _)| *code == page.code);
    if scripted && (bad == 0 || good == 0) {
        found.push("it needs a `~~~tmo bad` and a `~~~tmo good`".into());
    }
    if !scripted && bad > 0 {
        found.push("it has a script: take it off WITHOUT_SCRIPTS".into());
    }
    found
}

fn bad_fault(code: Code, fence: &Fence, told: &Told) -> Option<String> {
    let fault = |what: &str| Some(format!("its bad script {what}\n{}", told.drawn()));
    if told.problems.is_empty() {
        return fault("has no mistake");
    }
    if told.problems.iter().any(|problem| problem.code != code) {
        return fault("has another mistake");
    }
    let line = |place: &tmo::diagnostic::Problem| {
        told.sources.position(place.span()).map(|at| at.line)
    };
    match marked_line(&fence.text) {
        Some((_, other)) if other != code => fault("is marked with another code"),
        Some((marked, _)) if !told.problems.iter().any(|p| line(p) == Some(marked)) => {
            fault(&format!("has its mistake not in line {marked}, as marked"))
        }
        None if told.problems.iter().any(|p| line(p).is_some()) => {
            fault("does not mark its line with `// error: CODE`")
        }
        _ => None,
    }
}

fn good_fault(code: Code, told: &Told) -> Option<String> {
    let bad = |problem: &tmo::diagnostic::Problem| {
        problem.code == code || problem.severity() == Severity::Error
    };
    told.problems
        .iter()
        .any(bad)
        .then(|| format!("its good script has a mistake\n{}", told.drawn()))
}
