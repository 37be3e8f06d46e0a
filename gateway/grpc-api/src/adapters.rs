//! The Adapters service: identity first, then the use case, as for the Exchange.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use exchange::lifecycle::Install;
use exchange::ports::{AdapterFiles, Upload};
use exchange::{Caller, Exchange, Refusal};
use proto::v1::install_adapter_request::Part;
use proto::v1::{
    ActivateAdapterRequest, ActivateAdapterResponse, CanaryAdapterRequest, CanaryAdapterResponse,
    DryRunAdapterRequest, DryRunAdapterResponse, GetAdapterUsageRequest, GetAdapterUsageResponse,
    GetShadowReportRequest, GetShadowReportResponse, InstallAdapterRequest, InstallAdapterResponse,
    InstallChunk, InstallFile, InstallHeader, ListAdaptersRequest, ListAdaptersResponse,
    RetireAdapterRequest, RetireAdapterResponse, RollbackAdapterRequest, RollbackAdapterResponse,
    ShadowAdapterRequest, ShadowAdapterResponse,
};
use tonic::{Request, Response, Status, Streaming};

use crate::generated::adapters_server;
use crate::service::caller;
use crate::{status, wire};

/// Longest time an upload may take to arrive.
const UPLOAD_TIME: Duration = Duration::from_secs(120);

/// Most bytes of one chunk.
const CHUNK_BYTES: usize = 1 << 20;

/// The service over one exchange.
pub(crate) struct AdaptersService {
    exchange: Arc<Exchange>,
    max_upload_bytes: usize,
}

impl AdaptersService {
    pub(crate) fn new(exchange: Arc<Exchange>, max_upload_bytes: usize) -> AdaptersService {
        AdaptersService {
            exchange,
            max_upload_bytes,
        }
    }

    /// Takes an upload whole; rights come before its bytes.
    async fn upload(
        &self,
        caller: &Caller,
        parts: &mut Streaming<InstallAdapterRequest>,
    ) -> Result<(InstallHeader, Install), Status> {
        let header = match parts.message().await?.and_then(|request| request.part) {
            Some(Part::Header(header)) => header,
            Some(Part::Chunk(_)) | None => {
                let refusal = malformed("part", "expected a header first");
                return Err(self.refused(caller, "", refusal).await);
            }
        };
        self.exchange
            .admit_upload(caller, &header.feed)
            .await
            .map_err(|refusal| status::status(&refusal))?;
        let mut files = Files::default();
        while let Some(request) = parts.message().await? {
            let taken = match request.part {
                Some(Part::Chunk(chunk)) => files.take(chunk, self.max_upload_bytes),
                Some(Part::Header(_)) | None => {
                    Err(malformed("part", "expected chunks after the header"))
                }
            };
            if let Err(refusal) = taken {
                return Err(self.refused(caller, &header.feed, refusal).await);
            }
        }
        match files.install(header.configuration_of) {
            Ok(install) => Ok((header, install)),
            Err(refusal) => Err(self.refused(caller, &header.feed, refusal).await),
        }
    }

    async fn refused(&self, caller: &Caller, feed: &str, refusal: Refusal) -> Status {
        let certificate = &caller.certificate;
        let refusal = self
            .exchange
            .refuse(Some(caller), certificate, "InstallAdapter", feed, refusal)
            .await;
        status::status(&refusal)
    }
}

/// The files of an upload so far.
#[derive(Default)]
struct Files {
    package: BytesMut,
    component: BytesMut,
    manifest: BytesMut,
    configuration: BytesMut,
}

impl Files {
    fn take(&mut self, chunk: InstallChunk, most: usize) -> Result<(), Refusal> {
        if chunk.data.len() > CHUNK_BYTES {
            return Err(malformed("chunk.data", "expected at most 1 MiB"));
        }
        let size = self.len() + chunk.data.len();
        if size > most {
            return Err(Refusal::TooLarge {
                size,
                unit: "bytes",
                limit: most,
            });
        }
        let file = match chunk.file() {
            InstallFile::Package => &mut self.package,
            InstallFile::Component => &mut self.component,
            InstallFile::Manifest => &mut self.manifest,
            InstallFile::Configuration => &mut self.configuration,
            InstallFile::Unspecified => {
                return Err(malformed("chunk.file", "expected one of the files"));
            }
        };
        file.extend_from_slice(&chunk.data);
        Ok(())
    }

    fn len(&self) -> usize {
        let files = [
            &self.package,
            &self.component,
            &self.manifest,
            &self.configuration,
        ];
        files.iter().map(|file| file.len()).sum()
    }

