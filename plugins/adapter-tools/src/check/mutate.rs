//! Bent messages: samples with bits flipped, pieces cut out, repeated and exchanged.

use super::Effort;
use crate::sample::Sample;

/// Most changes made to one message.
const MOST_CHANGES: u64 = 3;

/// Largest bent message, in bytes: growth is not what is tried here.
const MOST_BYTES: usize = 1 << 20;

/// Pieces that mean something to readers of XML, JSON, rows and packets.
const PIECES: [&[u8]; 12] = [
    b"\"",
    b"{",
    b"]",
    b"<",
    b"&&",
    b"\0",
    b"\xff",
    b"\xe4\xb8",
    b"-1",
    b"1e999",
    b"\r\n",
    b"99999999999999999999",
];

/// A sample after some changes.
pub(super) struct Bent {
    /// Name of the sample.
    pub(super) sample: String,
    /// What was done, so that it can be done again.
    pub(super) change: String,
    /// The message.
    pub(super) payload: Vec<u8>,
}

/// Makes the bent messages of a seed: first every sample empty and cut, then random changes.
pub(super) fn bent(samples: &[Sample], effort: Effort) -> Vec<Bent> {
    let mut random = Random(effort.seed);
    (0..effort.mutations)
        .filter_map(|number| {
            let sample = samples.get(number as usize % samples.len().max(1))?;
            let mut payload = sample.payload.clone();
            if (number as usize) < samples.len() {
                payload.clear();
            } else if (number as usize) < 4 * samples.len() {
                payload.truncate(random.below(payload.len() as u64));
            } else {
                for _ in 0..=random.below(MOST_CHANGES) {
                    change(&mut payload, samples, &mut random);
                }
            }
            Some(Bent {
                sample: sample.name.clone(),
                change: format!("seed {}, number {number}", effort.seed),
                payload,
            })
        })
        .collect()
}

fn change(payload: &mut Vec<u8>, samples: &[Sample], random: &mut Random) {
    let length = payload.len() as u64;
    let at = random.below(length);
    let piece = random.below(64.min(length));
    match random.below(10) {
        0 => {
            if let Some(byte) = payload.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => drop(payload.drain(at..(at + piece).min(payload.len()))),
        2 => {
            let copied = payload[at..(at + piece).min(payload.len())].to_vec();
            insert(payload, at, &copied);
        }
        3 => insert(payload, at, PIECES[random.below(PIECES.len() as u64)]),
        4 => {
            let other = &samples[random.below(samples.len() as u64)].payload;
            let from = random.below(other.len() as u64);
            insert(payload, at, &other[from..(from + 64).min(other.len())]);
        }
        5 => payload.truncate(at),
        // Letters and digits become others, so that much stays well-formed.
        _ => {
            if let Some(byte) = payload.get_mut(at) {
                *byte = like(*byte, random);
            }
        }
    }
}

/// Another byte of the same kind: digit or letter; any other stays.
fn like(byte: u8, random: &mut Random) -> u8 {
    let first = match byte {
        b'0'..=b'9' => return b'0' + u8::try_from(random.below(10)).unwrap_or(0),
        b'a'..=b'z' => b'a',
        b'A'..=b'Z' => b'A',
        other => return other,
    };
    first + u8::try_from(random.below(26)).unwrap_or(0)
}

fn insert(payload: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if payload.len() + bytes.len() <= MOST_BYTES {
        payload.splice(at..at, bytes.iter().copied());
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    fn below(&mut self, bound: u64) -> usize {
        let number = self.next() % bound.max(1);
        usize::try_from(number).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Sample> {
        ["{\"a\": [1, 2]}", "x"]
            .into_iter()
            .map(|text| Sample {
                name: "s".to_owned(),
                payload: text.as_bytes().to_vec(),
                attributes: Vec::new(),
                golden: None,
            })
            .collect()
    }

    fn payloads(seed: u64) -> Vec<Vec<u8>> {
        let effort = Effort {
            mutations: 300,
            seed,
        };
        let bent = bent(&samples(), effort);
        bent.into_iter().map(|bent| bent.payload).collect()
    }

    #[test]
    fn a_seed_gives_the_same_messages_and_another_gives_others() {
        assert_eq!(payloads(1), payloads(1));
        assert_ne!(payloads(1), payloads(2));
        assert!(payloads(1).iter().any(Vec::is_empty));
        assert!(payloads(1).iter().any(|payload| payload.len() > 13));
    }

    #[test]
    fn without_samples_there_is_nothing_to_bend() {
        let effort = Effort {
            mutations: 5,
            seed: 1,
        };
        assert!(bent(&[], effort).is_empty());
    }
}
