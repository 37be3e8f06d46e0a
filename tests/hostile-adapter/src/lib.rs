//! A guest that attacks its host, one verb for each limit
