//! Every way of training that a script can ask for: interrupted anywhere it goes on to the
//! same bytes, for any number of threads, and no two ways give the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tmo::diagnostic::{Problem, Severity};
use tmo::nn::Threads;
use tmo::report::OutcomeFile;
use tmo::run::interrupt::Interrupt;
use tmo::run::progress::{Event, Progress};
use tmo::run::store::Store;
use tmo::session::{CHECKPOINT_EVERY, Options, Session};
use tmo::world::Memory;

/// A study of few rows, with these settings of `train`.
fn study(settings: &str) -> String {
    format!(
        r#"tmo 1

model small()(x: [rows, length]) -> [rows, 1] =
  x |> dense(8) |> batch_norm() |> silu |> dropout(20%) |> dense(8) |> relu |> dense(1)

study first = bundled("flla-2015")
  |> take(80)
  |> target(.formation_energy_per_atom to meV/atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
  |> featurize(magpie())
  |> train(small(), rate: 1e-3, epochs: 6, batch: 15, {settings})
  |> evaluate(rmse, mae)
"#
    )
}

/// Raises the interrupt after so many batches, and keeps the validation losses.
struct Watch {
    batches: AtomicU32,
    interrupt: Interrupt,
    losses: Mutex<Vec<f64>>,
    warnings: Mutex<Vec<Problem>>,
}

impl Watch {
    fn stop_after(batches: u32) -> Watch {
        Watch {
            batches: AtomicU32::new(batches),
            interrupt: Interrupt::new(),
            losses: Mutex::new(Vec::new()),
            warnings: Mutex::new(Vec::new()),
        }
    }
}

impl Progress for Watch {
    fn report(&self, event: Event) {
        match event {
            Event::Batch { .. } if self.batches.fetch_sub(1, Ordering::SeqCst) == 1 => {
                self.interrupt.raise();
            }
            Event::Epoch { val, .. } => self.losses.lock().unwrap().extend(val),
            _ => {}
        }
    }
}

/// Run a study under a watch: its files, or why it ended.
fn run(
    text: &str,
    store: &Path,
    threads: usize,
    watch: &Watch,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let world = Memory::default();
    let mut session = Session::new(&world);
    let script = session.check("study.tmo", text);
    assert!(!script.failed(), "{:?}\n{text}", script.problems);
    let plan = session.plan(&script).unwrap();
    let store = Store::open(store).unwrap();
    let threads = Threads::new(Some(threads)).unwrap();
    let options = Options {
        store: &store,
        progress: watch,
        interrupt: watch.interrupt.clone(),
        threads: &threads,
        checkpoint_every: CHECKPOINT_EVERY,
    };
    let mut ran = session.run(&script.program, &plan, &[], &options);
    let (warnings, errors): (Vec<Problem>, Vec<Problem>) = ran
        .problems
        .into_iter()
        .partition(|problem| problem.severity() == Severity::Warning);
    watch.warnings.lock().unwrap().extend(warnings);
    if let Some(problem) = errors.into_iter().next() {
        return Err(problem);
    }
    let files = ran.outcomes.remove(0).files;
    let file = |file: OutcomeFile| (file.name, file.bytes);
    Ok(files.into_iter().map(file).collect())
}

const WAYS: &[&str] = &[
    "loss: mse, optimizer: adam()",
    "loss: mse, optimizer: adam(form: keras)",
    "loss: mae, optimizer: adam(), keep: final",
    "loss: huber(delta: 0.2 eV/atom), optimizer: adam()",
    "loss: huber(delta: 0.2 eV/atom), optimizer: adam(), scale_target: standardized()",
    "loss: mse, optimizer: adamw()",
    "loss: mse, optimizer: adamw(), decay_on: everything",
    "loss: mse, optimizer: sgd(momentum: 0.9), scale_target: standardized()",
    "loss: mse, optimizer: sgd(), scale_target: standardized(sample: 20)",
    "loss: mse, optimizer: adamw(decay: 1e-5), schedule: one_cycle()",
    "loss: mse, optimizer: adamw(decay: 1e-5), schedule: one_cycle(momentum: false)",
    "loss: mae, optimizer: adam(), keep: final, schedule: plateau(patience: 0, threshold: 50%)",
    "loss: mae, optimizer: adam(), keep: final, schedule: plateau(factor: 0.5, patience: 0, threshold: 50%, watch: train_loss)",
    "loss: mse, optimizer: adam(), schedule: multi_step(at: [2, 4])",
    "loss: mse, optimizer: adam(), schedule: cosine()",
    "loss: mse, optimizer: adam(), clip: 3",
    "loss: mse, optimizer: adam(), clip_global: 3",
    "loss: mse, optimizer: adam(), l2: 1e-3",
    "loss: mse, optimizer: adam(), l2: 1e-3, decay_on: everything",
    "loss: mse, optimizer: adam(), ema: 0.9",
    "loss: mse, optimizer: adam(), drop_last: true",
    "loss: mse, optimizer: adam(), ema: 0.5, keep: final",
    "loss: mse, optimizer: adam(), patience: 2, min_delta: 1e6",
    "loss: mse, optimizer: adam(), seed: 3",
];

#[test]
fn every_way_of_training_goes_on_where_it_stopped_and_is_like_no_other() {
    let mut ends: Vec<(&str, Vec<u8>)> = Vec::new();
    for (k, way) in WAYS.iter().enumerate() {
        let text = study(way);
        let whole = tempfile::tempdir().unwrap();
        let expected = run(&text, whole.path(), 1, &Watch::stop_after(0)).unwrap();
        let broken = tempfile::tempdir().unwrap();
        // Twice: within an epoch, and another one later, on other threads.
        for (threads, stop) in [(2, 1 + k as u32 % 4), (1, 2 + k as u32 % 3)] {
            let watch = Watch::stop_after(stop);
            let stopped = run(&text, broken.path(), threads, &watch).unwrap_err();
            assert_eq!(stopped.code.name(), "E0809", "{way}");
        }
        let found = run(&text, broken.path(), 2, &Watch::stop_after(0)).unwrap();
        assert!(found == expected, "{way}: the files differ");
        let weights = expected["weights.safetensors"].clone();
        for (other, theirs) in &ends {
            assert!(*theirs != weights, "`{way}` trains as `{other}` does");
        }
        ends.push((way, weights));
    }
}

/// Losses, scores and predictions are in the target's unit, whatever the network sees.
#[test]
fn a_scaled_target_changes_no_unit() {
    for (loss, score) in [("mse", "rmse"), ("mae", "mae")] {
        let text = study(&format!(
            "loss: {loss}, optimizer: adam(), scale_target: standardized(), keep: final"
        ));
        let (folder, watch) = (tempfile::tempdir().unwrap(), Watch::stop_after(0));
        let files = run(&text, folder.path(), 1, &watch).unwrap();
        let metrics: serde_json::Value =
            serde_json::from_slice(&files["metrics.json"]).unwrap();
        let score = metrics["splits"]["val"][score].as_f64().unwrap();
        let last = *watch.losses.lock().unwrap().last().unwrap();
        let last = if loss == "mse" { last.sqrt() } else { last };
        assert!((last / score - 1.0).abs() < 1e-5, "{loss}: {last} {score}");
        // Energies of some eV/atom, in meV/atom: an error of less than 10 is out of reach.
        assert!(score > 10.0, "{loss}: {score}");
    }
}

#[test]
fn a_torn_checkpoint_is_told_and_the_one_before_used() {
    let text = study("loss: mse, optimizer: adamw(), schedule: one_cycle(), ema: 0.9");
    let whole = tempfile::tempdir().unwrap();
    let expected = run(&text, whole.path(), 1, &Watch::stop_after(0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for stop in [3, 5, 4] {
        let watch = Watch::stop_after(stop);
        run(&text, folder.path(), 1, &watch).unwrap_err();
    }
    let newest = std::fs::read_dir(folder.path().join(".checkpoints")).unwrap();
    let newest = newest
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_none())
        .unwrap();
    let mut bytes = std::fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&newest, bytes).unwrap();
    let watch = Watch::stop_after(0);
    let found = run(&text, folder.path(), 2, &watch).unwrap();
    assert!(found == expected, "the files differ");
    let warnings = watch.warnings.lock().unwrap();
    let codes: Vec<&str> = warnings.iter().map(|w| w.code.name()).collect();
    assert_eq!(codes, ["W0901"], "{warnings:?}");
}

/// The text of a study over two small trainings, `a` and `b`.
fn models(items: &str) -> String {
    format!(
        r#"tmo 1

model small()(x: [rows, length]) -> [rows, 1] = x |> dense(8) |> relu |> dense(1)

features few = bundled("flla-2015")
  |> take(120)
  |> target(.formation_energy_per_atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
  |> featurize(magpie())

let settings = {{ loss: mse, optimizer: adam(), rate: 1e-3, epochs: 6, batch: 16 }}
let a = few |> train(small(), ..settings, seed: 1)
let b = few |> train(small(), ..settings, seed: 2)
{items}
"#
    )
}

/// The predictions of a run's rows, by id.
fn predictions(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, f64> {
    let text = std::str::from_utf8(&files["predictions.csv"]).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |start: &str| head.iter().position(|h| h.starts_with(start)).unwrap();
    let (id, predicted) = (place("id"), place("predicted"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[id].to_owned(), cells[predicted].parse().unwrap())
        })
        .collect()
}

#[test]
fn an_ensemble_says_the_mean_of_its_members() {
    let folder = tempfile::tempdir().unwrap();
    let one = |model: &str| {
        let text = models(&format!("study s = {model} |> evaluate(rmse, mae)"));
        predictions(&run(&text, folder.path(), 1, &Watch::stop_after(0)).unwrap())
    };
    let (a, b, both) = (one("a"), one("b"), one("ensemble([a, b])"));
    assert!(a.len() > 100 && a != b);
    for (id, mean) in &both {
        assert!((mean - (a[id] + b[id]) / 2.0).abs() < 1e-9, "{id}");
    }
}

#[test]
fn a_refit_is_another_model_and_leaves_no_validation_rows() {
    let folder = tempfile::tempdir().unwrap();
    let one = |text: &str, threads: usize, watch: &Watch| {
        let text = models(&format!("study s = {text} |> evaluate(rmse)"));
        run(&text, folder.path(), threads, watch)
    };
    let first = one("a", 1, &Watch::stop_after(0)).unwrap();
    // Interrupted, it goes on as any training does.
    let stopped = one("a |> refit()", 1, &Watch::stop_after(9)).unwrap_err();
    assert_eq!(stopped.code.name(), "E0809");
    let again = one("a |> refit(on: train_and_val)", 2, &Watch::stop_after(0)).unwrap();
    assert!(again["weights.safetensors"] != first["weights.safetensors"]);
    let metrics: serde_json::Value =
        serde_json::from_slice(&again["metrics.json"]).unwrap();
    assert!(
        metrics["splits"].get("val").is_none() && metrics["splits"].get("test").is_some()
    );
    let whole = tempfile::tempdir().unwrap();
    let text = models("study s = a |> refit() |> evaluate(rmse)");
    let expected = run(&text, whole.path(), 1, &Watch::stop_after(0)).unwrap();
    assert!(expected["weights.safetensors"] == again["weights.safetensors"]);
}

#[test]
fn shares_within_an_error_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        models("study s = a |> evaluate(rmse, within(0.5 eV/atom, 2000 meV/atom))");
    let files = run(&text, folder.path(), 1, &Watch::stop_after(0)).unwrap();
    let metrics: serde_json::Value =
        serde_json::from_slice(&files["metrics.json"]).unwrap();
    let shares = metrics["within"].as_array().unwrap();
    assert_eq!(shares.len(), 6);
    let page = std::str::from_utf8(&files["report.html"]).unwrap();
    for limit in ["0.5000", "2.000"] {
        assert!(
            page.contains(&format!("% of test within {limit} eV&#x2f;atom</li>")),
            "{page}"
        );
    }
    let text = std::str::from_utf8(&files["predictions.csv"]).unwrap();
    let head: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |start: &str| head.iter().position(|h| h.starts_with(start)).unwrap();
    let (split, actual, predicted) =
        (place("split"), place("actual"), place("predicted"));
    let test: Vec<f64> = text
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|cells| cells[split] == "test")
        .map(|cells| {
            let number = |at: usize| cells[at].parse::<f64>().unwrap();
            (number(actual) - number(predicted)).abs()
        })
        .collect();
    for (share, limit) in shares[4..].iter().zip([0.5, 2.0]) {
        let within = test.iter().filter(|error| **error <= limit).count();
        assert_eq!(share["limit"].as_f64(), Some(limit));
        let found = share["share"].as_f64().unwrap();
        assert!((found - within as f64 / test.len() as f64).abs() < 1e-12);
    }
}

