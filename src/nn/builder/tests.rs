use super::super::graph::Start;
use super::*;

fn conv(filters: usize, kernel: usize, stride: usize, padding: usize) -> Conv1d {
    Conv1d {
        filters,
        kernel,
        stride,
        padding,
        bias: true,
    }
}

#[test]
fn the_paper_network_has_its_shapes_and_weights() {
    let mut b = GraphBuilder::new();
    let x = b.input("features", &[132]).unwrap();
    let x = b.reshape("signal", x, &[132, 1]).unwrap();
    let x = b
        .conv1d("conv1d", x, conv(64, 5, 1, 4), Init::Glorot)
        .unwrap();
    assert_eq!(b.sizes(x), [132, 64]);
    let x = b.relu("relu", x).unwrap();
    let x = b.avg_pool1d("pool", x, 2, 2).unwrap();
    assert_eq!(b.sizes(x), [66, 64]);
    let x = b.dropout("dropout", x, 0.3).unwrap();
    let x = b.flatten("flatten", x).unwrap();
    assert_eq!(b.sizes(x), [4224]);
    let x = b.dense("dense[0]", x, 512, true, Init::Glorot).unwrap();
    let x = b.relu("relu", x).unwrap();
    let x = b.dense("dense[1]", x, 1, true, Init::Kaiming).unwrap();
    let graph = b.finish(x).unwrap();
    assert_eq!(graph.weight_count(), 2_164_097);
    assert_eq!((graph.input_width(), graph.output_width()), (132, 1));
    let names: Vec<&str> = graph.weights().iter().map(|w| w.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "conv1d.weight",
            "conv1d.bias",
            "dense[0].weight",
            "dense[0].bias",
            "dense[1].weight",
            "dense[1].bias"
        ]
    );
    let limit = |k: usize| match graph.weights()[k].start {
        Start::Uniform { limit } => f64::from(limit),
        Start::Constant(c) => f64::from(c),
        Start::Orthogonal => f64::NAN,
    };
    assert!((limit(0) - (6.0f64 / (5.0 + 5.0 * 64.0)).sqrt()).abs() < 1e-7);
    assert_eq!(limit(1), 0.0);
    assert!((limit(2) - (6.0f64 / (4224.0 + 512.0)).sqrt()).abs() < 1e-8);
    assert!((limit(5) - 1.0 / 512f64.sqrt()).abs() < 1e-8);
    assert!(graph.weights()[0].decay && !graph.weights()[1].decay);
}

#[test]
fn lengths_follow_kernel_stride_and_padding() {
    for (length, kernel, stride, padding, expected) in [
        (10, 3, 1, 2, 10),
        (10, 4, 1, 3, 10),
        (10, 3, 2, 0, 4),
        (10, 4, 3, 1, 3),
        (3, 3, 5, 0, 1),
    ] {
        let mut b = GraphBuilder::new();
        let x = b.input("x", &[length, 2]).unwrap();
        let y = b.conv1d("c", x, conv(3, kernel, stride, padding), Init::Glorot);
        assert_eq!(b.sizes(y.unwrap()), [expected, 3]);
    }
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[9, 2]).unwrap();
    let y = b.avg_pool1d("p", x, 2, 2).unwrap();
    assert_eq!(b.sizes(y), [4, 2]);
}

/// The error of `build` on a graph with an input of shape `sizes`.
fn refused(
    sizes: &[usize],
    build: impl Fn(&mut GraphBuilder, NodeId) -> Result<NodeId, Failure>,
) -> String {
    let mut b = GraphBuilder::new();
    let x = b.input("x", sizes).unwrap();
    let failure = build(&mut b, x).unwrap_err();
    assert_eq!(failure.code(), "E0805");
    failure.to_string()
}

#[test]
fn what_does_not_fit_is_refused_with_shapes() {
    let text = refused(&[4, 1], |b, x| b.avg_pool1d("pool", x, 5, 1));
    assert!(
        text.contains("a pool of 5") && text.contains("[4, 1]"),
        "{text}"
    );
    let text = refused(&[4], |b, x| b.avg_pool1d("pool", x, 2, 2));
    assert!(text.contains("[length, channels]") && text.contains("[4]"));
    let text = refused(&[4, 1], |b, x| {
        b.conv1d("c", x, conv(1, 7, 1, 2), Init::Glorot)
    });
    assert!(
        text.contains("kernel of 7") && text.contains("2 zeros"),
        "{text}"
    );
    let text = refused(&[4, 3], |b, x| b.reshape("r", x, &[5, 2]));
    assert!(text.contains("[4, 3] cannot become [5, 2]"), "{text}");
    for rate in [1.0, -0.1, f64::NAN] {
        let text = refused(&[4], |b, x| b.dropout("d", x, rate));
        assert!(text.contains("below 1"), "{text}");
    }
    let text = refused(&[4], |b, x| b.dense("d", x, 0, true, Init::Glorot));
    assert!(text.contains("units"), "{text}");
    let text = refused(&[], |b, x| b.dense("d", x, 1, true, Init::Glorot));
    assert!(text.contains("axis"), "{text}");
    let text = refused(&[usize::MAX / 4 / 4 / 1_000_000_000], |b, x| {
        b.dense("d", x, usize::MAX, true, Init::Glorot)
    });
    assert!(text.contains("too large"), "{text}");
    let text = refused(&[4, 1], |b, x| {
        b.conv1d("c", x, conv(1, usize::MAX, 1, usize::MAX), Init::Glorot)
    });
    assert!(text.contains("too large"), "{text}");
    let text = refused(&[4], |b, x| {
        let y = b.dense("same", x, 2, true, Init::Glorot)?;
        b.dense("same", y, 2, true, Init::Glorot)
    });
    assert!(text.contains("same name"), "{text}");
    let text = refused(&[4], |b, _| b.input("again", &[3]));
    assert!(text.contains("second"), "{text}");
    let text = refused(&[4], |b, _| b.relu("r", NodeId(99)));
    assert!(text.contains("not a node"), "{text}");
    let text = refused(&[4], |b, _| b.clone().finish(NodeId(9)).map(|g| g.output));
    assert!(text.contains("output"), "{text}");
}

