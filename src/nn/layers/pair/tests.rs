//! Pairs against their definition, finite differences and dfdx.

use super::super::differences::{check_curved, random, weighted};
use super::*;

const ALL: [Arithmetic; 4] = [
    Arithmetic::Add,
    Arithmetic::Subtract,
    Arithmetic::Multiply,
    Arithmetic::Divide,
];

fn shapes() -> Vec<(Vec<usize>, Vec<usize>)> {
    let pairs: [(&[usize], &[usize]); 14] = [
        (&[5], &[5]),
        (&[2, 3], &[2, 3]),
        (&[4, 1], &[4, 3]),
        (&[4, 3], &[1, 3]),
        (&[4, 1], &[1, 3]),
        (&[1], &[7]),
        (&[3, 20], &[]),
        (&[3], &[2, 4, 3]),
        (&[2, 1, 3], &[4, 1]),
        (&[2, 1, 3, 1], &[1, 4, 1, 5]),
        (&[1, 1], &[1]),
        (&[], &[]),
        (&[2, 1, 1, 3], &[2, 4, 5, 3]),
        (&[6, 1, 2], &[6, 40, 1]),
    ];
    pairs
        .iter()
        .map(|(a, b)| (a.to_vec(), b.to_vec()))
        .collect()
}

/// The place in a shape `sizes` of place `k` of the shape `made`.
fn place(mut k: usize, made: &[usize], sizes: &[usize]) -> usize {
    let sizes = aligned(sizes, made.len());
    let (mut place, mut step) = (0, 1);
    for (n, own) in made.iter().zip(&sizes).rev() {
        place += if *own == 1 { 0 } else { k % n * step };
        step *= own;
        k /= n;
    }
    place
}

#[test]
fn shapes_go_together_if_sizes_are_equal_or_one() {
    assert_eq!(spread(&[4, 1], &[3]), Some(vec![4, 3]));
    assert_eq!(spread(&[], &[2, 2]), Some(vec![2, 2]));
    assert_eq!(spread(&[2, 3], &[2]), None);
    assert_eq!(spread(&[4], &[2]), None);
}

#[test]
fn values_by_definition_and_gradients_by_differences() {
    for (seed, (a, b)) in shapes().into_iter().enumerate() {
        let made = spread(&a, &b).unwrap();
        let count = |sizes: &[usize]| sizes.iter().product::<usize>();
        for arithmetic in ALL {
            for rows in [1, 3] {
                let pair = Pair::new(arithmetic, &a, &b);
                let x = random(rows * count(&a), seed as u64);
                let mut z = random(rows * count(&b), 50 + seed as u64);
                // Divisors away from zero.
                z.iter_mut().for_each(|z| *z += 1.5f32.copysign(*z));
                let run = |x: &[f32], z: &[f32]| {
                    let mut y = vec![f32::NAN; rows * count(&made)];
                    pair.forward(x, z, &mut y);
                    y
                };
                let y = run(&x, &z);
                for (k, y) in y.iter().enumerate() {
                    let (row, k) = (k / count(&made), k % count(&made));
                    let x = x[row * count(&a) + place(k, &made, &a)];
                    let z = z[row * count(&b) + place(k, &made, &b)];
                    let expected = match arithmetic {
                        Arithmetic::Add => x + z,
                        Arithmetic::Subtract => x - z,
                        Arithmetic::Multiply => x * z,
                        Arithmetic::Divide => x / z,
                    };
                    assert_eq!(*y, expected, "{arithmetic:?} {a:?} {b:?}");
                }
                let g = random(y.len(), 99);
                let mut gx = vec![f32::NAN; x.len()];
                let mut gz = vec![f32::NAN; z.len()];
                let empty = !pair.keeps_inputs();
                let (p, q) = if empty {
                    (&[][..], &[][..])
                } else {
                    (&x[..], &z[..])
                };
                pair.backward(Side::Left, &g, p, q, &mut gx);
                pair.backward(Side::Right, &g, p, q, &mut gz);
                let what = format!("{arithmetic:?} {a:?} {b:?}");
                check_curved(&what, &x, &gx, |x| weighted(&run(x, &z), &g));
                check_curved(&what, &z, &gz, |z| weighted(&run(&x, z), &g));
            }
        }
    }
}

#[test]
fn equal_shapes_agree_with_dfdx() {
    use dfdx::prelude::{Backward, Cpu, SumTo, TensorFromVec, Trace};
    let (a, b) = (random(30, 1), random(30, 2));
    let device = Cpu::default();
    let x = device.tensor_from_vec(a.clone(), (30,));
    let z = device.tensor_from_vec(b.clone(), (30,));
    for arithmetic in ALL {
        let y = match arithmetic {
            Arithmetic::Add => x.leaky_trace() + z.clone(),
            Arithmetic::Subtract => x.leaky_trace() - z.clone(),
            Arithmetic::Multiply => x.leaky_trace() * z.clone(),
            Arithmetic::Divide => x.leaky_trace() / z.clone(),
        };
        let values = y.as_vec();
        let slopes = y.sum::<dfdx::prelude::Rank0, _>().backward();
        let pair = Pair::new(arithmetic, &[5], &[5]);
        let mut ours = vec![f32::NAN; 30];
        pair.forward(&a, &b, &mut ours);
        let close = |ours: &[f32], theirs: &[f32]| {
            for (a, b) in ours.iter().zip(theirs) {
                let allowed = 1e-6 * b.abs().max(1.0);
                assert!((a - b).abs() <= allowed, "{arithmetic:?}: {a} {b}");
            }
        };
        close(&ours, &values);
        for (side, theirs) in [
            (Side::Left, slopes.get(&x).as_vec()),
            (Side::Right, slopes.get(&z).as_vec()),
        ] {
            pair.backward(side, &[1.0; 30], &a, &b, &mut ours);
            close(&ours, &theirs);
        }
    }
}
