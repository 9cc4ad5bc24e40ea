use dfdx::prelude::{
    AsArray, Axis, Backward, BroadcastTo, Cpu, MeanTo, Rank0, ReshapeTo, TensorFromVec,
    Trace, TryMatMul,
};

use super::super::buffer::Buffer;
use super::super::layers::Map;
use super::super::layers::differences::{check, check_curved, random, weighted};
use super::super::processor::Processor;
use super::super::{
    Conv1d, Graph, GraphBuilder, Init, Loss, Rows, Threads, Weights, gradients, predict,
};
use super::*;

const ROWS: usize = 6;
const LENGTH: usize = 12;
const FILTERS: usize = 5;

fn conv(filters: usize, kernel: usize, padding: usize) -> Conv1d {
    Conv1d {
        filters,
        kernel,
        stride: 1,
        padding,
        bias: true,
    }
}

/// conv(5×3, same) → relu → pool 2 → flatten → dense 7 → relu → dense 1.
fn small() -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[LENGTH, 1]).unwrap();
    let x = b.conv1d("conv", x, conv(FILTERS, 3, 2), Init::Glorot);
    let x = b.relu("relu", x.unwrap()).unwrap();
    let x = b.avg_pool1d("pool", x, 2, 2).unwrap();
    let x = b.flatten("flatten", x).unwrap();
    let x = b.dense("hidden", x, 7, true, Init::Kaiming).unwrap();
    let x = b.relu("relu", x).unwrap();
    let x = b.dense("out", x, 1, true, Init::Kaiming).unwrap();
    b.finish(x).unwrap()
}

/// Weights none of which is near zero, so that biases matter too.
fn weights(graph: &Graph) -> Weights {
    let array = |spec: &super::super::WeightSpec| {
        let values = random(spec.count(), 30 + spec.ordinal as u64);
        (spec.name.clone(), spec.sizes.clone(), values)
    };
    let arrays = graph.weights().iter().map(array).collect();
    Weights::from_arrays(graph, arrays).unwrap()
}

#[test]
fn a_network_agrees_with_the_operations_and_the_tape_of_dfdx() {
    let (graph, threads) = (small(), Threads::new(Some(2)).unwrap());
    let weights = weights(&graph);
    let (features, targets) = (random(ROWS * LENGTH, 1), random(ROWS, 2));
    let ids: Vec<u64> = (0..ROWS as u64).collect();
    let rows = Rows {
        features: (&features).into(),
        targets: &targets,
        ids: &ids,
    };
    let ours = gradients(&graph, &weights, rows, Loss::Mse, &threads).unwrap();

    let device = Cpu::default();
    let mut patches = Vec::new();
    for row in features.chunks(LENGTH) {
        for place in 0..LENGTH {
            for k in 0..3 {
                let at = (place + k).checked_sub(1);
                patches.push(at.and_then(|i| row.get(i)).copied().unwrap_or(0.0));
            }
        }
    }
    let tensor = |k: usize, shape: (usize, usize)| {
        let buffer: &Buffer = &weights.buffers[k];
        buffer.clone().into_tensor(shape.0, shape.1)
    };
    let vector = |k: usize| {
        let values = weights.buffers[k].values().to_vec();
        let length = values.len();
        device.tensor_from_vec(values, (length,))
    };
    let (w0, b0) = (tensor(0, (3, FILTERS)), vector(1));
    let (w1, b1) = (tensor(2, (FILTERS * LENGTH / 2, 7)), vector(3));
    let (w2, b2) = (tensor(4, (7, 1)), vector(5));
    let x = device.tensor_from_vec(patches, (ROWS * LENGTH, 3));
    let y = x.leaky_trace().matmul(w0.clone());
    let y = (y + b0
        .clone()
        .broadcast_like::<_, Axis<0>>(&(ROWS * LENGTH, FILTERS)))
    .relu();
    let y = y.reshape_like(&(ROWS, LENGTH / 2, 2, FILTERS));
    let y = y
        .mean::<_, Axis<2>>()
        .reshape_like(&(ROWS, LENGTH / 2 * FILTERS));
    let y = y.matmul(w1.clone());
    let y = (y + b1.clone().broadcast_like::<_, Axis<0>>(&(ROWS, 7))).relu();
    let y = y.matmul(w2.clone()) + b2.clone().broadcast_like::<_, Axis<0>>(&(ROWS, 1));
    let output = y.as_vec();
    let target = device.tensor_from_vec(targets.clone(), (ROWS, 1));
    let loss = (y - target).square().mean::<Rank0, _>();
    let value = loss.array();
    let theirs = loss.backward();

    assert!((f64::from(value) - ours.loss).abs() < 1e-5 * ours.loss);
    let close = |name: &str, a: &[f32], b: Vec<f32>| {
        assert_eq!(a.len(), b.len(), "{name}");
        let largest = b.iter().fold(0f32, |m, x| m.max(x.abs()));
        assert!(largest > 0.0, "{name} is all zero");
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() <= 1e-5 * largest, "{name}: {a} {b}");
        }
    };
    close("output", &ours.output, output);
    let own = |k: usize| ours.gradients.buffers[k].values();
    close("w0", own(0), theirs.get(&w0).as_vec());
    close("b0", own(1), theirs.get(&b0).as_vec());
    close("w1", own(2), theirs.get(&w1).as_vec());
    close("b1", own(3), theirs.get(&b1).as_vec());
    close("w2", own(4), theirs.get(&w2).as_vec());
    close("b2", own(5), theirs.get(&b2).as_vec());
}

