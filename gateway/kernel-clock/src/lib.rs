//! What the kernel knows of its clock: adjtimex(2), which needs no privilege for reading.
//!
//! A crate of its own because the call is unsafe: neither the standard library nor `rustix` offers it. It sets nothing
//! and keeps nothing.
#![expect(unsafe_code, reason = "adjtimex(2) has no safe binding")]

use audit_proof::entry::{ClockFlag, ClockSource, ClockState};

/// Asks the kernel; `None` where it does not tell, as in a sandbox that forbids the call.
#[must_use]
pub fn state() -> Option<ClockState> {
    // SAFETY: all fields are numbers and padding, for which zero is a value; `modes` of zero asks and sets nothing.
    let mut told: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is valid for the whole call, and the kernel writes no more than the structure.
    let code = unsafe { libc::adjtimex(&raw mut told) };
    #[expect(
        clippy::useless_conversion,
        reason = "the estimate has 32 bits on machines of 32 bits"
    )]
    let error_us = i64::from(told.esterror);
    read(code, told.status, error_us)
}

/// Reads the kernel's answer: its code, its status bits and its estimate of the error in microseconds.
fn read(code: i32, status: i32, error_us: i64) -> Option<ClockState> {
    let is_unsynchronised = status & libc::STA_UNSYNC != 0;
    let source = if status & libc::STA_PPSSIGNAL != 0 && status & libc::STA_PPSTIME != 0 {
        ClockSource::Pps
    } else if is_unsynchronised {
        ClockSource::Free
    } else {
        ClockSource::Ntp
    };
    let flag = match code {
        // Also set where a time service has not been heard of for so long that the error has grown beyond 16 s.
        libc::TIME_ERROR => ClockFlag::Holdover,
        _ if is_unsynchronised => ClockFlag::Holdover,
        libc::TIME_INS => ClockFlag::LeapInsert,
        libc::TIME_DEL => ClockFlag::LeapDelete,
        libc::TIME_OOP => ClockFlag::LeapNow,
        libc::TIME_OK | libc::TIME_WAIT => ClockFlag::Normal,
        _ => return None,
    };
    Some(ClockState {
        source,
        error_us: u64::try_from(error_us).ok()?,
        flag,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_bits_of_the_kernel_are_read_as_its_manual_says() {
        let cases = [
            (
                0,
                libc::STA_PLL,
                150,
                Some((ClockSource::Ntp, ClockFlag::Normal)),
            ),
            (
                1,
                libc::STA_PLL,
                1,
                Some((ClockSource::Ntp, ClockFlag::LeapInsert)),
            ),
            (2, 0, 1, Some((ClockSource::Ntp, ClockFlag::LeapDelete))),
            (3, 0, 1, Some((ClockSource::Ntp, ClockFlag::LeapNow))),
            (4, 0, 1, Some((ClockSource::Ntp, ClockFlag::Normal))),
            (
                5,
                libc::STA_UNSYNC,
                16_000_000,
                Some((ClockSource::Free, ClockFlag::Holdover)),
            ),
            (
                0,
                libc::STA_PPSSIGNAL | libc::STA_PPSTIME,
                1,
                Some((ClockSource::Pps, ClockFlag::Normal)),
            ),
            (-1, 0, 0, None),
            (0, 0, -1, None),
        ];
        for (code, status, error_us, expected) in cases {
            let found = read(code, status, error_us);
            let found = found.map(|state| (state.source, state.flag));
            assert_eq!(found, expected, "{code} {status:#x} {error_us}");
        }
    }

    #[test]
    fn this_machine_says_what_it_knows_and_says_it_again() {
        // A sandbox may forbid the call; then entries have no state.
        assert_eq!(state().is_some(), state().is_some());
    }
}
