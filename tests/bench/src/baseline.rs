//! The baseline server: the gateway's own edge, TLS and windows, with native conversion and nothing else.
//!
//! Runs as a process of its own, as the gateway does. `SubmitStream` converts
//! with the adapter's native code and answers with counts; `Submit` answers at
//! once, which is the bare unary call.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use adapter_sdk::Adapter as _;
use anyhow::Context as _;
use futures_util::{Stream, StreamExt as _};
use grpc_api::api::{self, Request, Response, Routes, Status, Streaming};
use grpc_api::{Config, Edge};
use hj212::Hj212;
use proto::v1::submit_stream_response::Answer;
use proto::v1::{
    Counts, GetRecordRequest, GetRecordResponse, GetSubmissionRequest, GetSubmissionResponse,
    ListQuarantineRequest, ListQuarantineResponse, ListRecordsRequest, ListRecordsResponse,
    MessageOutcome, SubmitRequest, SubmitResponse, SubmitStreamRequest, SubmitStreamResponse,
};

/// Serves until killed: `baseline-server SITE_FOLDER ADAPTER_FOLDER`.
pub(crate) fn serve(arguments: &[String]) -> anyhow::Result<()> {
    let site = PathBuf::from(arguments.first().context("the site's folder is missing")?);
    let adapter = PathBuf::from(
        arguments
            .get(1)
            .context("the adapter's folder is missing")?,
    );
    let configuration = std::fs::read(adapter.join("configuration.json"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let edge = Edge::bind(Config {
            address: "127.0.0.1:0".parse()?,
            certificate: site.join("pki/server.pem"),
            key: site.join("pki/server.key"),
            client_ca: site.join("pki/ca.pem"),
            handshake_timeout: Duration::from_secs(5),
            max_connections: 64,
            max_streams_per_connection: 64,
            max_request_bytes: 16 << 20,
            max_upload_bytes: 16 << 20,
            drain_timeout: Duration::from_secs(1),
        })
        .await?;
        println!("baseline listening on {} as baseline", edge.address());
        let service = api::ExchangeServer::new(Baseline { configuration })
            .max_decoding_message_size(16 << 20);
        edge.serve_routes(Routes::new(service), std::future::pending())
            .await?;
        Ok(())
    })
}

struct Baseline {
    configuration: Vec<u8>,
}

/// Converts with native code, on the runtime's blocking pool as the gateway does, and counts.
fn convert(configuration: &[u8], request: SubmitRequest) -> SubmitResponse {
    let adapter = Hj212::configure(configuration)
        .unwrap_or_else(|_| panic!("the configuration was installed"));
    let messages: Vec<adapter_sdk::Message<'_>> = request
        .messages
        .iter()
        .map(|message| adapter_sdk::Message {
            payload: &message.payload,
            attributes: &[],
        })
        .collect();
    let outcomes = adapter_sdk::run(&adapter, &messages);
    let counts = Counts {
        messages: outcomes.len() as u32,
        ..Counts::default()
    };
    SubmitResponse {
        feed: request.feed,
        idempotency_key: request.idempotency_key,
        outcomes: vec![MessageOutcome::default(); outcomes.len()],
        counts: Some(counts),
        ..SubmitResponse::default()
    }
}

#[api::async_trait]
impl api::Exchange for Baseline {
    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(SubmitResponse {
            feed: request.feed,
            ..SubmitResponse::default()
        }))
    }

    type SubmitStreamStream =
        Pin<Box<dyn Stream<Item = Result<SubmitStreamResponse, Status>> + Send>>;

    async fn submit_stream(
        &self,
        request: Request<Streaming<SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        let configuration = self.configuration.clone();
        let answers = request.into_inner().map(move |request| {
            let configuration = configuration.clone();
            async move {
                let submission = request?.submission.unwrap_or_default();
                let key = submission.idempotency_key.clone();
                let work = tokio::task::spawn_blocking(move || convert(&configuration, submission));
                let accepted = work
                    .await
                    .map_err(|error| Status::internal(error.to_string()))?;
                Ok(SubmitStreamResponse {
                    idempotency_key: key,
                    answer: Some(Answer::Accepted(accepted)),
                })
            }
        });
        Ok(Response::new(Box::pin(answers.buffered(32))))
    }

    async fn get_submission(
        &self,
        _: Request<GetSubmissionRequest>,
    ) -> Result<Response<GetSubmissionResponse>, Status> {
        Err(Status::unimplemented("the baseline only submits"))
    }

    async fn list_records(
        &self,
        _: Request<ListRecordsRequest>,
    ) -> Result<Response<ListRecordsResponse>, Status> {
        Err(Status::unimplemented("the baseline only submits"))
    }

    async fn get_record(
        &self,
        _: Request<GetRecordRequest>,
    ) -> Result<Response<GetRecordResponse>, Status> {
        Err(Status::unimplemented("the baseline only submits"))
    }

    async fn list_quarantine(
        &self,
        _: Request<ListQuarantineRequest>,
    ) -> Result<Response<ListQuarantineResponse>, Status> {
        Err(Status::unimplemented("the baseline only submits"))
    }
}
