//! What the page's modules share: in place of `std` an allocator and a panic that stops, and the errors that they throw.
//!
//! A panic is a mistake of ours, and the page shows it as a check that broke, whatever its message: `std`'s handler, the
//! formatting of messages and the messages themselves would be a fifth of each module. A module that
//! throws nothing of its own names this crate with `use por_wasm_runtime as _;`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod thrown;

pub use thrown::{Thrown, thrown};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(target_family = "wasm")]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
