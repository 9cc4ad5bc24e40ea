//! How fast something runs, by the clock and by the processor's own count: on a machine
//! with other work on it only the second says much.

use std::time::{Duration, Instant};

/// Items per second.
#[derive(Clone, Copy, Default)]
pub struct Rate {
    /// By the clock.
    pub clock: f64,
    /// Per second of processor time, of all threads together.
    pub processor: f64,
}

/// What one thread and two do: the best of so many rounds each, in turns.
pub struct Rates {
    pub one: Rate,
    pub two: Rate,
    /// How much faster two threads are, by the clock: the median over the rounds, so that a
    /// machine that is faster for a while is so for both.
    pub gain: f64,
}

const ROUNDS: usize = 9;

impl Rates {
    /// Measure `run`, which does `items`.
    pub fn of(
        items: usize,
        run: impl Fn() -> Result<(), String> + Send + Sync,
    ) -> Result<Rates, Box<dyn std::error::Error>> {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pools = [pool(1)?, pool(2)?];
        let mut best = [Rate::default(); 2];
        let mut gains = Vec::new();
        for _ in 0..ROUNDS {
            let mut clocks = [0.0; 2];
            for ((pool, best), clock) in pools.iter().zip(&mut best).zip(&mut clocks) {
                let (start, spent_before, mut done) = (Instant::now(), spent(), 0);
                while start.elapsed() < Duration::from_millis(200) {
                    pool.install(&run)?;
                    done += items;
                }
                let done = done as f64;
                *clock = done / start.elapsed().as_secs_f64();
                best.clock = best.clock.max(*clock);
                best.processor = best.processor.max(done / (spent() - spent_before));
            }
            let [one, two] = clocks;
            gains.push(two / one);
        }
        gains.sort_by(f64::total_cmp);
        let [one, two] = best;
        Ok(Rates {
            one,
            two,
            gain: gains.get(ROUNDS / 2).copied().unwrap_or(f64::NAN),
        })
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
