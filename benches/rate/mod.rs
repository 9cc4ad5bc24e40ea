//! How fast something runs, by the clock and by the processor's own count: on a machine
//! with other work on it only the second says much.

use std::time::{Duration, Instant};

/// Items per second, the best of five runs of at least 0.3 s.
#[derive(Clone, Copy, Default)]
pub struct Rate {
    /// By the clock.
    pub clock: f64,
    /// Per second of processor time, of all threads together.
    pub processor: f64,
}

impl Rate {
    /// Measure `run`, which does `items`, on a pool of so many threads.
    pub fn of(
        items: usize,
        threads: usize,
        run: impl Fn() -> Result<(), String> + Send + Sync,
    ) -> Result<Rate, Box<dyn std::error::Error>> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let mut best = Rate::default();
        for _ in 0..5 {
            let (start, spent_before, mut done) = (Instant::now(), spent(), 0);
            while start.elapsed() < Duration::from_millis(300) {
                pool.install(&run)?;
                done += items;
            }
            let done = done as f64;
            best.clock = best.clock.max(done / start.elapsed().as_secs_f64());
            best.processor = best.processor.max(done / (spent() - spent_before));
        }
        Ok(best)
    }

    /// How much faster two threads are than this one: by the clock, and at most, by the
    /// processor time that both spend.
    pub fn gain(self, two: Rate) -> String {
        let clock = two.clock / self.clock;
        let most = 2.0 * two.processor / self.processor;
        format!("{clock:.2} (at most {most:.2})")
    }
}

/// Seconds of processor time this program's threads have had; none where the system does
/// not tell.
fn spent() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let told = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        told.split_whitespace().next()?.parse::<f64>().ok()
    };
    threads.filter_map(of).sum::<f64>() * 1e-9
}
