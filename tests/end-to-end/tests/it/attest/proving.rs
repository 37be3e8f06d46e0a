//! The service of proofs over the wire: each answer is verified by the functions a verifier has.

use audit_proof::checkpoint::Checkpoint;
use audit_proof::hash::{Hash, leaf_hash};
use audit_proof::note::Note;
use audit_proof::proof::{
    MessageProof, RangeProof, verify_consistency, verify_inclusion, verify_message, verify_range,
};
use audit_proof::suite::Suite;
use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site};
use grpc_api::client::{self, Audit, reason};
use proto::v1::get_inclusion_proof_request::By;
use proto::v1::{
    GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest,
    GetMessageProofRequest, GetRangeProofRequest,
};

use super::{MN, PATIENCE};
use crate::support::{request, run};

const SHA256: Suite = Suite::Sha256;

fn hash(bytes: &[u8]) -> Hash {
    bytes.try_into().expect("a hash has 32 bytes")
}

fn hashes(list: &[Vec<u8>]) -> Vec<Hash> {
    list.iter().map(|bytes| hash(bytes)).collect()
}

async fn audit(gateway: &Gateway, agency: &str) -> anyhow::Result<Audit> {
    let channel = client::channel(&gateway.client_config(agency)?).await?;
    Ok(client::audit(channel))
}

/// The checkpoint that covers `size` entries, once it is there.
async fn newest(audit: &mut Audit, size: u64) -> anyhow::Result<Checkpoint> {
    tokio::time::timeout(PATIENCE, covering(audit, size)).await?
}

async fn covering(audit: &mut Audit, size: u64) -> anyhow::Result<Checkpoint> {
    loop {
        let answer = audit.get_checkpoint(GetCheckpointRequest {}).await;
        if let Ok(answer) = answer {
            let note = Note::parse(answer.into_inner().note.as_bytes())?;
            let checkpoint = Checkpoint::parse(note.text())?;
            if checkpoint.size() >= size {
                return Ok(checkpoint);
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Submits three messages and returns the identity and the position of the submission.
async fn submit(
    gateway: &Gateway,
    key: &str,
    messages: &[Vec<u8>],
) -> anyhow::Result<(String, u64)> {
    let mut exchange = gateway.client("city-eco").await?;
    let answer = exchange.submit(request("hj212", key, messages)).await?;
    let answer = answer.into_inner();
    let position = answer
        .receipt
        .as_ref()
        .map_or(0, |receipt| receipt.position);
    Ok((answer.submission_id, position))
}

#[test]
fn every_proof_over_the_wire_verifies_and_a_stranger_gets_none() {
    let site = Site::new().expect("sets up");
    site.set("audit", "checkpoint_interval_ms = 50")
        .expect("is set");
    let gateway = site.start().expect("starts");
    let messages: Vec<Vec<u8>> = (0..3).map(|minute| minute_data(MN, 0, minute)).collect();
    run(async {
        let mut audit = audit(&gateway, "city-eco").await?;
        let (_, first) = submit(&gateway, "first", &messages[..1]).await?;
        let old = newest(&mut audit, first + 1).await?;
        let (id, position) = submit(&gateway, "second", &messages).await?;
        let new = newest(&mut audit, position + 1).await?;

        let asked = GetConsistencyProofRequest {
            old_size: old.size(),
            new_size: new.size(),
        };
        let answer = audit.get_consistency_proof(asked).await?.into_inner();
        let path = hashes(&answer.hashes);
        verify_consistency(
            SHA256,
            old.size(),
            old.root(),
            new.size(),
            new.root(),
            &path,
        )?;

        let asked = GetInclusionProofRequest {
            by: Some(By::Position(position)),
            size: new.size(),
        };
        let answer = audit.get_inclusion_proof(asked).await?.into_inner();
        let (leaf, path) = (hash(&answer.leaf_hash), hashes(&answer.hashes));
        verify_inclusion(SHA256, position, new.size(), &leaf, &path, new.root())?;

        let asked = GetRangeProofRequest {
            from: 0,
            to: new.size(),
            size: new.size(),
        };
        let answer = audit.get_range_proof(asked).await?.into_inner();
        let proof = RangeProof {
            left: hashes(&answer.left),
            right: hashes(&answer.right),
        };
        let leaves = hashes(&answer.leaf_hashes);
        verify_range(SHA256, 0, &leaves, new.size(), &proof, new.root())?;
        assert_eq!(leaves[usize::try_from(position)?], leaf);

        let asked = GetMessageProofRequest {
            submission_id: id,
            message_index: 1,
            purpose: None,
            size: new.size(),
        };
        let answer = audit.get_message_proof(asked.clone()).await?.into_inner();
        let inclusion = answer.inclusion.unwrap_or_default();
        let (path, inclusion) = (hashes(&answer.payload_hashes), hashes(&inclusion.hashes));
        let proof = MessageProof {
            message: 1,
            path: &path,
            entry: &answer.entry,
            size: new.size(),
            inclusion: &inclusion,
        };
        assert_eq!(leaf_hash(&answer.entry), leaf);
        verify_message(&messages[1], &proof, new.root())?;
        verify_message(&messages[2], &proof, new.root()).expect_err("another message");

        let mut other = self::audit(&gateway, "outsider").await?;
        let refused = other
            .get_message_proof(asked)
            .await
            .expect_err("may read nothing");
        assert!(reason(&refused).is_some(), "{refused:?}");
        anyhow::Ok(())
    });
    gateway.stop().expect("stops");
    site.verify().expect("the log verifies");
}