#[test]
fn axes_of_length_zero_and_giant_inputs_are_refused() {
    let mut b = GraphBuilder::new();
    assert!(b.input("x", &[3, 0]).is_err());
    assert!(b.input("x", &[1 << 20, 1 << 20]).is_err());
    let empty = GraphBuilder::new().finish(NodeId(0));
    assert!(empty.unwrap_err().to_string().contains("no input"));
}

#[test]
fn weights_are_shared_only_where_asked_for_and_alike() {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[4]).unwrap();
    b.shared("s");
    let y = b.dense("s", x, 4, true, Init::Glorot).unwrap();
    let z = b.dense("s", y, 4, true, Init::Glorot).unwrap();
    assert_eq!(b.nodes[y.0].weights, b.nodes[z.0].weights);
    assert_eq!(b.weights.len(), 2);
    for wrong in [
        b.dense("s", y, 5, true, Init::Glorot),
        b.dense("s", y, 4, false, Init::Glorot),
        b.layer_norm("s", y, 1e-5),
    ] {
        let text = wrong.unwrap_err().to_string();
        assert!(text.contains("shares the weights"), "{text}");
    }
    assert_eq!(b.weights.len(), 2);
    let graph = b.finish(z).unwrap();
    assert_eq!(graph.weight_count(), 20);
}

#[test]
fn shapes_that_do_not_fit_an_operation_are_named() {
    let text = refused(&[2, 3], |b, x| {
        let y = b.reshape("r", x, &[3, 2])?;
        b.add("sum", x, y)
    });
    assert!(text.contains("[2, 3] and [3, 2]"), "{text}");
    let text = refused(&[2, 3], |b, x| {
        let y = b.flatten("f", x)?;
        b.concat("c", &[x, y])
    });
    assert!(text.contains("[2, 3] and [6]"), "{text}");
    assert!(refused(&[3], |b, _| b.concat("c", &[])).contains("nothing"));
    for (start, stop) in [(0, 0), (2, 1), (0, 4), (4, 5)] {
        let text = refused(&[3], |b, x| b.slice("s", x, start, stop));
        assert!(text.contains("[3]"), "{text}");
    }
    assert!(refused(&[3], |b, x| b.transpose("t", x)).contains("two axes"));
    assert!(refused(&[], |b, x| b.sum_last("s", x)).contains("no axis"));
    assert!(refused(&[3], |b, x| b.leaky_relu("l", x, -0.1)).contains("slope"));
    assert!(refused(&[3], |b, _| b.scalar("c", 1e39)).contains("single precision"));
    assert!(refused(&[3], |b, x| b.batch_norm("b", x, 0.0, 0.1)).contains("eps"));
    assert!(refused(&[3], |b, x| b.batch_norm("b", x, 1e-5, 0.0)).contains("momentum"));
    assert!(refused(&[3], |b, _| b.weight("w", &[0], Init::Glorot)).contains("[0]"));
}

#[test]
fn shapes_of_results() {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[2, 3]).unwrap();
    let one = b.scalar("1", 1.0).unwrap();
    let two = b.add("2", one, one).unwrap();
    assert_eq!(b.nodes[two.0].op, Op::Scalar(2.0));
    let y = b.add("y", two, x).unwrap();
    let s = b.sum_last("s", y).unwrap();
    let w = b.weight("w", &[4, 1, 1], Init::Constant(2.0)).unwrap();
    let all = [
        (b.multiply("m", w, s).unwrap(), vec![4, 2, 1]),
        (b.concat("c", &[x, s, y]).unwrap(), vec![2, 7]),
        (b.slice("l", x, 1, 3).unwrap(), vec![2, 2]),
        (b.transpose("t", x).unwrap(), vec![3, 2]),
        (b.softmax_last("o", x).unwrap(), vec![2, 3]),
    ];
    for (node, sizes) in all {
        assert_eq!(b.sizes(node), sizes);
    }
}