/// A batch of vectors.
pub(crate) fn vectors(program: &Program, features: &[f32]) -> Batch {
    let rows = features.len() / program.needs.width;
    Batch::new(&program.needs, features.into(), 0..rows)
}

/// Graphs whose steps follow each other in every way that matters to what is kept, what
/// works in place and where the gradient ends.
/// Beside weights, every operation in them is made of straight lines.
pub(crate) fn graphs() -> Vec<Graph> {
    let build = |f: &dyn Fn(&mut GraphBuilder, super::super::NodeId) -> _| {
        let mut b = GraphBuilder::new();
        let x = b.input("x", &[9, 2]).unwrap();
        let y: Result<_, super::super::Failure> = f(&mut b, x);
        b.finish(y.unwrap()).unwrap()
    };
    vec![
        build(&|b, x| {
            let x = b.relu("first", x)?;
            let x = b.conv1d("c0", x, conv(3, 4, 3), Init::Glorot)?;
            let x = b.conv1d("c1", x, conv(4, 3, 0), Init::Glorot)?;
            let x = b.relu("r", x)?;
            let x = b.relu("r", x)?;
            let x = b.avg_pool1d("p", x, 3, 2)?;
            let x = b.relu("r", x)?;
            let x = b.dense("d", x, 2, false, Init::Glorot)?;
            b.dropout("last", x, 0.5)
        }),
        build(&|b, x| {
            let x = b.avg_pool1d("p", x, 2, 1)?;
            let x = b.dropout("d", x, 0.5)?;
            let x = b.conv1d("c0", x, conv(3, 2, 0), Init::Glorot)?;
            let x = b.dropout("d", x, 0.5)?;
            let x = b.relu("r", x)?;
            let x = b.dropout("d", x, 0.5)?;
            let x = b.flatten("f", x)?;
            let x = b.dense("d0", x, 3, true, Init::Glorot)?;
            let x = b.reshape("s", x, &[3, 1])?;
            let x = b.dense("d1", x, 2, true, Init::Glorot)?;
            b.relu("out", x)
        }),
        // A relu that must not be taken into the layer before it, which is read twice; a
        // skip over it; constants on either side.
        build(&|b, x| {
            let d = b.dense("d", x, 3, true, Init::Glorot)?;
            let r = b.relu("r", d)?;
            let y = b.add("skip", d, r)?;
            let two = b.scalar("2", 2.0)?;
            let y = b.multiply("twice", two, y)?;
            let y = b.divide("half", y, two)?;
            let y = b.subtract("from", two, y)?;
            let f = b.flatten("f", y)?;
            let g = b.flatten("f", r)?;
            b.add("both", f, g)
        }),
        // Shared layers, on inputs of their own and on top of each other.
        build(&|b, x| {
            b.shared("s");
            let y = b.dense("s", x, 2, true, Init::Glorot)?;
            let z = b.dense("s", y, 2, true, Init::Glorot)?;
            let w = b.dense("s", x, 2, true, Init::Glorot)?;
            let y = b.concat("c", &[y, z, w, y])?;
            let y = b.slice("cut", y, 1, 7)?;
            let y = b.dropout("drop", y, 0.4)?;
            b.transpose("t", y)
        }),
        // A value that does not learn beside one that does; a weight by itself; one value
        // on both sides.
        build(&|b, x| {
            let w = b.weight("w", &[9, 1], Init::Kaiming)?;
            let y = b.multiply("scaled", x, w)?;
            let y = b.multiply("squared", y, y)?;
            let m = b.mean_last("m", y)?;
            let y = b.subtract("off", y, m)?;
            let s = b.sum_last("s", x)?;
            let y = b.add("plus", s, y)?;
            let n = b.negate("n", y)?;
            let spare = b.dense("not needed", n, 4, true, Init::Glorot)?;
            b.relu("nor this", spare)?;
            Ok(n)
        }),
        build(&|b, x| b.relu("only", x)),
        build(&|_, x| Ok(x)),
    ]
}

