//! Queryable views over the log and the evidence; a cache
