//! The EvidencePackages service: a package is made whole and sent in pieces, as fast as the peer reads.

use std::pin::Pin;
use std::sync::Arc;

use exchange::{Exchange, ExportEvidence, ExportSubject, ExportedPackage};
use futures_util::{Stream, StreamExt as _, stream};
use proto::v1::{
    ExportPackageRequest, ExportPackageResponse, PackageFacts, PackageKind,
    export_package_request::Subject,
};
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};

use crate::generated::evidence_packages_server;
use crate::service::caller;
use crate::{status, wire};

/// Bytes of a package in one message of the stream.
const CHUNK_BYTES: usize = 256 << 10;

/// Pieces of one package.
type Pieces = Pin<Box<dyn Stream<Item = Result<ExportPackageResponse, Status>> + Send>>;

/// The service over one exchange.
pub(crate) struct EvidenceService {
    exchange: Arc<Exchange>,
}

impl EvidenceService {
    pub(crate) fn new(exchange: Arc<Exchange>) -> EvidenceService {
        EvidenceService { exchange }
    }
}

#[tonic::async_trait]
impl evidence_packages_server::EvidencePackages for EvidenceService {
    type ExportPackageStream = Pieces;

    async fn export_package(
        &self,
        request: Request<ExportPackageRequest>,
    ) -> Result<Response<Pieces>, Status> {
        let caller = caller(&self.exchange, &request, "ExportPackage").await?;
        let ask = asked(request.into_inner());
        let package = self.exchange.export_evidence(&caller, ask).await;
        let package = package.map_err(|refusal| status::status(&refusal))?;
        let pieces: Pieces = Box::pin(pieces(package));
        Ok(Response::new(pieces))
    }
}

/// What is asked; a request that names no subject names the empty record, which nothing is.
fn asked(request: ExportPackageRequest) -> ExportEvidence {
    let is_transfer = request.kind() == PackageKind::Transfer;
    ExportEvidence {
        subject: match request.subject {
            Some(Subject::CaseNumber(number)) => ExportSubject::Case(number),
            Some(Subject::SubmissionId(id)) => ExportSubject::Submission(id),
            Some(Subject::RecordId(id)) => ExportSubject::Record(id),
            Some(Subject::Range(range)) => ExportSubject::Range(range.from, range.to),
            None => ExportSubject::Record(String::new()),
        },
        is_transfer,
        without_components: request.without_components,
        disclose: request.disclose,
        with_payloads: request.with_payloads,
        case: wire::case(request.purpose),
    }
}

fn pieces(package: ExportedPackage) -> impl Stream<Item = Result<ExportPackageResponse, Status>> {
    let facts = PackageFacts {
        bytes: package.bytes.len() as u64,
        digest: package.digest.to_vec(),
        file_digest: Sha256::digest(&package.bytes).to_vec(),
        query_position: package.query,
        seal_position: package.seal,
        checkpoint_size: package.size,
        is_final: package.is_final,
        entries: u32::try_from(package.entries).unwrap_or(u32::MAX),
        records: u32::try_from(package.records).unwrap_or(u32::MAX),
        is_masked: package.is_masked,
    };
    let first = ExportPackageResponse {
        facts: Some(facts),
        chunk: Vec::new(),
    };
    let rest = stream::unfold((package.bytes, 0), |(bytes, at)| async move {
        let chunk = bytes.get(at..)?;
        let chunk = &chunk[..chunk.len().min(CHUNK_BYTES)];
        if chunk.is_empty() {
            return None;
        }
        let piece = ExportPackageResponse {
            facts: None,
            chunk: chunk.to_vec(),
        };
        let next = at + piece.chunk.len();
        Some((Ok(piece), (bytes, next)))
    });
    stream::once(async move { Ok(first) }).chain(rest)
}
