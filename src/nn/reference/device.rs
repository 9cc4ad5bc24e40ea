//! The devices of dfdx that the reference executor runs on. In: nothing. Out: the device
//! this program was built for: the processor, or with the feature `cuda` the first GPU.

#[cfg(not(feature = "cuda"))]
use dfdx::prelude::Cpu;
#[cfg(feature = "cuda")]
use dfdx::prelude::Cuda;
use dfdx::prelude::Device as Kernels;

use super::super::failure::Failure;

/// What can compute every operation here: any device of dfdx.
pub(crate) trait Device: Kernels<f32> {}

impl<D: Kernels<f32>> Device for D {}

/// The device this program was built for.
#[cfg(not(feature = "cuda"))]
pub(crate) type Native = Cpu;
/// The device this program was built for.
#[cfg(feature = "cuda")]
pub(crate) type Native = Cuda;

/// Its name, for keys and reports: bits differ between devices.
#[cfg(not(feature = "cuda"))]
pub(crate) const NATIVE: &str = "cpu";
/// Its name, for keys and reports: bits differ between devices.
#[cfg(feature = "cuda")]
pub(crate) const NATIVE: &str = "cuda";

/// Opens the device. A GPU belongs to the thread that opened it, so whoever computes there
/// opens it there.
#[cfg(not(feature = "cuda"))]
#[allow(clippy::unnecessary_wraps, reason = "a GPU may not be there")]
pub(crate) fn native() -> Result<Native, Failure> {
    Ok(Cpu::default())
}

/// Opens the device. A GPU belongs to the thread that opened it, so whoever computes there
/// opens it there.
#[cfg(feature = "cuda")]
pub(crate) fn native() -> Result<Native, Failure> {
    Cuda::try_seed_from_u64(0).map_err(|error| lost(&error))
}

/// The error of a device that fails.
pub(super) fn lost(error: &impl std::fmt::Display) -> Failure {
    Failure::Device {
        problem: error.to_string(),
    }
}
