//! Functions of one number, applied to every number. In: values. Out: the same slice,
//! mapped; or the gradient with respect to what was read, in place, from what was read or
//! made.

use super::super::blocks::{each, each_with};
use super::math::{cbrt, exp, ln, rise, sigmoid, softplus, tanh};
use super::relu::pass_positive;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Map {
    Relu,
    /// x, or `slope`·x below zero; `slope` is not negative.
    LeakyRelu {
        slope: f32,
    },
    Sigmoid,
    Tanh,
    /// x·σ(x).
    Silu,
    /// ln(1 + e^x) + c.
    Softplus(f32),
    Exp,
    Ln,
    /// x + c.
    Shift(f32),
    /// c·x.
    Scale(f32),
    /// c - x.
    From(f32),
    /// c / x.
    Inverse(f32),
    /// x / c.
    Over(f32),
    /// x kept between `low` and `high`.
    Clamp {
        low: f32,
        high: f32,
    },
    Sqrt,
    Cbrt,
    Abs,
}

impl Map {
    /// Whether the backward pass reads what the function read.
    pub(crate) fn keeps_input(self) -> bool {
        matches!(
            self,
            Map::Silu | Map::Ln | Map::Inverse(_) | Map::Clamp { .. } | Map::Abs
        )
    }

    /// Whether the backward pass reads what the function made.
    pub(crate) fn keeps_output(self) -> bool {
        matches!(
            self,
            Map::Relu
                | Map::LeakyRelu { .. }
                | Map::Sigmoid
                | Map::Tanh
                | Map::Softplus(_)
                | Map::Exp
                | Map::Sqrt
                | Map::Cbrt
        )
    }

    /// Whether what the function read serves the backward pass as well as what it made.
    pub(crate) fn reads_either(self) -> bool {
        matches!(self, Map::Softplus(_))
    }

    /// Whether it is computed by a series.
    pub(crate) fn is_series(self) -> bool {
        matches!(
            self,
            Map::Sigmoid
                | Map::Tanh
                | Map::Silu
                | Map::Softplus(_)
                | Map::Exp
                | Map::Ln
                | Map::Cbrt
        )
    }

    /// Applies it in place.
    pub(crate) fn apply(self, x: &mut [f32]) {
        self.of(Own(x));
    }

    /// Fills `y` with its values at `x`.
    pub(crate) fn fill(self, x: &[f32], y: &mut [f32]) {
        self.of(Other(x, y));
    }

    #[inline(always)]
    fn of(self, numbers: impl Numbers) {
        match self {
            // NaN stays NaN, so that a broken training is seen.
            Map::Relu => numbers.map(|x| if x < 0.0 { 0.0 } else { x }),
            Map::LeakyRelu { slope } => {
                numbers.map(|x| if x < 0.0 { slope * x } else { x });
            }
            Map::Sigmoid => numbers.map(sigmoid),
            Map::Tanh => numbers.map(tanh),
            Map::Silu => numbers.map(
                #[inline(always)]
                |x| x * sigmoid(x),
            ),
            Map::Softplus(c) => numbers.map(
                #[inline(always)]
                move |x| softplus(x) + c,
            ),
            Map::Exp => numbers.map(exp),
            Map::Ln => numbers.map(ln),
            Map::Shift(c) => numbers.map(|x| x + c),
            Map::Scale(c) => numbers.map(|x| x * c),
            Map::From(c) => numbers.map(|x| c - x),
            Map::Inverse(c) => numbers.map(|x| c / x),
            Map::Over(c) => numbers.map(|x| x / c),
            Map::Clamp { low, high } => numbers.map(|x| {
                let x = if x < low { low } else { x };
                if x > high { high } else { x }
            }),
            Map::Sqrt => numbers.map(f32::sqrt),
            Map::Cbrt => numbers.map(cbrt),
            Map::Abs => numbers.map(f32::abs),
        }
    }

