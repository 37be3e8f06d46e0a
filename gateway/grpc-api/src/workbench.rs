//! The Workbench service: identity first, then the use case, as for the Exchange.

use std::sync::Arc;

use exchange::{Exchange, Redrive};
use proto::v1::{
    DismissQuarantinedRequest, DismissQuarantinedResponse, RedriveQuarantineRequest,
    RedriveQuarantineResponse, RetryQuarantinedRequest, RetryQuarantinedResponse,
    ShowQuarantinedRequest, ShowQuarantinedResponse,
};
use tonic::{Request, Response, Status};

use crate::generated::workbench_server;
use crate::service::caller;
use crate::{status, wire};

/// The service over one exchange.
pub(crate) struct WorkbenchService {
    exchange: Arc<Exchange>,
}

impl WorkbenchService {
    pub(crate) fn new(exchange: Arc<Exchange>) -> WorkbenchService {
        WorkbenchService { exchange }
    }
}

#[tonic::async_trait]
impl workbench_server::Workbench for WorkbenchService {
    async fn show_quarantined(
        &self,
        request: Request<ShowQuarantinedRequest>,
    ) -> Result<Response<ShowQuarantinedResponse>, Status> {
        let caller = caller(&self.exchange, &request, "ShowQuarantined").await?;
        let request = request.into_inner();
        let of = (request.submission_id, request.message_index);
        let case = wire::case(request.purpose);
        status::respond(self.exchange.show_quarantined(&caller, of, case).await)
    }

    async fn retry_quarantined(
        &self,
        request: Request<RetryQuarantinedRequest>,
    ) -> Result<Response<RetryQuarantinedResponse>, Status> {
        let caller = caller(&self.exchange, &request, "RetryQuarantined").await?;
        let request = request.into_inner();
        let of = (request.submission_id, request.message_index);
        let case = wire::case(request.purpose);
        let done = self
            .exchange
            .retry_quarantined(&caller, of, request.version, case);
        status::respond(done.await)
    }

    async fn redrive_quarantine(
        &self,
        request: Request<RedriveQuarantineRequest>,
    ) -> Result<Response<RedriveQuarantineResponse>, Status> {
        let caller = caller(&self.exchange, &request, "RedriveQuarantine").await?;
        let request = request.into_inner();
        let ask = Redrive {
            feed: request.feed,
            code: request.code,
            version: request.version,
            limit: request.limit,
            page_token: request.page_token,
            case: wire::case(request.purpose),
        };
        status::respond(self.exchange.redrive_quarantine(&caller, ask).await)
    }

    async fn dismiss_quarantined(
        &self,
        request: Request<DismissQuarantinedRequest>,
    ) -> Result<Response<DismissQuarantinedResponse>, Status> {
        let caller = caller(&self.exchange, &request, "DismissQuarantined").await?;
        let request = request.into_inner();
        let of = (request.submission_id, request.message_index);
        let case = wire::case(request.purpose);
        status::respond(self.exchange.dismiss_quarantined(&caller, of, case).await)
    }
}
