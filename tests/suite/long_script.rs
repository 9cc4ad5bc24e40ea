//! A script of any length that uses most of the language, for timing.

use std::fmt::Write as _;

/// A script of at least so many lines, without an error.
pub fn long_script(lines: usize) -> String {
    let mut text = String::from(
        "tmo 1\n\nuse std.layers.{mlp}\n\ndataset rows_0 = bundled(\"flla-2015\")\n  |> target(.formation_energy_per_atom)\n  |> split(test: 20%)\n  |> holdout(val: 20%)\n\nlet reach_0 = 1 Å\n\nlayer block_0(width: Int)(x: [rows, d]) -> [rows, width] = x |> dense(width) |> relu\n",
    );
    let mut count = text.lines().count();
    for at in 1.. {
        if count >= lines {
            break;
        }
        let part = part(at);
        count += part.lines().count();
        let _ = write!(text, "{part}");
    }
    text
}

/// Items that use those of the part before.
fn part(at: usize) -> String {
    let before = at - 1;
    let (width, odd, most) = (4 + at % 9, 1 + at % 7, 2 + at % 4);
    format!(
        "
/// Value {at}.
let reach_{at} = {at} Å + reach_{before}
fn area_{at}(x: Length, n: Int = {at}) -> Area = x * reach_{at} * n
let sum_{at} = area_{at}(2 Å) + area_{at}(3 Å, n: 4)
layer block_{at}(width: Int = {width})(x: [rows, d]) -> [rows, width] = {{
  let h = x |> dense(2 * width) |> relu
  h |> dense(width) |> batch_norm() |> dropout(10%)
}}
model net_{at}(widths: List[Int] = [{width}, 4])(x: [rows, d]) -> [rows, 1] =
  x |> block_{at}({odd}) |> chain(widths, w => block_{before}(w) >> relu) |> mlp([8], out: 1)

dataset rows_{at} = rows_0 |> where(.nelements in 2..={most} and .volume < {at} nm^3)
features seen_{at} = rows_{at} |> featurize(magpie())
study study_{at} = seen_{at}
  |> train(net_{at}(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: {at}, batch: 32)
  |> evaluate(rmse, mae)
"
    )
}
