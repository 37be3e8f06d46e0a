//! The Legal service: identity first, then the use case, as for the Exchange.

use std::sync::Arc;

use exchange::Exchange;
use proto::v1::{GetCaseRequest, GetCaseResponse, SearchEntriesRequest, SearchEntriesResponse};
use tonic::{Request, Response, Status};

use crate::generated::legal_server;
use crate::service::caller;
use crate::{status, wire};

/// The service over one exchange.
pub(crate) struct LegalService {
    exchange: Arc<Exchange>,
}

impl LegalService {
    pub(crate) fn new(exchange: Arc<Exchange>) -> LegalService {
        LegalService { exchange }
    }
}

#[tonic::async_trait]
impl legal_server::Legal for LegalService {
    async fn search_entries(
        &self,
        request: Request<SearchEntriesRequest>,
    ) -> Result<Response<SearchEntriesResponse>, Status> {
        let caller = caller(&self.exchange, &request, "SearchEntries").await?;
        let ask = wire::search_entries(request.into_inner());
        status::respond(self.exchange.search_entries(&caller, ask).await)
    }

    async fn get_case(
        &self,
        request: Request<GetCaseRequest>,
    ) -> Result<Response<GetCaseResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetCase").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let answer = self.exchange.get_case(&caller, request.case_number, case);
        status::respond(answer.await)
    }
}
