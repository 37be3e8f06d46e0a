//! The bidirectional stream: many submissions under way, answered and logged in their order.
//!
//! A bounded number is worked on at once. The next request is read only when
//! there is room, and there is room only when answers are read: the sender is
//! slowed by HTTP/2's own windows.

use std::pin::Pin;
use std::sync::Arc;

use exchange::{Caller, Exchange, Refusal, Turn};
use futures_util::{Stream, StreamExt as _};
use proto::v1::{SubmitStreamRequest, SubmitStreamResponse, submit_stream_response::Answer};
use tonic::{Status, Streaming};

use crate::{status, wire};

/// Answers of one stream.
pub(crate) type Answers = Pin<Box<dyn Stream<Item = Result<SubmitStreamResponse, Status>> + Send>>;

/// Submissions of one stream under way at once: enough to fill one durable group while the
/// next is converted, few enough that one stream's memory is a few times its messages.
const UNDER_WAY: usize = 32;

/// Answers the submissions of `requests` in their order.
pub(crate) fn answers(
    exchange: Arc<Exchange>,
    caller: Caller,
    requests: Streaming<SubmitStreamRequest>,
) -> Answers {
    let mut last = None;
    let answers = requests
        .map(move |request| {
            let turn = Turn::after(&mut last);
            answer(Arc::clone(&exchange), caller.clone(), request, turn)
        })
        .buffered(UNDER_WAY);
    Box::pin(answers)
}

async fn answer(
    exchange: Arc<Exchange>,
    caller: Caller,
    request: Result<SubmitStreamRequest, Status>,
    turn: Turn,
) -> Result<SubmitStreamResponse, Status> {
    let Some(submission) = request?.submission else {
        let refusal = Refusal::Malformed {
            field: "submission",
            expected: "expected a submission".to_owned(),
        };
        let refusal = exchange
            .refuse(
                Some(&caller),
                &caller.certificate,
                "SubmitStream",
                "",
                refusal,
            )
            .await;
        return Ok(response(
            String::new(),
            Answer::Refused(status::refused(&refusal)),
        ));
    };
    let key = submission.idempotency_key.clone();
    let answer = match exchange
        .submit(&caller, wire::submission(submission), turn)
        .await
    {
        Ok(accepted) => Answer::Accepted(accepted),
        Err(refusal) => Answer::Refused(status::refused(&refusal)),
    };
    Ok(response(key, answer))
}

fn response(idempotency_key: String, answer: Answer) -> SubmitStreamResponse {
    SubmitStreamResponse {
        idempotency_key,
        answer: Some(answer),
    }
}
