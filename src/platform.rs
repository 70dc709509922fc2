//! What depends on the machine that the crate is compiled for: vector instructions, threads, the permissions of files. Nothing
//! else does: ids and indices of nodes have a fixed width, and files are text or in little-endian order.

use pulp::{Arch, WithSimd};

/// Runs a loop with the best vector instructions that the machine has and the crate was compiled with.
#[inline(always)]
pub(crate) fn with_best_instructions<L: WithSimd>(of: L) -> L::Output {
    Arch::new().dispatch(of)
}

/// Every set of instructions that this machine has and the crate was compiled with, starting with plain code.
#[cfg(test)]
pub(crate) fn instruction_sets() -> Vec<Arch> {
    #[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), feature = "simd"))]
    let vectors = [pulp::x86::V3::try_new().map(Arch::V3), pulp::x86::V4::try_new().map(Arch::V4)];
    #[cfg(not(all(any(target_arch = "x86", target_arch = "x86_64"), feature = "simd")))]
    let vectors = [Some(Arch::new())];
    [Arch::Scalar].into_iter().chain(vectors.into_iter().flatten()).collect()
}

/// Gives a new file at most the permissions of the old one, or those of the umask if there is none. Where there are no
/// such permissions, nothing.
#[cfg(feature = "serde")]
pub(crate) fn set_permissions(builder: &mut tempfile::Builder<'_, '_>, old: Option<&std::fs::Metadata>) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = old.map_or(0o666, |old| old.permissions().mode() & 0o666);
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = (builder, old);
}

/// Both results, computed by two threads of the pool if there is one.
#[cfg(feature = "parallel")]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

/// Both results, one after the other: there is no pool of threads.
#[cfg(not(feature = "parallel"))]
pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}

/// Does its own work on this thread, and the work of helpers on threads of the pool that are free, at most on this many. All of
/// them have returned in the end; a helper may come when there is nothing left to do.
#[cfg(feature = "parallel")]
pub(crate) fn with_helpers(most: usize, own: impl FnOnce(), help: impl Fn() + Sync) {
    let helpers = most.min(rayon::current_num_threads() - 1);
    let help = &help;
    rayon::in_place_scope(|scope| {
        (0..helpers).for_each(|_| scope.spawn(move |_| help()));
        own();
    });
}

/// Does its own work: there are no threads that could help.
#[cfg(not(feature = "parallel"))]
pub(crate) fn with_helpers(_: usize, own: impl FnOnce(), _: impl Fn() + Sync) {
    own();
}
