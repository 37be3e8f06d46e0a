//! The Audit service: identity first, then the use case, as for the Exchange.

use std::sync::Arc;

use exchange::Exchange;
use proto::v1::{
    GetCheckpointRequest, GetCheckpointResponse, GetConsistencyProofRequest,
    GetConsistencyProofResponse, GetInclusionProofRequest, GetInclusionProofResponse,
    GetMessageProofRequest, GetMessageProofResponse, GetRangeProofRequest, GetRangeProofResponse,
};
use tonic::{Request, Response, Status};

use crate::generated::audit_server;
use crate::service::caller;
use crate::{status, wire};

/// The service over one exchange.
pub(crate) struct AuditService {
    exchange: Arc<Exchange>,
}

impl AuditService {
    pub(crate) fn new(exchange: Arc<Exchange>) -> AuditService {
        AuditService { exchange }
    }
}

#[tonic::async_trait]
impl audit_server::Audit for AuditService {
    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetCheckpoint").await?;
        status::respond(self.exchange.get_checkpoint(&caller).await)
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetInclusionProof").await?;
        let request = request.into_inner();
        let (name, size) = (wire::entry_name(request.by), request.size);
        let answer = self.exchange.get_inclusion_proof(&caller, name, size);
        status::respond(answer.await)
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetConsistencyProof").await?;
        let request = request.into_inner();
        let (old, new) = (request.old_size, request.new_size);
        let answer = self.exchange.get_consistency_proof(&caller, old, new);
        status::respond(answer.await)
    }

    async fn get_range_proof(
        &self,
        request: Request<GetRangeProofRequest>,
    ) -> Result<Response<GetRangeProofResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetRangeProof").await?;
        let GetRangeProofRequest { from, to, size } = request.into_inner();
        let answer = self.exchange.get_range_proof(&caller, from, to, size);
        status::respond(answer.await)
    }

    async fn get_message_proof(
        &self,
        request: Request<GetMessageProofRequest>,
    ) -> Result<Response<GetMessageProofResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetMessageProof").await?;
        let request = request.into_inner();
        let answer = self.exchange.get_message_proof(
            &caller,
            request.submission_id,
            request.message_index,
            request.size,
            wire::case(request.purpose),
        );
        status::respond(answer.await)
    }
}