#[test]
fn gradients_of_whole_networks_are_finite_differences_with_and_without_masks() {
    for graph in graphs() {
        let (program, weights) = (Program::new(&graph), weights(&graph));
        let batch = vectors(&program, &random(ROWS * 18, 5));
        let masks = Masks {
            draws: Draws::new(1, 2),
            step: 7,
        };
        for mode in [Mode::Predict, Mode::Learn(None), Mode::Learn(Some(masks))] {
            let mut device = Processor::default();
            let forward = |weights: &[Buffer],
                           device: &mut Processor,
                           tape: Option<&mut Tape<Buffer>>| {
                let run = Run {
                    program: &program,
                    weights,
                    mode,
                    batch: &batch,
                    watch: None,
                };
                run.forward(tape, device)
            };
            let mut tape = Tape::default();
            let y = forward(&weights.buffers, &mut device, Some(&mut tape));
            let plain = forward(&weights.buffers, &mut device, None);
            assert_eq!(y.values(), plain.values());
            let g = random(y.values().len(), 6);
            let gy = Buffer::from_vec(g.clone());
            let run = Run {
                program: &program,
                weights: &weights.buffers,
                mode,
                batch: &batch,
                watch: None,
            };
            let mut found = Weights::zeros(&graph);
            run.backward(tape, y, gy, &mut found.buffers, &mut device);
            for (k, gradient) in found.buffers.iter().enumerate() {
                let at = weights.buffers[k].values();
                check("network", at, gradient.values(), |values| {
                    let mut changed = weights.buffers.clone();
                    changed[k] = Buffer::from_vec(values.to_vec());
                    let y = forward(&changed, &mut Processor::default(), None);
                    let pairs = y.values().iter().zip(&g);
                    pairs.map(|(y, g)| f64::from(*y) * f64::from(*g)).sum()
                });
            }
        }
    }
}

