//! Answers as canonical proto3 JSON, by the descriptors of `proto`.

use std::sync::OnceLock;

use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;

/// `message` of type `lawgate.v1.<name>` as canonical proto3 JSON.
pub(crate) fn to_json<M: Message>(message: &M, name: &str) -> Value {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        DescriptorPool::decode(proto::DESCRIPTOR_SET)
            .expect("the descriptor set is checked in with the generated code")
    });
    let descriptor = pool
        .get_message_by_name(&format!("lawgate.v1.{name}"))
        .expect("the caller names a message of the contract");
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic
        .transcode_from(message)
        .expect("the descriptors and the generated types are of one version");
    serde_json::to_value(&dynamic).expect("every message of the contract has a JSON form")
}

#[cfg(test)]
mod tests {
    use proto::v1;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_camel_case_bytes_base64_and_large_numbers_text() {
        let receipt = v1::Receipt {
            origin: "lawgate.example/2026".into(),
            position: 1 << 60,
            leaf_hash: vec![0xFF; 3],
            ..v1::Receipt::default()
        };
        let expected = json!({"origin": "lawgate.example/2026", "position": "1152921504606846976", "leafHash": "////"});
        assert_eq!(to_json(&receipt, "Receipt"), expected);
    }

    #[test]
    fn every_answer_the_commands_print_has_a_descriptor() {
        to_json(&v1::SubmitResponse::default(), "SubmitResponse");
        to_json(&v1::ListRecordsResponse::default(), "ListRecordsResponse");
        to_json(&v1::GetRecordResponse::default(), "GetRecordResponse");
        to_json(
            &v1::ListQuarantineResponse::default(),
            "ListQuarantineResponse",
        );
    }
}
