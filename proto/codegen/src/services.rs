//! Client and server of the services, for the gRPC edge alone.
//!
//! The messages stay in the crate `proto`, which adapters share and which must
//! not know tonic.

use prost_build::Config;

use crate::messages::source;
use crate::schema::Schema;

/// The services of the package, with the messages taken from `::proto::v1`.
pub(crate) fn generate(schema: &Schema) -> anyhow::Result<String> {
    let mut config = Config::new();
    config
        .extern_path(".lawgate.v1", "::proto::v1")
        .service_generator(tonic_prost_build::configure().service_generator());
    source(config, schema)
}