    /// Turns the gradient `g` with respect to y into that with respect to x, in place. `x`
    /// and `y` may be empty where they are not kept; of a function that reads either, one.
    pub(crate) fn back(self, g: &mut [f32], x: &[f32], y: &[f32]) {
        match self {
            Map::Relu => pass_positive(g, y),
            Map::LeakyRelu { slope } => {
                pass(g, y, |g, y| if y > 0.0 { g } else { slope * g });
            }
            Map::Sigmoid => pass(g, y, |g, y| g * (y * (1.0 - y))),
            Map::Tanh => pass(g, y, |g, y| g * (1.0 - y * y)),
            Map::Silu => pass(
                g,
                x,
                #[inline(always)]
                |g, x| {
                    let s = sigmoid(x);
                    g * (s + x * (s * (1.0 - s)))
                },
            ),
            Map::Softplus(_) if y.is_empty() => pass(
                g,
                x,
                #[inline(always)]
                |g, x| g * sigmoid(x),
            ),
            Map::Softplus(c) => pass(
                g,
                y,
                #[inline(always)]
                move |g, y| g * rise(y - c),
            ),
            Map::Exp => pass(g, y, |g, y| g * y),
            Map::Ln => pass(g, x, |g, x| g / x),
            Map::Shift(_) => (),
            Map::Scale(c) => Own(g).map(|g| g * c),
            Map::From(_) => Own(g).map(|g| -g),
            Map::Over(c) => Own(g).map(|g| g / c),
            Map::Inverse(c) => pass(g, x, |g, x| -(g * c) / (x * x)),
            Map::Clamp { low, high } => {
                pass(g, x, |g, x| if x >= low && x <= high { g } else { 0.0 });
            }
            Map::Sqrt => pass(g, y, |g, y| g / (2.0 * y)),
            Map::Cbrt => pass(g, y, |g, y| g / (3.0 * y * y)),
            Map::Abs => pass(g, x, |g, x| if x < 0.0 { -g } else { g }),
        }
    }
}

/// Numbers that a function goes over.
trait Numbers {
    fn map(self, f: impl Fn(f32) -> f32 + Sync);
}

/// In place.
struct Own<'a>(&'a mut [f32]);

/// From the first to the second.
struct Other<'a>(&'a [f32], &'a mut [f32]);

// Loops rather than `for_each`, which is compiled apart where the body is large, and then
// for the narrowest vectors; closures that own what they use: a constant behind two
// references might change with every number written, and nothing is vectorised.
impl Numbers for Own<'_> {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32 + Sync) {
        each(
            self.0,
            #[inline(always)]
            move |_, x| {
                for x in x {
                    *x = f(*x);
                }
            },
        );
    }
}

impl Numbers for Other<'_> {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32 + Sync) {
        each_with(
            self.1,
            self.0,
            #[inline(always)]
            move |y, x| {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = f(*x);
                }
            },
        );
    }
}

