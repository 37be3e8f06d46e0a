//! The guest's `memcmp`: eight bytes at a time.
//!
//! Every comparison of texts ends in it. The target's own version compares byte
//! by byte and looks at the sandbox's clock for each, so that finding a name in
//! a table of names costs many times of what it costs natively.

#![expect(
    unsafe_code,
    reason = "a function of the C library takes bare addresses; only this file"
)]

/// Compares the first `length` bytes of two blocks: below, at or above 0 as `one` is before, equal
/// to or after `other`.
///
/// # Safety
/// Both blocks have at least `length` bytes that may be read.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's own promise.
    unsafe { compare(one, other, length) }
}

/// See [`memcmp`].
///
/// # Safety
/// Both blocks have at least `length` bytes that may be read.
#[cfg_attr(
    not(any(test, target_family = "wasm")),
    expect(dead_code, reason = "natively the platform has its own")
)]
#[inline]
unsafe fn compare(one: *const u8, other: *const u8, length: usize) -> i32 {
    // SAFETY: every read below ends at `length` or before.
    unsafe {
        if length < 8 {
            return short(one, other, length);
        }
        let last = length - 8;
        let mut at = 0;
        // Two words a turn, because a turn costs as much as a word.
        while at + 8 < last {
            let (first, second) = (words(one, other, at), words(one, other, at + 8));
            if (first.0 ^ first.1) | (second.0 ^ second.1) != 0 {
                return match order(first) {
                    0 => order(second),
                    order => order,
                };
            }
            at += 16;
        }
        if at < last {
            let order = order(words(one, other, at));
            if order != 0 {
                return order;
            }
        }
        // May overlap what was found equal.
        order(words(one, other, last))
    }
}

/// Compares fewer than eight bytes.
///
/// # Safety
/// As for [`compare`].
#[inline]
unsafe fn short(one: *const u8, other: *const u8, length: usize) -> i32 {
    // SAFETY: every read ends at `length` or before.
    unsafe {
        if length >= 4 {
            let half = |block: *const u8, at: usize| {
                u64::from(u32::from_le_bytes(block.add(at).cast::<[u8; 4]>().read()))
            };
            let both = |block| half(block, 0) | half(block, length - 4) << 32;
            // The second half may repeat bytes of the first; by then those are equal.
            return order((both(one), both(other)));
        }
        if length == 0 {
            return 0;
        }
        // One to three bytes: the first, the middle and the last, which may be the same.
        let few = |block: *const u8| {
            let byte = |at: usize| u64::from(block.add(at).read());
            byte(0) | byte(length / 2) << 8 | byte(length - 1) << 16
        };
        order((few(one), few(other)))
    }
}

/// The eight bytes at `at` of both blocks, the first one lowest.
///
/// # Safety
/// Both blocks have at least `at + 8` bytes that may be read.
#[inline]
unsafe fn words(one: *const u8, other: *const u8, at: usize) -> (u64, u64) {
    // SAFETY: the caller's promise; arrays of bytes need no alignment.
    let word =
        |block: *const u8| u64::from_le_bytes(unsafe { block.add(at).cast::<[u8; 8]>().read() });
    (word(one), word(other))
}

/// The order of the first bytes that differ.
#[inline]
fn order((one, other): (u64, u64)) -> i32 {
    let differing = one ^ other;
    if differing == 0 {
        return 0;
    }
    let shift = differing.trailing_zeros() & !7;
    let byte = |word: u64| i32::from((word >> shift) as u8);
    byte(one) - byte(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks against the platform's comparison.
    fn check(one: &[u8], other: &[u8]) {
        let length = one.len().min(other.len());
        // SAFETY: both slices have `length` bytes.
        let found = unsafe { compare(one.as_ptr(), other.as_ptr(), length) };
        let expected = one[..length].cmp(&other[..length]);
        assert_eq!(found.cmp(&0), expected, "{one:?} and {other:?}");
    }

    #[test]
    fn blocks_of_every_length_differ_wherever_a_byte_does() {
        for length in 0..70_u8 {
            let plain: Vec<u8> = (0..length).map(|at: u8| at.wrapping_mul(37)).collect();
            check(&plain, &plain);
            for at in 0..plain.len() {
                for byte in [0, plain[at].wrapping_sub(1), plain[at].wrapping_add(1), 255] {
                    let mut changed = plain.clone();
                    changed[at] = byte;
                    // What follows the first difference decides nothing.
                    changed[at + 1..].fill(255 - byte);
                    check(&plain, &changed);
                    check(&changed, &plain);
                }
            }
        }
    }

    #[test]
    fn blocks_need_no_alignment() {
        let text = b"an outlet, a device, an outlet, a device, an outlet, a device!";
        for start in 0..21 {
            check(&text[start..], &text[21..]);
            check(&text[start..], &text[start..]);
        }
    }
}