/// Graphs of curved operations, where differences need care.
pub(crate) fn curved() -> Vec<Graph> {
    let build = |f: &dyn Fn(&mut GraphBuilder, super::super::NodeId) -> _| {
        let mut b = GraphBuilder::new();
        let x = b.input("x", &[9, 2]).unwrap();
        let y: Result<_, super::super::Failure> = f(&mut b, x);
        b.finish(y.unwrap()).unwrap()
    };
    vec![
        // A gated sum, as in edge-gated convolutions.
        build(&|b, x| {
            let a = b.dense("a", x, 3, true, Init::Glorot)?;
            let c = b.dense("c", x, 3, true, Init::Glorot)?;
            let gate = b.sigmoid("gate", a)?;
            let y = b.multiply("gated", gate, c)?;
            let sum = b.sum_last("sum", gate)?;
            let little = b.scalar("eps", 1e-6)?;
            let sum = b.add("sum", sum, little)?;
            let y = b.divide("heard", y, sum)?;
            let y = b.batch_norm("norm", y, 1e-2, 0.1)?;
            let y = b.silu("silu", y)?;
            b.add("skip", c, y)
        }),
        // The differentiable group norm of the stdlib, and the other functions.
        build(&|b, x| {
            let x = b.dense("widen", x, 4, true, Init::Glorot)?;
            let share = b.dense("groups", x, 3, false, Init::Glorot)?;
            let share = b.softmax_last("share", share)?;
            let share = b.reshape("r", share, &[9, 3, 1])?;
            let parts = b.reshape("r", x, &[9, 1, 4])?;
            let parts = b.multiply("parts", share, parts)?;
            let flat = b.reshape("r", parts, &[9, 12])?;
            let flat = b.batch_norm("norm", flat, 1e-2, 0.1)?;
            let parts = b.reshape("r", flat, &[9, 3, 4])?;
            let parts = b.transpose("t", parts)?;
            let sum = b.sum_last("sum", parts)?;
            let sum = b.reshape("r", sum, &[9, 4])?;
            let step = b.scalar("step", 0.1)?;
            let sum = b.multiply("step", sum, step)?;
            let y = b.add("skip", x, sum)?;
            let y = b.layer_norm("ln", y, 1e-2)?;
            let y = b.tanh("tanh", y)?;
            let y = b.softplus("softplus", y)?;
            let y = b.leaky_relu("leaky", y, 0.2)?;
            let y = b.exp("exp", y)?;
            b.ln("ln", y)
        }),
        // A normalisation used twice.
        build(&|b, x| {
            b.shared("n");
            let y = b.dense("d", x, 2, true, Init::Glorot)?;
            let y = b.batch_norm("n", y, 1e-2, 0.1)?;
            let y = b.tanh("t", y)?;
            b.batch_norm("n", y, 1e-2, 0.1)
        }),
    ]
}

#[test]
fn gradients_of_curved_networks_are_finite_differences() {
    for graph in curved() {
        let (program, mut weights) = (Program::new(&graph), weights(&graph));
        for (spec, buffer) in weights.specs.iter().zip(&mut weights.buffers) {
            if spec.name.ends_with("running_var") {
                buffer.values_mut().fill(0.7);
            }
        }
        let batch = vectors(&program, &random(ROWS * 18, 5));
        for mode in [Mode::Predict, Mode::Learn(None)] {
            let forward = |weights: &[Buffer], tape: Option<&mut Tape<Buffer>>| {
                let run = Run {
                    program: &program,
                    weights,
                    mode,
                    batch: &batch,
                    watch: None,
                };
                run.forward(tape, &mut Processor::default())
            };
            let mut tape = Tape::default();
            let y = forward(&weights.buffers, Some(&mut tape));
            assert_eq!(y.values(), forward(&weights.buffers, None).values());
            let g = random(y.values().len(), 6);
            let run = Run {
                program: &program,
                weights: &weights.buffers,
                mode,
                batch: &batch,
                watch: None,
            };
            let mut found = Weights::zeros(&graph);
            let gy = Buffer::from_vec(g.clone());
            run.backward(tape, y, gy, &mut found.buffers, &mut Processor::default());
            for (k, gradient) in found.buffers.iter().enumerate() {
                let spec = &graph.weights()[k];
                if !spec.trained {
                    assert!(gradient.values().iter().all(|g| *g == 0.0));
                    continue;
                }
                assert!(gradient.values().iter().any(|g| *g != 0.0), "{}", spec.name);
                let at = weights.buffers[k].values();
                check_curved(&spec.name, at, gradient.values(), |values| {
                    let mut changed = weights.buffers.clone();
                    changed[k] = Buffer::from_vec(values.to_vec());
                    weighted(forward(&changed, None).values(), &g)
                });
            }
        }
    }
}

