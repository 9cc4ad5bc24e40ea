use super::*;
use crate::draw::Stream;
use dfdx::prelude::{Cpu, TensorFromVec, TryMatMul};

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed);
    (0..n).map(|_| stream.uniform(-1.0, 1.0)).collect()
}

/// The product by dfdx's own matmul.
fn by_dfdx(shape: Shape, a: Vec<f32>, b: Vec<f32>) -> Vec<f32> {
    let device = Cpu::default();
    let a = device.tensor_from_vec(a, (shape.rows, shape.depth));
    let b = device.tensor_from_vec(b, (shape.depth, shape.columns));
    a.matmul(b).as_vec()
}

/// `x` of `rows` × `columns`, column-major.
fn turn(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let place = |k: usize| x[k % rows * columns + k / rows];
    (0..rows * columns).map(place).collect()
}

fn close(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 2e-5 * (1.0 + b.abs()), "{what}: {a} {b}");
    }
}

#[test]
fn every_form_agrees_with_dfdx() {
    let shapes = [
        (1, 1, 1),
        (3, 5, 7),
        (32, 130, 70),
        (33, 9, 64),
        (64, 300, 65),
        (65, 40, 20),
        (600, 17, 33),
        (5, 6, 2500),
        (20, 3, 40_000),
    ];
    for (rows, columns, depth) in shapes {
        let shape = Shape {
            rows,
            columns,
            depth,
        };
        let what = format!("{rows}x{depth} · {depth}x{columns}");
        let (a, b) = (random(rows * depth, 1), random(depth * columns, 2));
        let expected = by_dfdx(shape, a.clone(), b.clone());
        let (left, right) = (View::rows(&a, depth), View::rows(&b, columns));
        let mut c = vec![f32::NAN; rows * columns];
        multiply(shape, left, right, &mut c, false);
        close(&c, &expected, &what);
        multiply(shape, left, right, &mut c, true);
        let twice: Vec<f32> = expected.iter().map(|x| 2.0 * x).collect();
        close(&c, &twice, &what);
        multiply_tiled(shape, left, right, &mut c, |first, part| {
            for (k, x) in part.iter_mut().enumerate() {
                *x += (first + k % columns) as f32;
            }
        });
        let shifted: Vec<f32> = (0..rows * columns)
            .map(|k| expected[k] + (k % columns) as f32)
            .collect();
        close(&c, &shifted, &what);
        let turned = turn(&b, depth, columns);
        let right = View::rows(&turned, depth).turned();
        multiply_tiled(shape, left, right, &mut c, |_, _| ());
        close(&c, &expected, &what);
        let turned = turn(&a, rows, depth);
        let (left, right) = (View::rows(&turned, rows), View::rows(&b, columns));
        multiply_summed(shape, left, right, &mut c);
        close(&c, &expected, &what);
    }
}

#[test]
#[should_panic(expected = "left factor")]
fn a_factor_too_short_is_never_read() {
    let shape = Shape {
        rows: 2,
        columns: 1,
        depth: 2,
    };
    let (a, b, mut c) = ([0.0; 3], [0.0; 2], [0.0; 2]);
    multiply(shape, View::rows(&a, 2), View::rows(&b, 1), &mut c, false);
}

#[test]
fn a_turned_factor_and_rows_of_a_wider_matrix_agree_with_dfdx() {
    for (rows, columns, depth) in [(7, 5, 3), (70, 9, 20), (290, 94, 600)] {
        let shape = Shape {
            rows,
            columns,
            depth,
        };
        let what = format!("{rows}x{depth} · {depth}x{columns}");
        let (a, b) = (random(rows * depth, 1), random(depth * columns, 2));
        let expected = by_dfdx(shape, a.clone(), b.clone());
        let twice: Vec<f32> = expected.iter().map(|x| 2.0 * x).collect();
        let across = turn(&b, depth, columns);
        let mut c = vec![f32::NAN; rows * columns];
        multiply_by_turned(shape, View::rows(&a, depth), &across, &mut c, false);
        close(&c, &expected, &what);
        multiply_by_turned(shape, View::rows(&a, depth), &across, &mut c, true);
        close(&c, &twice, &what);
        // The factors among other numbers.
        let within = |x: &[f32], width: usize| -> Vec<f32> {
            let row = |row: &[f32]| [&[9.0; 7], row, &[9.0, 9.0]].concat();
            x.chunks(width).flat_map(row).collect()
        };
        let (wide_a, wide_b) = (within(&a, depth), within(&b, columns));
        let inside = |x, width| View {
            values: x,
            row_step: width + 9,
            column_step: 1,
        };
        let right = inside(&wide_b[7..], columns);
        multiply_tiled(shape, inside(&wide_a[7..], depth), right, &mut c, |_, _| ());
        close(&c, &expected, &what);
        let wide_a = within(&turn(&a, rows, depth), rows);
        let left = inside(&wide_a[7..], rows).turned();
        multiply_tiled(shape, left, right, &mut c, |_, _| ());
        close(&c, &expected, &what);
    }
}

