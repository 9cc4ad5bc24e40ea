//! The worker threads. In: how many. Out: [`Threads`], in which the work of `nn` runs. The
//! numbers that come out do not depend on how many there are.

use super::failure::Failure;

/// A set of worker threads.
#[derive(Debug)]
pub struct Threads(rayon::ThreadPool);

impl Threads {
    /// `count` threads, or as many as the machine has cores.
    pub fn new(count: Option<usize>) -> Result<Threads, Failure> {
        if count == Some(0) {
            return Err(Failure::Setting {
                name: "threads",
                problem: "it must be at least 1, not 0".to_owned(),
            });
        }
        let builder = rayon::ThreadPoolBuilder::new().num_threads(count.unwrap_or(0));
        builder.build().map(Threads).map_err(|e| Failure::Threads {
            count: count.unwrap_or(0),
            problem: e.to_string(),
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `work` on these threads.
    pub(crate) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.install(work)
    }
}