#[test]
fn constants_and_reshapes_are_no_steps_and_running_statistics_follow_in_order() {
    let graph = &graphs()[2];
    let program = Program::plain(graph);
    // The input, dense, relu, add, three constants, add: nothing for scalars and flattens.
    assert_eq!(program.steps.len(), 8);
    let graph = &curved()[2];
    let program = Program::plain(graph);
    assert_eq!(program.fewest_samples, Some(9));
    let mut weights = weights(graph);
    let before = weights.clone();
    let batch = vectors(&program, &random(ROWS * 18, 5));
    let mut tape = Tape::default();
    let run = Run {
        program: &program,
        weights: &before.buffers,
        mode: Mode::Learn(None),
        batch: &batch,
        watch: None,
    };
    let mut device = Processor::default();
    run.forward(Some(&mut tape), &mut device);
    let statistics = tape.statistics(&run, &device);
    program.follow(&statistics, &mut weights.buffers);
    let [(_, _, first), (_, _, second)] = &statistics[..] else {
        unreachable!("it is used twice");
    };
    let (_, old) = before.get("n.running_mean").unwrap();
    let (_, new) = weights.get("n.running_mean").unwrap();
    for channel in 0..2 {
        let once = 0.9 * old[channel] + 0.1 * first[channel];
        let twice = 0.9 * once + 0.1 * second[channel];
        assert!((new[channel] - twice).abs() < 1e-6);
        assert_ne!(new[channel], old[channel]);
    }
}

#[test]
fn buffers_return_to_the_pool() {
    for graph in graphs().iter().chain(&curved()) {
        returns(graph);
    }
}

fn returns(graph: &Graph) {
    let (program, weights) = (Program::new(graph), weights(graph));
    let mut device = Processor::default();
    let mut found = Weights::zeros(graph);
    let mut held = Vec::new();
    for _ in 0..6 {
        let batch = vectors(&program, &random(3 * 18, 5));
        let run = Run {
            program: &program,
            weights: &weights.buffers,
            mode: Mode::Learn(None),
            batch: &batch,
            watch: None,
        };
        let mut tape = Tape::default();
        let y = run.forward(Some(&mut tape), &mut device);
        let mut gy = device.take(y.values().len());
        gy.values_mut().fill(1.0);
        run.backward(tape, y, gy, &mut found.buffers, &mut device);
        held.push(device.pool.count());
    }
    // A buffer may serve another length first; then the same ones go round.
    assert!(held[3] > 0);
    assert_eq!(held[3], held[4]);
    assert_eq!(held[4], held[5]);
}

#[test]
fn a_relu_is_taken_into_the_layer_before_it() {
    let program = Program::new(&small());
    let relus = program
        .steps
        .iter()
        .filter(|s| s.kernel == Kernel::Map(Map::Relu));
    assert_eq!((program.steps.len(), relus.count()), (5, 0));
    assert!(program.steps[1].sends == [false] && program.steps[2].sends == [true]);
}

#[test]
fn predictions_do_not_see_dropout_nor_the_number_of_rows() {
    let threads = Threads::new(Some(1)).unwrap();
    for graph in graphs() {
        let weights = weights(&graph);
        let features = random(300 * 18, 8);
        let all = predict(&graph, &weights, &features, &threads).unwrap();
        let width = graph.output_width();
        assert_eq!(all.len(), 300 * width);
        for row in [0, 255, 256, 299] {
            let one = &features[row * 18..][..18];
            let alone = predict(&graph, &weights, one, &threads).unwrap();
            for (a, b) in alone.iter().zip(&all[row * width..][..width]) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }
}

#[test]
fn features_that_do_not_fit_are_refused() {
    let (graph, threads) = (small(), Threads::new(Some(1)).unwrap());
    let weights = weights(&graph);
    for features in [vec![], vec![0.0; LENGTH + 1]] {
        let failure = predict(&graph, &weights, &features, &threads).unwrap_err();
        assert_eq!(failure.code(), "E0804");
    }
    let other = graphs().remove(0);
    let failure = predict(&other, &weights, &[0.0; 18][..], &threads).unwrap_err();
    assert_eq!(failure.code(), "E0802");
    assert!(
        failure.to_string().contains("conv.weight [3, 1, 5]"),
        "{failure}"
    );
}
