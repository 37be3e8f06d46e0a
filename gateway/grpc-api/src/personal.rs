//! The Personal service: identity first, then the use case, as for the Exchange.

use std::sync::Arc;

use exchange::{Exchange, FindSubjects};
use proto::v1::{
    DiscloseRequest, DiscloseResponse, EraseSubjectsRequest, EraseSubjectsResponse,
    FindSubjectsRequest, FindSubjectsResponse, GetPersonalStatusRequest, GetPersonalStatusResponse,
    SetLegalHoldRequest, SetLegalHoldResponse, SetRestrictionRequest, SetRestrictionResponse,
};
use tonic::{Request, Response, Status};

use crate::generated::personal_server;
use crate::service::caller;
use crate::{status, wire};

/// The service over one exchange.
pub(crate) struct PersonalService {
    exchange: Arc<Exchange>,
}

impl PersonalService {
    pub(crate) fn new(exchange: Arc<Exchange>) -> PersonalService {
        PersonalService { exchange }
    }
}

#[tonic::async_trait]
impl personal_server::Personal for PersonalService {
    async fn find_subjects(
        &self,
        request: Request<FindSubjectsRequest>,
    ) -> Result<Response<FindSubjectsResponse>, Status> {
        let caller = caller(&self.exchange, &request, "FindSubjects").await?;
        let request = request.into_inner();
        let ask = FindSubjects {
            value: request.value,
            case_number: request.case_number,
            case: wire::case(request.purpose),
        };
        let answer = self.exchange.find_subjects(&caller, ask).await;
        status::respond(answer.map(|subjects| FindSubjectsResponse { subjects }))
    }

    async fn set_legal_hold(
        &self,
        request: Request<SetLegalHoldRequest>,
    ) -> Result<Response<SetLegalHoldResponse>, Status> {
        let caller = caller(&self.exchange, &request, "SetLegalHold").await?;
        let SetLegalHoldRequest {
            case_number,
            is_held,
            legal_basis,
        } = request.into_inner();
        let change = self
            .exchange
            .set_legal_hold(&caller, case_number, is_held, legal_basis);
        let answer = change
            .await
            .map(|(position, has_changed)| SetLegalHoldResponse {
                position,
                has_changed,
            });
        status::respond(answer)
    }

    async fn set_restriction(
        &self,
        request: Request<SetRestrictionRequest>,
    ) -> Result<Response<SetRestrictionResponse>, Status> {
        let caller = caller(&self.exchange, &request, "SetRestriction").await?;
        let SetRestrictionRequest {
            keys,
            is_restricted,
            legal_basis,
        } = request.into_inner();
        let change = self
            .exchange
            .set_restriction(&caller, keys, is_restricted, legal_basis);
        status::respond(change.await.map(|answer| SetRestrictionResponse {
            position: answer.position,
            changed: answer.changed,
        }))
    }

    async fn erase_subjects(
        &self,
        request: Request<EraseSubjectsRequest>,
    ) -> Result<Response<EraseSubjectsResponse>, Status> {
        let caller = caller(&self.exchange, &request, "EraseSubjects").await?;
        let EraseSubjectsRequest { keys, legal_basis } = request.into_inner();
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let erase = self.exchange.erase_subjects(&caller, keys, legal_basis);
        status::respond(erase.await.map(|answer| EraseSubjectsResponse {
            position: answer.position,
            is_erased: answer.is_erased,
            subjects: number(answer.subjects as u64),
            messages: number(answer.messages),
            fields: number(answer.fields),
        }))
    }

    async fn get_personal_status(
        &self,
        request: Request<GetPersonalStatusRequest>,
    ) -> Result<Response<GetPersonalStatusResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetPersonalStatus").await?;
        status::respond(self.exchange.personal_status(&caller).await)
    }

    async fn disclose(
        &self,
        request: Request<DiscloseRequest>,
    ) -> Result<Response<DiscloseResponse>, Status> {
        let caller = caller(&self.exchange, &request, "Disclose").await?;
        let DiscloseRequest {
            record_id,
            fields,
            purpose,
        } = request.into_inner();
        let case = wire::case(purpose);
        let answer = self.exchange.disclose(&caller, record_id, fields, case);
        status::respond(answer.await)
    }
}
