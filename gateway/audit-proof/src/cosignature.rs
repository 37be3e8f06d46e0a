//! C2SP tlog-cosignature: what a cosigner signs besides the checkpoint, and when.
//!
//! The bytes that are signed and the timestamp in front of a signature; no keys and no clock. [`crate::key`] uses it
//! to verify, and whoever signs uses it through [`crate::key::VerifierKey::message`].

use crate::checkpoint::Checkpoint;

/// Latest time a cosignature may state, in seconds since 1970: 2⁶³ − 1 (tlog-cosignature, Format).
pub const MAX_TIME_S: u64 = i64::MAX as u64;

/// Why there is no message to cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The time is after [`MAX_TIME_S`].
    #[error("time {time_s} s is later than a cosignature can state")]
    Time {
        /// The time asked for, in seconds since 1970.
        time_s: u64,
    },
    /// The name of the cosigner or the origin of the log has more than the 255 bytes its length byte can state.
    #[error("the name {name} has more than 255 bytes")]
    LongName {
        /// The name.
        name: String,
    },
}

/// Returns what an Ed25519 cosigner signs: `cosignature/v1`, the time, and the whole text of the checkpoint.
///
/// # Errors
/// [`CosignatureError::Time`].
pub fn ed25519_message(text: &str, time_s: u64) -> Result<Vec<u8>, CosignatureError> {
    check_time(time_s)?;
    Ok(format!("cosignature/v1\ntime {time_s}\n{text}").into_bytes())
}

/// Returns what an ML-DSA-44 cosigner signs: the structure `cosigned_message` of `subtree/v1`, from leaf 0.
///
/// It commits to the name of the cosigner and to the three lines of the checkpoint, not to extension lines. A time of
/// 0 says nothing about the checkpoint being the newest one seen.
///
/// # Errors
/// [`CosignatureError::Time`] and [`CosignatureError::LongName`].
pub fn ml_dsa_44_message(
    cosigner: &str,
    checkpoint: &Checkpoint,
    time_s: u64,
) -> Result<Vec<u8>, CosignatureError> {
    check_time(time_s)?;
    let mut message = Vec::with_capacity(128);
    message.extend(b"subtree/v1\n\0");
    push_name(&mut message, cosigner)?;
    message.extend(time_s.to_be_bytes());
    push_name(&mut message, checkpoint.origin())?;
    message.extend(0_u64.to_be_bytes());
    message.extend(checkpoint.size().to_be_bytes());
    message.extend(checkpoint.root());
    Ok(message)
}

/// Puts the time in front of a signature: the structure `timestamped_signature`.
#[must_use]
pub fn join(time_s: u64, signature: &[u8]) -> Vec<u8> {
    [&time_s.to_be_bytes()[..], signature].concat()
}

/// Parts a `timestamped_signature` into the time in seconds and the signature; `None` when it is too short or the time
/// is one that must not be stated.
#[must_use]
pub fn split(timestamped: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = timestamped.split_first_chunk::<8>()?;
    let time_s = u64::from_be_bytes(*time);
    (time_s <= MAX_TIME_S).then_some((time_s, signature))
}

fn check_time(time_s: u64) -> Result<(), CosignatureError> {
    if time_s > MAX_TIME_S {
        return Err(CosignatureError::Time { time_s });
    }
    Ok(())
}

fn push_name(message: &mut Vec<u8>, name: &str) -> Result<(), CosignatureError> {
    let length = u8::try_from(name.len()).map_err(|_| CosignatureError::LongName {
        name: name.to_owned(),
    })?;
    message.push(length);
    message.extend(name.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_are_those_of_the_standard() {
        let checkpoint = Checkpoint::new("example.com/log", 258, [7; 32]).unwrap();
        let text = checkpoint.to_string();
        assert_eq!(
            ed25519_message(&text, 1_679_315_147).unwrap(),
            format!("cosignature/v1\ntime 1679315147\n{text}").into_bytes()
        );
        let message = ml_dsa_44_message("w.example/1", &checkpoint, 3).unwrap();
        let expected = [
            &b"subtree/v1\n\0\x0bw.example/1\0\0\0\0\0\0\0\x03\x0fexample.com/log"[..],
            &[0; 8],
            &[0, 0, 0, 0, 0, 0, 1, 2],
            &[7; 32],
        ]
        .concat();
        assert_eq!(message, expected);
    }

    #[test]
    fn a_time_too_late_and_a_name_too_long_are_refused() {
        let checkpoint = Checkpoint::new("example.com/log", 1, [7; 32]).unwrap();
        let late = MAX_TIME_S + 1;
        assert_eq!(
            ed25519_message("x\n", late),
            Err(CosignatureError::Time { time_s: late })
        );
        assert!(ml_dsa_44_message("w", &checkpoint, late).is_err());
        assert!(ml_dsa_44_message(&"w".repeat(255), &checkpoint, MAX_TIME_S).is_ok());
        assert!(ml_dsa_44_message(&"w".repeat(256), &checkpoint, 0).is_err());
    }

    #[test]
    fn a_timestamp_is_taken_off_as_it_was_put_on() {
        assert_eq!(
            split(&join(77, b"signature")),
            Some((77, &b"signature"[..]))
        );
        assert_eq!(split(&[0; 7]), None);
        assert_eq!(split(&join(MAX_TIME_S + 1, b"signature")), None);
    }
}
