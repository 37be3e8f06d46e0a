//! Adapter hj212
