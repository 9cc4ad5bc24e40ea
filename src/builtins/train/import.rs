//! Weights of a file in place of a training.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use super::failed::failed;
use super::rows::Slice;
use super::{Course, WEIGHTS, course_file, lost, network};
use crate::builtins::layers::lower;
use crate::builtins::settings::known;
use crate::diagnostic::{Code, Problem};
use crate::ir::Static;
use crate::nn::{self, Naming, TargetScale, Weights};
use crate::run::{Dataset, Part, Runner, Value, Work};

/// The largest file that is read: 4 GB hold a thousand million weights.
const LARGEST: u64 = 4 << 30;

/// `import_weights(…)`.
pub fn import_weights(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
) -> Result<Value, Problem> {
    let input = runner.input(work)?;
    let data = runner.dataset(input)?;
    let artifact = runner.cached(work, "trained", |runner| files(runner, work, &data))?;
    Ok(Value::Trained(Arc::new(artifact), data))
}

fn files(
    runner: &Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let Some(Static::Path { written, .. }) = known(work.call, "path") else {
        return Err(lost(work.span));
    };
    let bytes = bytes(runner, work)?;
    let network = network(work.call, work.span)?;
    let graph = lower(network)?;
    let threads = runner.settings.threads;
    let unfit = |failure: nn::Failure| {
        Problem::new(Code::E0802, failure.to_string(), work.span, "read here")
            .note(format!("in {written}"))
            .help(
                "the file holds the weights of one network as safetensors, under the names \
                 that `tmo` writes or those of the reference code; the settings of the \
                 network must be those it was trained with",
            )
    };
    let train = Slice::of(
        data,
        &network.inputs,
        Part::Train,
        TargetScale::NONE,
        work.span,
    )?;
    // No reference code keeps the ends of a range: they are those of the training rows.
    let mut start = Weights::start(&graph, &runner.draws(work.call));
    nn::fit_ranges(&graph, &mut start, train.rows(), threads)
        .map_err(|failure| failed(&failure, work.span, data))?;
    let unit = data.target.as_ref().map_or("", |target| &target.unit);
    let read = nn::import_file(&graph, &start, &bytes, unit).map_err(unfit)?;
    let whose = match read.naming {
        Naming::Own => String::new(),
        Naming::Reference(code) => format!(", under the names of the code of {code}"),
    };
    let course = Course {
        history: Vec::new(),
        kept: 0,
        ended: format!("not trained here: weights of {written}{whose}"),
        scale: (read.scale.mean, read.scale.spread),
    };
    let weights = read.weights.to_file(read.scale, unit).map_err(unfit)?;
    let mut files = course_file(&course, work.span)?;
    files.insert(WEIGHTS.to_string(), weights);
    Ok(files)
}

/// The bytes of the file that is named.
fn bytes(runner: &Runner<'_>, work: &Work<'_>) -> Result<Vec<u8>, Problem> {
    let Some(Static::Path { written, found }) = known(work.call, "path") else {
        return Err(lost(work.span));
    };
    let unread = |error: std::io::Error| {
        let title = format!("`{written}` cannot be read");
        Problem::new(Code::E0601, title, work.span, crate::world::plain(&error))
            .help("the path is relative to the file that names it")
    };
    let reader = runner.settings.world.open(found).map_err(unread)?;
    let mut bytes = Vec::new();
    let mut reader = reader.take(LARGEST + 1);
    reader.read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > LARGEST {
        let title = format!("`{written}` holds more than 4 GB");
        let problem = Problem::new(Code::E0802, title, work.span, "weights are due");
        return Err(problem.help("name the file of the weights alone"));
    }
    Ok(bytes)
}
