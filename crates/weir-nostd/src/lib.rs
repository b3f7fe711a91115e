//! Does the core do without std? This builds only if it does.
//!
//! std brings a panic handler of its own, so if anything under `weir-core` links std, rustc finds
//! two of them here and stops with E0152. Nothing in this crate is ever run.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use weir_core::amount::{NumberError, Precision, Quantity};

/// Reaches into the core, so that it is linked and not only named.
///
/// # Errors
///
/// Those of [`Quantity::from_json`].
pub fn read(text: &[u8]) -> Result<Quantity, NumberError> {
    Quantity::from_json(text, Precision::Exact)
}

/// An allocator that has nothing: enough to link `alloc`.
struct Empty;

// SAFETY: null is always a legal answer of `alloc`, so there is never anything to free.
unsafe impl GlobalAlloc for Empty {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static EMPTY: Empty = Empty;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
