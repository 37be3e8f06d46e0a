//! Measuring an adapter without a sandbox, as `lawgate adapter bench --native` does.
//!
//! A program that links the adapter calls [`answer`]: it does the guest's work as
//! often as it is told, and prints one number, the median of a call in
//! nanoseconds.

use std::hint::black_box;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use prost::Message as _;
use proto::v1;

use crate::adapter::{Adapter, Attribute, Message};
use crate::outcome::run;

/// Measures as the arguments say: number of calls, file of the configuration; the messages of a call are those of an
/// encoded `lawgate.v1.SubmitRequest` on standard input.
#[must_use]
pub fn answer<A: Adapter>() -> ExitCode {
    match asked::<A>() {
        Ok(nanoseconds) => match writeln!(io::stdout().lock(), "{nanoseconds}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(text) => {
            let _ = writeln!(io::stderr().lock(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn asked<A: Adapter>() -> Result<u128, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [rounds, configuration] = arguments.as_slice() else {
        return Err("expected the number of calls and the file of the configuration".to_owned());
    };
    let rounds = rounds
        .parse()
        .map_err(|_| format!("{rounds} is no number"))?;
    let configuration =
        fs::read(configuration).map_err(|error| format!("{configuration}: {error}"))?;
    let mut request = Vec::new();
    let mut input = io::stdin().lock();
    input
        .read_to_end(&mut request)
        .map_err(|error| format!("standard input: {error}"))?;
    measured::<A>(rounds, &configuration, &request)
}

/// The median of a call in nanoseconds.
fn measured<A: Adapter>(rounds: u32, configuration: &[u8], request: &[u8]) -> Result<u128, String> {
    let request = v1::SubmitRequest::decode(request)
        .map_err(|error| format!("this is no request: {error}"))?;
    let adapter = A::configure(configuration)
        .map_err(|faults| format!("the configuration has {} faults", faults.len()))?;
    let stated: Vec<Vec<Attribute>> = request.messages.iter().map(attributes).collect();
    let messages: Vec<Message<'_>> = request.messages.iter().zip(&stated).map(message).collect();
    let time = |_| {
        let start = Instant::now();
        drop(black_box(run(&adapter, &messages)));
        start.elapsed().as_nanos()
    };
    let mut times: Vec<u128> = (0..rounds.max(1)).map(time).collect();
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn attributes(message: &v1::Message) -> Vec<Attribute> {
    let attribute = |it: &v1::Attribute| Attribute {
        name: it.name.clone(),
        value: it.value.clone(),
    };
    message.attributes.iter().map(attribute).collect()
}

fn message<'m>((message, attributes): (&'m v1::Message, &'m Vec<Attribute>)) -> Message<'m> {
    Message {
        payload: &message.payload,
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{ConfigurationFault, Description, Rejection};
    use proto::v1::Conversion;

    /// Takes only a configuration of one byte, and rejects every message.
    struct Strict;

    impl Adapter for Strict {
        const DESCRIPTION: Description = Description {
            id: "strict",
            version: "1.0.0",
            feed_kinds: &["strict"],
            schema_version: "1.0.0",
        };

        fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
            match configuration {
                [_] => Ok(Self),
                _ => Err(Vec::new()),
            }
        }

        fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>> {
            let reject = |message: &Message<'_>| {
                assert_eq!(message.attribute("kind"), Some("a"));
                Err(Rejection::new("no", 0, "no"))
            };
            messages.iter().map(reject).collect()
        }
    }

    fn request() -> Vec<u8> {
        v1::SubmitRequest {
            messages: vec![v1::Message {
                payload: b"text".to_vec().into(),
                attributes: vec![v1::Attribute {
                    name: "kind".to_owned(),
                    value: "a".to_owned(),
                }],
            }],
            ..v1::SubmitRequest::default()
        }
        .encode_to_vec()
    }

    #[test]
    fn calls_are_timed_and_what_cannot_be_is_said() {
        assert!(measured::<Strict>(3, b"1", &request()).is_ok());
        assert!(measured::<Strict>(0, b"1", &request()).is_ok());
        let refused = measured::<Strict>(3, b"", &request());
        assert!(refused.expect_err("is refused").contains("configuration"));
        let bad = measured::<Strict>(3, b"1", b"\xff");
        assert!(bad.expect_err("is refused").contains("request"));
    }
}
