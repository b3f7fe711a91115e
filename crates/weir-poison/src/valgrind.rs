//! How is valgrind told what is secret? Its client requests, by hand.
//!
//! A request is a sequence of instructions that does nothing on a processor, and which valgrind
//! knows when it meets it. So it needs no C compiler, and outside valgrind it answers with nothing.
//!
//! # Source
//!
//! The valgrind manual, "The Client Request mechanism", and its headers for x86-64 on Linux: the
//! address of six words in `rax`, the answer in `rdx`, four rotations of `rdi` that add up to
//! nothing, and an exchange of `rbx` with itself.
#![expect(unsafe_code, reason = "there is no other way to say an instruction")]

use core::arch::asm;

/// Whether this runs under valgrind.
pub(crate) fn is_here() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// How many errors valgrind has counted; what it was told to suppress is none.
pub(crate) fn errors() -> usize {
    request(COUNT_ERRORS, 0, 0)
}

/// From here on, a branch or an address that depends on these bytes is an error.
pub(crate) fn poison(secret: &[u8]) {
    request(MAKE_MEM_UNDEFINED, secret.as_ptr().addr(), secret.len());
}

/// Declares what was worked out from a secret to be public.
pub(crate) fn declare<T>(thing: &T) {
    request(MAKE_MEM_DEFINED, core::ptr::from_ref(thing).addr(), size_of::<T>());
}

fn request(code: usize, address: usize, len: usize) -> usize {
    let words = [code, address, len, 0, 0, 0];
    let mut answer = 0;
    // SAFETY: the rotations add up to 128 bits, so every register is as it was; valgrind reads the
    // six words and writes `rdx`. The compiler is told that memory may have changed.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
        );
    }
    answer
}

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MEMCHECK: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;
