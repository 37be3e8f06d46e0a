//! The Exchange service: identity first, then the use case.

use std::sync::Arc;

use exchange::{Caller, Exchange, PeerCertificate};
use proto::v1::{
    GetRecordRequest, GetRecordResponse, GetSubmissionRequest, GetSubmissionResponse,
    ListQuarantineRequest, ListQuarantineResponse, ListRecordsRequest, ListRecordsResponse,
    SubmitRequest, SubmitResponse, SubmitStreamRequest,
};
use tonic::{Request, Response, Status, Streaming};

use crate::generated::exchange_server;
use crate::stream::Answers;
use crate::{status, stream, wire};

/// The service over one exchange.
pub(crate) struct ExchangeService {
    exchange: Arc<Exchange>,
}

impl ExchangeService {
    pub(crate) fn new(exchange: Arc<Exchange>) -> ExchangeService {
        ExchangeService { exchange }
    }
}

/// The caller by its certificate; an unknown one is refused, and the refusal is an entry.
pub(crate) async fn caller<T>(
    exchange: &Exchange,
    request: &Request<T>,
    method: &str,
) -> Result<Caller, Status> {
    let peer = request
        .extensions()
        .get::<Arc<PeerCertificate>>()
        .cloned()
        .unwrap_or_default();
    match exchange.recognise(&peer) {
        Ok(caller) => Ok(caller),
        Err(refusal) => {
            let refusal = exchange
                .refuse(None, &peer.sha256, method, "", refusal)
                .await;
            Err(status::status(&refusal))
        }
    }
}

#[tonic::async_trait]
impl exchange_server::Exchange for ExchangeService {
    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, Status> {
        let caller = caller(&self.exchange, &request, "Submit").await?;
        let submission = wire::submission(request.into_inner());
        let answer = self
            .exchange
            .submit(&caller, submission, exchange::Turn::free())
            .await;
        status::respond(answer)
    }

    type SubmitStreamStream = Answers;

    async fn submit_stream(
        &self,
        request: Request<Streaming<SubmitStreamRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let caller = caller(&self.exchange, &request, "SubmitStream").await?;
        Ok(Response::new(stream::answers(
            Arc::clone(&self.exchange),
            caller,
            request.into_inner(),
        )))
    }

    async fn get_submission(
        &self,
        request: Request<GetSubmissionRequest>,
    ) -> Result<Response<GetSubmissionResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetSubmission").await?;
        let answer = self
            .exchange
            .get_submission(&caller, wire::submission_name(request.into_inner()))
            .await;
        let answer = answer.map_err(|refusal| status::status(&refusal))?;
        Ok(Response::new(GetSubmissionResponse {
            submission: Some(answer),
        }))
    }

    async fn list_records(
        &self,
        request: Request<ListRecordsRequest>,
    ) -> Result<Response<ListRecordsResponse>, Status> {
        let caller = caller(&self.exchange, &request, "ListRecords").await?;
        let answer = self
            .exchange
            .list_records(&caller, wire::list_records(request.into_inner()))
            .await;
        status::respond(answer)
    }

    async fn get_record(
        &self,
        request: Request<GetRecordRequest>,
    ) -> Result<Response<GetRecordResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetRecord").await?;
        let request = request.into_inner();
        let answer = self
            .exchange
            .get_record(&caller, request.record_id, wire::case(request.purpose))
            .await;
        status::respond(answer)
    }

    async fn list_quarantine(
        &self,
        request: Request<ListQuarantineRequest>,
    ) -> Result<Response<ListQuarantineResponse>, Status> {
        let caller = caller(&self.exchange, &request, "ListQuarantine").await?;
        let answer = self
            .exchange
            .list_quarantine(&caller, wire::list_quarantine(request.into_inner()))
            .await;
        status::respond(answer)
    }
}
