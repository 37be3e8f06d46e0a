//! Running an adapter and encoding what it returns.
//!
//! The component's export and the native benchmarks both call [`run`], so that
//! both do the same work and give the same bytes. It checks nothing: the host
//! trusts no guest and checks on its own side.

use prost::Message as _;
use proto::v1::Conversion;

use crate::adapter::{Adapter, Message, Rejection};

/// What became of one message, ready for the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An encoded `lawgate.v1.Conversion`.
    Converted(Vec<u8>),
    /// The message was not understood.
    Rejected(Rejection),
}

/// Converts the messages and encodes the results, one for each, in order.
///
/// Each result is encoded as soon as it is final, so that only bytes are held for all messages.
/// A message the adapter gave no result for is rejected.
pub fn run<A: Adapter>(adapter: &A, messages: &[Message<'_>]) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    outcomes.resize_with(messages.len(), || None);
    adapter.convert_each(messages, &mut |number, result| {
        if let Some(place) = outcomes.get_mut(number) {
            *place = Some(match result {
                Ok(conversion) => Outcome::Converted(encode(&conversion)),
                Err(rejection) => Outcome::Rejected(rejection),
            });
        }
    });
    let missing = || {
        Rejection::new(
            "adapter.no-result",
            0,
            "the adapter gave no result for the message",
        )
    };
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|| Outcome::Rejected(missing())))
        .collect()
}

/// The bytes of a conversion, as the host takes them.
#[must_use]
pub fn encode(conversion: &Conversion) -> Vec<u8> {
    conversion.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{ConfigurationFault, Description};

    /// Sends the payload back as the device's acknowledgement; rejects empty messages.
    struct Mirror;

    impl Adapter for Mirror {
        const DESCRIPTION: Description = Description {
            id: "mirror",
            version: "1.0.0",
            feed_kinds: &["mirror"],
            schema_version: "1.0.0",
        };

        fn configure(_: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
            Ok(Self)
        }

        fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>> {
            let mirror = |message: &Message<'_>| match message.payload {
                [] => Err(Rejection::new("mirror.empty", 0, "the message is empty")),
                payload => Ok(Conversion {
                    reply: payload.to_vec(),
                    ..Conversion::default()
                }),
            };
            messages.iter().map(mirror).collect()
        }
    }

    #[test]
    fn outcomes_keep_the_order_of_the_messages() {
        let messages = [Message::new(b"a"), Message::new(b""), Message::new(b"c")];
        let outcomes = run(&Mirror, &messages);
        let replies: Vec<_> = outcomes
            .iter()
            .map(|outcome| match outcome {
                Outcome::Converted(bytes) => {
                    let conversion = Conversion::decode(bytes.as_slice()).expect("own encoding");
                    String::from_utf8_lossy(&conversion.reply).into_owned()
                }
                Outcome::Rejected(rejection) => rejection.code.to_string(),
            })
            .collect();
        assert_eq!(replies, ["a", "mirror.empty", "c"]);
    }

    #[test]
    fn a_conversion_without_content_is_zero_bytes_and_not_a_rejection() {
        let converted = Outcome::Converted(encode(&Conversion::default()));
        assert_eq!(converted, Outcome::Converted(Vec::new()));
    }
}
