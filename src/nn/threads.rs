//! The worker threads. In: how many, and by which executor networks run on them. Out:
//! [`Threads`], in which the work of `nn` runs. The numbers that come out do not depend on
//! how many there are.

use std::sync::Arc;

use super::engine::Executor;
use super::failure::Failure;

/// More than any machine has cores. (Far more start so slowly that nothing else happens.)
const MOST: usize = 1024;

/// A set of worker threads, and the executor that runs networks on them.
#[derive(Clone, Debug)]
pub struct Threads {
    pool: Arc<rayon::ThreadPool>,
    executor: Executor,
}

impl Threads {
    /// `count` threads, or as many as the machine has cores, with the fused executor.
    pub fn new(count: Option<usize>) -> Result<Threads, Failure> {
        if count == Some(0) {
            return Err(Failure::Setting {
                name: "threads",
                problem: "it must be at least 1, not 0".to_owned(),
            });
        }
        if let Some(count) = count.filter(|count| *count > MOST) {
            return Err(Failure::Setting {
                name: "threads",
                problem: format!("it must be at most {MOST}, not {count}"),
            });
        }
        let builder = rayon::ThreadPoolBuilder::new().num_threads(count.unwrap_or(0));
        let pool = builder.build().map_err(|e| Failure::Threads {
            count: count.unwrap_or(0),
            problem: e.to_string(),
        })?;
        Ok(Threads {
            pool: Arc::new(pool),
            executor: Executor::Fused,
        })
    }

    /// The same threads with that executor.
    #[must_use]
    pub fn with(&self, executor: Executor) -> Threads {
        Threads {
            pool: Arc::clone(&self.pool),
            executor,
        }
    }

    /// What runs networks on them.
    pub fn executor(&self) -> Executor {
        self.executor
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` on these threads.
    pub(crate) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}