#[inline(always)]
fn pass(g: &mut [f32], x: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    each_with(
        g,
        x,
        #[inline(always)]
        move |g, x| {
            for (g, x) in g.iter_mut().zip(x) {
                *g = f(*g, *x);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check_curved, random, weighted};
    use super::*;

    const ALL: [Map; 18] = [
        Map::Relu,
        Map::LeakyRelu { slope: 0.2 },
        Map::Sigmoid,
        Map::Tanh,
        Map::Silu,
        Map::Softplus(0.0),
        Map::Softplus(-0.7),
        Map::Exp,
        Map::Ln,
        Map::Shift(1.5),
        Map::Scale(-2.5),
        Map::From(0.5),
        Map::Inverse(2.0),
        Map::Over(3.0),
        Map::Clamp {
            low: -0.01,
            high: 0.01,
        },
        Map::Sqrt,
        Map::Cbrt,
        Map::Abs,
    ];

    fn run(map: Map, x: &[f32]) -> Vec<f32> {
        let mut y = x.to_vec();
        map.apply(&mut y);
        y
    }

    #[test]
    fn values_by_definition() {
        let expected: [fn(f64) -> f64; 18] = [
            |x| x.max(0.0),
            |x| if x < 0.0 { 0.2 * x } else { x },
            |x| 1.0 / (1.0 + libm::exp(-x)),
            libm::tanh,
            |x| x / (1.0 + libm::exp(-x)),
            |x| libm::log1p(libm::exp(x)),
            |x| libm::log1p(libm::exp(x)) - f64::from(0.7f32),
            libm::exp,
            libm::log,
            |x| x + 1.5,
            |x| -2.5 * x,
            |x| 0.5 - x,
            |x| 2.0 / x,
            |x| x / 3.0,
            |x| x.clamp(f64::from(-0.01f32), f64::from(0.01f32)),
            libm::sqrt,
            libm::cbrt,
            f64::abs,
        ];
        for (map, exact) in ALL.into_iter().zip(expected) {
            let mut x = random(100, 1);
            if matches!(map, Map::Ln | Map::Sqrt) {
                x.iter_mut().for_each(|x| *x = x.abs());
            }
            for (x, y) in x.iter().zip(run(map, &x)) {
                let exact = exact(f64::from(*x));
                let error = (f64::from(y) - exact).abs();
                // What is added last may leave little.
                let size = match map {
                    Map::Softplus(c) => exact.abs() + f64::from(c.abs()),
                    _ => exact.abs(),
                };
                assert!(error <= 4e-7 * size.max(1e-3), "{map:?}({x}): {y}");
            }
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        for map in ALL {
            for (n, seed) in [(1, 1), (17, 2), (70, 3)] {
                let (mut x, w) = (random(n, seed), random(n, seed + 10));
                let far =
                    matches!(map, Map::Ln | Map::Inverse(_) | Map::Sqrt | Map::Cbrt);
                if far {
                    // Away from the pole, where differences mean something.
                    x.iter_mut().for_each(|x| *x = x.abs() + 1.0);
                }
                let y = run(map, &x);
                let mut g = w.clone();
                let (kept_x, kept_y) = (map.keeps_input(), map.keeps_output());
                map.back(
                    &mut g,
                    if kept_x { &x } else { &[] },
                    if kept_y { &y } else { &[] },
                );
                check_curved(&format!("{map:?}"), &x, &g, |x| weighted(&run(map, x), &w));
                if map.reads_either() {
                    let mut by_input = w.clone();
                    map.back(&mut by_input, &x, &[]);
                    for (a, b) in g.iter().zip(&by_input) {
                        assert!((a - b).abs() <= 1e-6, "{map:?}: {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn functions_and_slopes_agree_with_dfdx() {
        use dfdx::prelude::{Backward, Cpu, Tensor, TensorFromVec, Trace};
        type Flat = Tensor<(usize,), f32, Cpu>;
        type Traced = Tensor<(usize,), f32, Cpu, dfdx::prelude::OwnedTape<f32, Cpu>>;
        type Theirs = fn(Traced) -> Traced;
        let cases: [(Map, Theirs); 6] = [
            (Map::Sigmoid, |x| x.sigmoid()),
            (Map::Tanh, |x| x.tanh()),
            (Map::Exp, |x| x.exp()),
            (Map::Ln, |x| x.ln()),
            (Map::Scale(-2.5), |x| x * -2.5),
            (Map::Shift(1.5), |x| x + 1.5),
        ];
        for (map, theirs) in cases {
            let mut x = random(50, 4);
            if map == Map::Ln {
                x.iter_mut().for_each(|x| *x = x.abs());
            }
            let t: Flat = Cpu::default().tensor_from_vec(x.clone(), (50,));
            let out = theirs(t.leaky_trace());
            let (values, sum) = (out.as_vec(), {
                use dfdx::prelude::{Rank0, SumTo};
                out.sum::<Rank0, _>()
            });
            let slopes = sum.backward().get(&t).as_vec();
            let y = run(map, &x);
            let mut g = vec![1.0; 50];
            map.back(&mut g, &x, &y);
            for (a, b) in y.iter().chain(&g).zip(values.iter().chain(&slopes)) {
                assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{map:?}: {a} {b}");
            }
        }
    }
}
