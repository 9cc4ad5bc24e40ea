//! Samples per second of the two descriptor CNNs of the study, training and predicting:
//! ours on one and on two threads, and Keras's on two threads in the same run.
//!
//! `cargo bench --bench cnn`; the environment variable `TMO_BENCH_PYTHON` names a Python
//! that has TensorFlow (default `python3`). Where there is none, the noted figures stand
//! beside ours and are marked so.

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use tmo::draw::{Draws, Stream};
use tmo::nn::{
    Adam, Begin, Conv1d, EpochRecord, Go, Graph, GraphBuilder, Init, Observer, Rows,
    Settings, Threads, TrainingState, Weights, predict, train,
};

/// Rows of a training epoch and rows per batch.
const ROWS: usize = 4992;
const BATCH: usize = 32;
/// Epochs timed, after one to warm up.
const EPOCHS: usize = 3;

/// A network of the study, and what Keras 3.15 on TensorFlow 2.21 trained per second with
/// two threads of the machine on which the reference numbers of the project were made.
struct Network {
    name: &'static str,
    length: usize,
    /// Filters and kernel of each convolution.
    convs: &'static [(usize, usize)],
    dense: &'static [usize],
    noted: f64,
}

const NETWORKS: [Network; 2] = [
    Network {
        name: "magpie",
        length: 132,
        convs: &[(64, 5)],
        dense: &[512],
        noted: 3636.0,
    },
    Network {
        name: "xrd",
        length: 128,
        convs: &[(64, 5), (64, 5)],
        dense: &[512, 512, 32],
        noted: 4232.0,
    },
];

/// The network takes the place of `@`: length, [[filters, kernel]], [units]. Prints JSON:
/// TensorFlow's version, samples trained per second, samples predicted per second.
const PEER: &str = r#"
import os, json, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy, tensorflow
tensorflow.config.threading.set_intra_op_parallelism_threads(2)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)
keras = tensorflow.keras
length, convs, dense, rows, batch, epochs = @
model = keras.Sequential([keras.Input((length, 1))])
for filters, kernel in convs:
    model.add(keras.layers.Conv1D(filters, kernel, padding="same", activation="relu"))
    model.add(keras.layers.AveragePooling1D(2))
    model.add(keras.layers.Dropout(0.3))
model.add(keras.layers.Flatten())
for units in dense:
    model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dropout(0.3))
model.add(keras.layers.Dense(1))
model.compile(keras.optimizers.Adam(1e-3), "mse")
numbers = numpy.random.default_rng(0)
x = numbers.random((rows, length, 1), dtype="float32")
y = numbers.random(rows, dtype="float32")
def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
fit = lambda n: model.fit(x, y, batch_size=batch, epochs=n, verbose=0)
fit(1)
trained = epochs * rows / seconds(lambda: fit(epochs))
guess = lambda: model.predict(x, batch_size=256, verbose=0)
guess()
print(json.dumps([tensorflow.__version__, trained, rows / seconds(guess)]))
"#;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    for network in &NETWORKS {
        let graph = network.graph()?;
        println!(
            "{}, {} weights, batches of {BATCH}",
            network.name,
            graph.weight_count()
        );
        let mut best = (0.0, 0.0);
        for threads in [1, 2] {
            best = measure(&graph, &Threads::new(Some(threads))?)?;
            println!(
                "  tmo, {threads} thread(s)    training {:>8.0}  predicting {:>8.0} samples/s",
                best.0, best.1
            );
        }
        match run_peer(&python, network) {
            Ok((version, trained, predicted)) => {
                println!(
                    "  keras, 2 threads   training {trained:>8.0}  predicting \
                     {predicted:>8.0} samples/s (TensorFlow {version}, run now)"
                );
                println!(
                    "  ratio              training {:>8.2}  predicting {:>8.2}",
                    best.0 / trained,
                    best.1 / predicted
                );
            }
            Err(why) => {
                println!(
                    "  keras, 2 threads   training {:>8.0} samples/s (Keras 3.15, \
                     TensorFlow 2.21; noted)",
                    network.noted
                );
                println!("  not run now: {why}; set TMO_BENCH_PYTHON");
                println!(
                    "  ratio              training {:>8.2}",
                    best.0 / network.noted
                );
            }
        }
    }
    Ok(())
}

impl Network {
    fn graph(&self) -> Result<Graph, Failure> {
        let mut b = GraphBuilder::new();
        let mut x = b.input("x", &[self.length, 1])?;
        for (k, &(filters, kernel)) in self.convs.iter().enumerate() {
            let conv = Conv1d {
                filters,
                kernel,
                stride: 1,
                padding: kernel - 1,
                bias: true,
            };
            x = b.conv1d(&format!("conv[{k}]"), x, conv, Init::Glorot)?;
            x = b.relu("relu", x)?;
            x = b.avg_pool1d("pool", x, 2, 2)?;
            x = b.dropout("dropout", x, 0.3)?;
        }
        x = b.flatten("flatten", x)?;
        for (k, &units) in self.dense.iter().enumerate() {
            x = b.dense(&format!("dense[{k}]"), x, units, true, Init::Glorot)?;
            x = b.relu("relu", x)?;
            x = b.dropout("dropout", x, 0.3)?;
        }
        x = b.dense("out", x, 1, true, Init::Glorot)?;
        Ok(b.finish(x)?)
    }
}

/// Notes when the first and the last epoch ended.
#[derive(Default)]
struct Clock {
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Observer for Clock {
    fn epoch(&mut self, _: &EpochRecord, _: &TrainingState<'_>) -> Go {
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        Go::On
    }
}

/// Samples trained and predicted per second.
fn measure(graph: &Graph, threads: &Threads) -> Result<(f64, f64), Failure> {
    let mut stream = Stream::new(1);
    let mut numbers =
        |n: usize| -> Vec<f32> { (0..n).map(|_| stream.uniform(0.0, 1.0)).collect() };
    let (features, targets) = (numbers(ROWS * graph.input_width()), numbers(ROWS));
    let ids: Vec<u64> = (0..ROWS as u64).collect();
    let rows = Rows {
        features: (&features).into(),
        targets: &targets,
        ids: &ids,
    };
    let draws = Draws::new(0, 1);
    let settings = Settings::new(BATCH, 1 + EPOCHS, Adam::keras(1e-3), draws);
    let begin = Begin::Weights(Weights::start(graph, &draws));
    let mut clock = Clock::default();
    let trained = train(graph, begin, rows, None, &settings, threads, &mut clock)?;
    let (Some(first), Some(last)) = (clock.first, clock.last) else {
        return Err("no epoch was trained".into());
    };
    let training = (EPOCHS * ROWS) as f64 / (last - first).as_secs_f64();
    predict(graph, &trained.weights, &features, threads)?;
    let start = Instant::now();
    black_box(predict(graph, &trained.weights, &features, threads)?);
    Ok((training, ROWS as f64 / start.elapsed().as_secs_f64()))
}

/// TensorFlow's version and its samples trained and predicted per second, run by `python`.
fn run_peer(python: &str, network: &Network) -> Result<(String, f64, f64), Failure> {
    let convs: Vec<String> = network
        .convs
        .iter()
        .map(|(filters, kernel)| format!("[{filters}, {kernel}]"))
        .collect();
    let task = format!(
        "{}, [{}], {:?}, {ROWS}, {BATCH}, {EPOCHS}",
        network.length,
        convs.join(", "),
        network.dense
    );
    let mut child = Command::new(python)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{python} does not start ({error})"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(PEER.replace('@', &task).as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("no message");
        return Err(format!("{python}: {last}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
