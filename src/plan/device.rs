//! Which processors give the same bits.

/// The class of this processor: matrix products round alike within one, not between
/// two.
pub fn device_class() -> &'static str {
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