#[test]
fn predictions_of_other_rows_are_those_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let ensemble = models("study s = ensemble([a, b]) |> evaluate(rmse)");
    let files = run(&ensemble, folder.path(), 1, &Watch::stop_after(0)).unwrap();
    let own = predictions(&files);
    // A student is taught what the ensemble says: its target is the prediction.
    let student = models(
        r#"study s = bundled("flla-2015")
  |> predict(ensemble([a, b]))
  |> where(.known_elements and .in_domain and .uncertainty > 0 eV/atom)
  |> target(.predicted)
  |> split(test: 20%)
  |> holdout(val: 20%)
  |> featurize(magpie())
  |> train(small(), ..settings)
  |> evaluate(rmse)"#,
    );
    let files = run(&student, folder.path(), 1, &Watch::stop_after(0)).unwrap();
    let text = std::str::from_utf8(&files["predictions.csv"]).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |start: &str| head.iter().position(|h| h.starts_with(start)).unwrap();
    let (id, actual) = (place("id"), place("actual"));
    let (mut rows, mut same) = (0, 0);
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        rows += 1;
        if let Some(expected) = own.get(cells[id]) {
            let found: f64 = cells[actual].parse().unwrap();
            assert!((found - expected).abs() < 1e-5, "{line}");
            same += 1;
        }
    }
    // Some rows of the 728 are far from the 120 the model was made with.
    assert!(same > 50 && rows > same && rows < 728, "{same} of {rows}");
}

