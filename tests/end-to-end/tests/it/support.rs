//! Small things the tests share: requests, a seeded generator, a runtime.

use proto::v1::{Message, SubmitRequest};

/// Runs an asynchronous test.
pub(crate) fn run<T>(test: impl Future<Output = anyhow::Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("starts");
    runtime.block_on(test).expect("the test's steps succeed")
}

/// A submission of these messages.
pub(crate) fn request(feed: &str, key: &str, messages: &[Vec<u8>]) -> SubmitRequest {
    let message = |payload: &Vec<u8>| Message {
        payload: payload.clone().into(),
        attributes: Vec::new(),
    };
    SubmitRequest {
        feed: feed.to_owned(),
        idempotency_key: key.to_owned(),
        messages: messages.iter().map(message).collect(),
        purpose: None,
        party: None,
    }
}

/// A small generator (xorshift64*): the same seed, the same test.
pub(crate) struct Random(u64);

impl Random {
    /// Seeds from what differs between runs and prints the seed.
    #[expect(clippy::print_stdout, reason = "a failed run is repeated by its seed")]
    pub(crate) fn new(name: &str) -> Random {
        let seed = std::time::Instant::now().elapsed().as_nanos() as u64
            ^ u64::from(std::process::id()) << 17
            | 1;
        println!("{name}: seed {seed}");
        Random(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }
}