    fn install(self, configuration_of: u32) -> Result<Install, Refusal> {
        let there = [
            !self.package.is_empty(),
            !self.component.is_empty(),
            !self.manifest.is_empty(),
            !self.configuration.is_empty(),
        ];
        let [package, component, manifest, configuration] = [
            self.package,
            self.component,
            self.manifest,
            self.configuration,
        ]
        .map(Bytes::from);
        match there {
            [true, false, false, false] => Ok(Install::Adapter(Upload::Package(package))),
            [false, true, true, true] => Ok(Install::Adapter(Upload::Files(AdapterFiles {
                component,
                manifest,
                configuration,
                schema: Bytes::new(),
            }))),
            [false, false, false, true] => Ok(Install::Configuration {
                configuration,
                of: configuration_of,
            }),
            _ => Err(malformed(
                "chunk.file",
                "expected a package alone, a configuration alone, or component, manifest and configuration",
            )),
        }
    }
}

fn malformed(field: &'static str, expected: &str) -> Refusal {
    Refusal::Malformed {
        field,
        expected: expected.to_owned(),
    }
}

#[tonic::async_trait]
impl adapters_server::Adapters for AdaptersService {
    async fn install_adapter(
        &self,
        request: Request<Streaming<InstallAdapterRequest>>,
    ) -> Result<Response<InstallAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "InstallAdapter").await?;
        let mut parts = request.into_inner();
        let upload = tokio::time::timeout(UPLOAD_TIME, self.upload(&caller, &mut parts)).await;
        let (header, install) = match upload {
            Ok(upload) => upload?,
            Err(_) => {
                let limit = UPLOAD_TIME;
                return Err(self.refused(&caller, "", Refusal::Deadline { limit }).await);
            }
        };
        let case = wire::case(header.purpose);
        let installed = self
            .exchange
            .install_adapter(&caller, header.feed, install, case);
        status::respond(installed.await)
    }

    async fn list_adapters(
        &self,
        request: Request<ListAdaptersRequest>,
    ) -> Result<Response<ListAdaptersResponse>, Status> {
        let caller = caller(&self.exchange, &request, "ListAdapters").await?;
        let listed = self
            .exchange
            .list_adapters(&caller, request.into_inner().feed);
        status::respond(listed.await)
    }

    async fn activate_adapter(
        &self,
        request: Request<ActivateAdapterRequest>,
    ) -> Result<Response<ActivateAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "ActivateAdapter").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let done = self
            .exchange
            .activate_adapter(&caller, request.feed, request.version, case);
        status::respond(done.await)
    }

    async fn shadow_adapter(
        &self,
        request: Request<ShadowAdapterRequest>,
    ) -> Result<Response<ShadowAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "ShadowAdapter").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let done = self
            .exchange
            .shadow_adapter(&caller, request.feed, request.version, case);
        status::respond(done.await)
    }

    async fn get_shadow_report(
        &self,
        request: Request<GetShadowReportRequest>,
    ) -> Result<Response<GetShadowReportResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetShadowReport").await?;
        let report = self
            .exchange
            .shadow_report(&caller, request.into_inner().feed);
        status::respond(report.await)
    }

    async fn canary_adapter(
        &self,
        request: Request<CanaryAdapterRequest>,
    ) -> Result<Response<CanaryAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "CanaryAdapter").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let done = self.exchange.canary_adapter(
            &caller,
            request.feed,
            request.version,
            request.share,
            case,
        );
        status::respond(done.await)
    }

    async fn rollback_adapter(
        &self,
        request: Request<RollbackAdapterRequest>,
    ) -> Result<Response<RollbackAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "RollbackAdapter").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let done = self.exchange.rollback_adapter(&caller, request.feed, case);
        status::respond(done.await)
    }

    async fn retire_adapter(
        &self,
        request: Request<RetireAdapterRequest>,
    ) -> Result<Response<RetireAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "RetireAdapter").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let done = self
            .exchange
            .retire_adapter(&caller, request.feed, request.version, case);
        status::respond(done.await)
    }

    async fn get_adapter_usage(
        &self,
        request: Request<GetAdapterUsageRequest>,
    ) -> Result<Response<GetAdapterUsageResponse>, Status> {
        let caller = caller(&self.exchange, &request, "GetAdapterUsage").await?;
        let usage = self
            .exchange
            .adapter_usage(&caller, request.into_inner().feed);
        status::respond(usage.await)
    }

    async fn dry_run_adapter(
        &self,
        request: Request<DryRunAdapterRequest>,
    ) -> Result<Response<DryRunAdapterResponse>, Status> {
        let caller = caller(&self.exchange, &request, "DryRunAdapter").await?;
        let request = request.into_inner();
        let case = wire::case(request.purpose);
        let done = self.exchange.dry_run_adapter(
            &caller,
            request.feed,
            request.version,
            request.submissions,
            case,
        );
        status::respond(done.await)
    }
}
