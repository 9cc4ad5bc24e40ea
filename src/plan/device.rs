//! Which processors and executors give the same bits.

use crate::nn::{Executor, on_tiles};

/// The class of what networks run on, the processor and what is not the default:
/// `cpu-avx2`, `cpu-avx2, reference on cpu`. Matrix products round alike within one, not
/// between two.
pub fn device_class(executor: Executor) -> String {
    match executor {
        Executor::Fused => processor().to_owned(),
        Executor::Reference => {
            format!("{}, reference on {}", processor(), executor.device())
        }
    }
}

fn processor() -> &'static str {
    if on_tiles() {
        return "cpu-amx";
    }
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "cpu-avx512";
        }
        if std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
        {
            return "cpu-avx2";
        }
    }
    "cpu-base"
}
