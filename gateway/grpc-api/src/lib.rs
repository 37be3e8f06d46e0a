//! The gRPC edge; the only user of tonic