/// The largest and the root mean square error of `c` as a product of `a` and `b`, each in
/// units of the root of the sum of its squared terms.
#[cfg(target_arch = "x86_64")]
fn errors(shape: Shape, a: &[f32], b: &[f32], c: &[f32]) -> (f64, f64) {
    let (mut largest, mut squares) = (0.0f64, 0.0);
    for (k, c) in c.iter().enumerate() {
        let (row, column) = (k / shape.columns, k % shape.columns);
        let term = |d: usize| {
            f64::from(a[row * shape.depth + d]) * f64::from(b[d * shape.columns + column])
        };
        let sum: f64 = (0..shape.depth).map(term).sum();
        let size: f64 = (0..shape.depth).map(|d| term(d) * term(d)).sum();
        let error = (f64::from(*c) - sum).abs() / size.sqrt();
        largest = largest.max(error);
        squares += error * error;
    }
    (largest, (squares / c.len() as f64).sqrt())
}

#[test]
fn a_common_right_factor_and_sums_of_products_agree_with_dfdx() {
    // Both kinds of factor where the processor has the unit: the first are too small for it.
    for (rows, columns, depth) in [(5, 3, 2), (200, 40, 50), (150, 96, 64), (97, 70, 300)]
    {
        let shape = Shape {
            rows,
            columns,
            depth,
        };
        let what = format!("{rows}x{depth} · {depth}x{columns}");
        let (a, b) = (random(rows * depth, 1), random(depth * columns, 2));
        let expected = by_dfdx(shape, a.clone(), b.clone());
        let twice: Vec<f32> = expected.iter().map(|x| 2.0 * x).collect();
        let mut room = Room::default();
        let right = Right::turned(&turn(&b, depth, columns), columns, depth, rows);
        let mut c = vec![f32::NAN; rows * columns];
        right.multiply(&mut room, &a, &mut c, false);
        close(&c, &expected, &what);
        right.multiply(&mut room, &a, &mut c, true);
        close(&c, &twice, &what);
        let turned = turn(&a, rows, depth);
        let mut c = expected.clone();
        accumulate(&mut room, shape, &turned, &b, &mut c);
        close(&c, &twice, &what);
    }
}

/// On a processor without the unit there is nothing to test.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_tile_unit_is_as_exact_as_single_precision() {
    if !amx::there() {
        return;
    }
    for (rows, columns, depth) in
        [(64, 64, 64), (190, 94, 126), (200, 96, 256), (126, 80, 700)]
    {
        let shape = Shape {
            rows,
            columns,
            depth,
        };
        let (a, b) = (random(rows * depth, 1), random(depth * columns, 2));
        let (left, right) = (View::rows(&a, depth), View::rows(&b, columns));
        assert!(
            split::serves(shape, left, right),
            "{rows} {columns} {depth}"
        );
        let (mut ours, mut plain) =
            (vec![f32::NAN; rows * columns], vec![0.0; rows * columns]);
        split::multiply(shape, left, right, &mut ours, false, |_| ());
        multiply(shape, left, right, &mut plain, false);
        let (ours, plain) = (errors(shape, &a, &b, &ours), errors(shape, &a, &b, &plain));
        assert!(
            ours.0 <= 2.0 * plain.0 && ours.1 <= plain.1,
            "{ours:?} {plain:?}"
        );
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn numbers_that_are_none_and_tiny_ones_stay_in_their_places_on_the_tile_unit() {
    if !amx::there() {
        return;
    }
    let shape = Shape {
        rows: 70,
        columns: 64,
        depth: 64,
    };
    let (mut a, b) = (random(70 * 64, 1), random(64 * 64, 2));
    // Less than a normal number beside each normal one.
    a.iter_mut().step_by(2).for_each(|x| *x *= 1e-39);
    let exact: Vec<f32> = a
        .iter()
        .map(|x| if x.abs() < 1e-38 { 0.0 } else { *x })
        .collect();
    a[3 * 64 + 5] = f32::NAN;
    a[8 * 64 + 5] = f32::INFINITY;
    let mut c = vec![0.0; 70 * 64];
    let (left, right) = (View::rows(&a, 64), View::rows(&b, 64));
    split::multiply(shape, left, right, &mut c, false, |_| ());
    let expected = by_dfdx(shape, exact, b.clone());
    for (row, (c, expected)) in c.chunks(64).zip(expected.chunks(64)).enumerate() {
        match row {
            3 | 8 => assert!(c.iter().all(|x| x.is_nan())),
            _ => close(c, expected, "tiny numbers"),
        }
    }
}