/// Crystals of near size together: another order of rows, as settled as the shuffle.
#[test]
fn batches_by_size_go_on_where_they_stopped_for_any_number_of_threads() {
    let text = |batches: &str| {
        format!(
            r#"tmo 1

model sums()(g: Crystal[n, e]) -> [rows, 1] =
  g.species |> embedding(95, 4) |> dense(8) |> silu |> mean(by: g.node_graph) |> dense(1)

study first = bundled("flla-2015")
  |> take(150)
  |> target(.formation_energy_per_atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
  |> featurize(crystal_graph(radius: 3 Å))
  |> train(sums(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 4, batch: 8{batches})
  |> evaluate(rmse)
"#
        )
    };
    let by_size = text(", order: by_size");
    let whole = tempfile::tempdir().unwrap();
    let expected = run(&by_size, whole.path(), 1, &Watch::stop_after(0)).unwrap();
    let broken = tempfile::tempdir().unwrap();
    for (threads, stop) in [(2, 5), (1, 20)] {
        let watch = Watch::stop_after(stop);
        run(&by_size, broken.path(), threads, &watch).unwrap_err();
    }
    let found = run(&by_size, broken.path(), 2, &Watch::stop_after(0)).unwrap();
    assert!(found == expected, "the files differ");
    let shuffled = text("");
    let shuffled = run(&shuffled, whole.path(), 1, &Watch::stop_after(0)).unwrap();
    assert!(found["weights.safetensors"] != shuffled["weights.safetensors"]);
}

/// A report shows how every row came to be: of both sides of a `join`, and of all members
/// of an ensemble.
#[test]
fn the_settings_of_all_that_was_joined_are_shown() {
    let joined = |items: &str| {
        let folder = tempfile::tempdir().unwrap();
        let files = run(&models(items), folder.path(), 1, &Watch::stop_after(0)).unwrap();
        String::from_utf8(files["report.html"].clone()).unwrap()
    };
    let page = joined(
        r#"study s = bundled("flla-2015")
  |> take(117)
  |> join(bundled("flla-2015") |> derive(size: .volume / .nsites) |> select(.id, .size), on: .id)
  |> target(.formation_energy_per_atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
  |> featurize(magpie())
  |> train(small(), ..settings)
  |> evaluate(rmse)"#,
    );
    for setting in [
        "<dt>take</dt>",
        "117",
        "<dt>derive</dt>",
        "<dt>select</dt>",
        "<dt>join</dt>",
    ] {
        assert!(page.contains(setting), "{setting} is not in {page}");
    }
    let page = joined("study s = ensemble([a, b]) |> evaluate(rmse)");
    for setting in ["<dt>train</dt>", "<dt>train 2</dt>", "seed: 1", "seed: 2"] {
        assert!(page.contains(setting), "{setting}");
    }
}

/// `.loss` of scores is the loss that was trained with: that of the kept epoch.
#[test]
fn the_loss_of_scores_is_that_of_the_training() {
    for loss in ["mse", "mae", "huber(delta: 100 meV/atom)"] {
        let unit = if loss == "mae" {
            "eV/atom"
        } else {
            "eV^2/atom^2"
        };
        let items = format!(
            "let c = few |> train(small(), loss: {loss}, optimizer: adam(), rate: 1e-3, \
             epochs: 6, batch: 16, keep: final) |> evaluate(rmse)\n\
             study s = table({{ loss: c.val.loss to {unit} }})"
        );
        let (folder, watch) = (tempfile::tempdir().unwrap(), Watch::stop_after(0));
        let files = run(&models(&items), folder.path(), 1, &watch).unwrap();
        let csv = std::str::from_utf8(&files["table.csv"]).unwrap();
        let found: f64 = csv.lines().nth(1).unwrap().parse().unwrap();
        let last = *watch.losses.lock().unwrap().last().unwrap();
        assert!(
            (found / last - 1.0).abs() < 1e-5,
            "{loss}: {found} {last}\n{csv}"
        );
    }
}

/// The flags of a model's predictions: of each row whether its elements are known, and
/// whether it is in the domain.
fn flags(network: &str) -> Vec<(bool, bool)> {
    let folder = tempfile::tempdir().unwrap();
    let text = models(&format!(
        r#"model other()(x: [rows, length]) -> [rows, 1] = {network}
let c = few |> train(other(), ..settings)
study s = bundled("flla-2015") |> predict(c) |> save("told.csv")"#
    ));
    let files = run(&text, folder.path(), 1, &Watch::stop_after(0)).unwrap();
    let text = std::str::from_utf8(&files["told.csv"]).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let (known, inside) = (place("known_elements"), place("in_domain"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[known] == "true", cells[inside] == "true")
    };
    lines.map(row).collect()
}

#[test]
fn rows_unlike_those_learnt_are_out_of_the_domain_whatever_ends_the_network() {
    let count = |rows: &[(bool, bool)], of: (bool, bool)| {
        rows.iter().filter(|row| **row == of).count()
    };
    for network in [
        "x |> dense(8) |> relu |> dense(1)",
        "1 - 2 * (x |> dense(8) |> relu |> dense(1))",
    ] {
        let rows = flags(network);
        // No row with an element that was not learnt is inside, whatever its place.
        assert_eq!(count(&rows, (false, true)), 0, "{network}");
        assert!(count(&rows, (false, false)) > 50, "{network}");
        // Of the others most are, and some are not.
        let (inside, outside) = (count(&rows, (true, true)), count(&rows, (true, false)));
        assert!(
            outside > 5 && inside > 5 * outside,
            "{network}: {inside} {outside}"
        );
    }
    // Where no one dense layer is the last, nothing but the elements is known.
    let rows = flags("(x |> dense(8) |> relu |> dense(1)) + (x |> dense(1))");
    assert_eq!(count(&rows, (true, false)) + count(&rows, (false, true)), 0);
}
