//! The content of a token: a `TSTInfo` (RFC 3161 §2.4.2) at any time.
//!
//! `openssl ts -reply` stamps the time of the machine and no other; what it would sign is written here instead.

/// `id-sha256` with NULL (RFC 5754 §2.2), as an `AlgorithmIdentifier`.
const SHA256: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
];

/// Returns the DER of a `TSTInfo` (RFC 3161 §2.4.2) with an accuracy of one second.
pub(crate) fn of_token(digest: &[u8; 32], serial: u64, time_s: u64) -> Vec<u8> {
    let imprint = [SHA256.to_vec(), element(0x04, digest)].concat();
    let parts = [
        element(0x02, &[1]),
        // Policy 1.2.3.
        element(0x06, &[0x2a, 0x03]),
        element(0x30, &imprint),
        element(
            0x02,
            &[&[0], &serial.to_be_bytes()[4..]].concat()[first_byte(serial)..],
        ),
        element(0x18, generalized_time(time_s).as_bytes()),
        element(0x30, &element(0x02, &[1])),
    ];
    element(0x30, &parts.concat())
}

/// Where the shortest form of `serial` starts in a zero byte and the last four bytes of it.
fn first_byte(serial: u64) -> usize {
    let bits = 64 - serial.leading_zeros() as usize;
    // An integer has a sign bit, so eight bits take two bytes.
    4 - (bits / 8).min(4)
}

/// An element of DER with less than 128 bytes, as all here have.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("everything written here is short");
    assert!(length < 0x80, "everything written here is short");
    [&[tag, length], content].concat()
}

/// Returns the time as a `GeneralizedTime` in UTC.
fn generalized_time(time_s: u64) -> String {
    let (days, second) = (time_s / 86_400, time_s % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// Returns the date `days` after 1970-01-01, in years of 365.2425 days that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_their_date_in_utc() {
        for (time_s, expected) in [
            (0, "19700101000000Z"),
            (951_782_400, "20000229000000Z"),
            (1_790_000_000, "20260921141320Z"),
            (4_102_444_799, "20991231235959Z"),
        ] {
            assert_eq!(generalized_time(time_s), expected);
        }
    }

    #[test]
    fn serial_numbers_have_their_shortest_form() {
        for (serial, expected) in [
            (1, &[1][..]),
            (127, &[127]),
            (128, &[0, 128]),
            (255, &[0, 255]),
            (256, &[1, 0]),
            (32_768, &[0, 128, 0]),
        ] {
            let bytes = [&[0], &u64::to_be_bytes(serial)[4..]].concat();
            assert_eq!(&bytes[first_byte(serial)..], expected, "{serial}");
        }
    }
}
