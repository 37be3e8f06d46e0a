//! The use cases of the gateway
