//! Pages: how many, how large, and what a reader may not find.

mod blocks;

use super::*;
use crate::Turn;
use crate::ports::FeedScope;
use crate::tests::fixture::{Fixture, submission};
use proto::v1::Finding;

async fn holding(messages: &[&str]) -> Fixture {
    let fixture = Fixture::new();
    let sender = fixture.caller("sender");
    for (number, message) in messages.iter().enumerate() {
        let one = submission(&number.to_string(), &[message]);
        let answered = fixture.exchange.submit(&sender, one, Turn::free()).await;
        answered.expect("is accepted");
    }
    fixture.index_all();
    fixture
}

fn everything(limit: u32) -> RecordQuery {
    RecordQuery {
        feeds: FeedScope::All,
        entity: None,
        party: None,
        device: None,
        case_number: None,
        from_ms: None,
        to_ms: None,
        after: None,
        limit,
    }
}

/// All pages of a query, and the tokens between them.
fn pages(fixture: &Fixture, agency: &str, query: &RecordQuery, bytes: usize) -> Vec<Vec<Record>> {
    let reader = fixture.exchange.clearance(&fixture.caller(agency));
    let (mut query, mut pages) = (query.clone(), Vec::new());
    loop {
        let page = fixture
            .exchange
            .page_of_records(query.clone(), &reader, bytes);
        let page = page.expect("is readable");
        pages.push(page.records);
        match super::super::token(&page.next_page_token).expect("is a token") {
            Some(after) => query.after = Some(after),
            None => return pages,
        }
        assert!(pages.len() < 1000, "the pages do not end");
    }
}

#[tokio::test]
async fn a_page_is_cut_by_its_size_and_the_next_goes_on_behind_it() {
    let fixture = holding(&["good", "good", "good"]).await;
    let whole = pages(&fixture, "reader", &everything(100), PAGE_BYTES);
    assert_eq!(whole.len(), 1);
    let all = whole.concat();
    assert_eq!(all.len(), 6);
    let one = prost::Message::encoded_len(&all[0]);
    for (bytes, expected) in [(1, vec![1; 6]), (one * 5 / 2, vec![2, 2, 2])] {
        let cut = pages(&fixture, "reader", &everything(100), bytes);
        let lengths: Vec<usize> = cut.iter().map(Vec::len).collect();
        assert_eq!(lengths, expected, "{bytes} bytes");
        assert_eq!(cut.concat(), all);
    }
    // A page of records that is cut inside a message by number.
    let cut = pages(&fixture, "reader", &everything(5), PAGE_BYTES);
    assert_eq!(cut.concat(), all);
    assert_eq!(cut[0].len(), 5);
}

#[tokio::test]
async fn a_page_of_quarantined_messages_is_cut_by_its_size_too() {
    let fixture = holding(&["reject 1", "reject 2", "reject 3"]).await;
    let sender = fixture.caller("sender");
    let (mut query, mut payloads) = (
        QuarantineQuery {
            feeds: FeedScope::All,
            code: None,
            after: None,
            limit: 100,
        },
        Vec::new(),
    );
    for page_number in 0..3 {
        let page = fixture
            .exchange
            .page_of_quarantine(
                &query,
                &sender,
                (true, proto::v1::QuarantineState::Unspecified),
                1,
            )
            .expect("is readable");
        assert_eq!(page.messages.len(), 1);
        payloads.push(page.messages[0].payload.clone());
        let after = super::super::token(&page.next_page_token).expect("is a token");
        assert_eq!(after.is_none(), page_number == 2);
        query.after = after.map(|place| (place.position, place.message));
    }
    assert_eq!(payloads, [b"reject 1", b"reject 2", b"reject 3"]);
}

#[tokio::test]
async fn a_reader_finds_no_record_by_what_is_masked_in_it() {
    let fixture = holding(&["track", "track", "at MN0001 480 2", "track"]).await;
    let device = RecordQuery {
        device: Some("MN0001".to_owned()),
        ..everything(100)
    };
    let from = RecordQuery {
        from_ms: Some(0),
        ..everything(100)
    };
    let to = RecordQuery {
        to_ms: Some(i64::MAX),
        ..everything(100)
    };
    for query in [device, from, to] {
        for (agency, expected) in [("reader", 2), ("inspector", 5)] {
            for limit in [1, 2, 100] {
                let query = RecordQuery {
                    limit,
                    ..query.clone()
                };
                let found = pages(&fixture, agency, &query, PAGE_BYTES);
                assert_eq!(found.concat().len(), expected, "{agency} {query:?}");
                // What is hidden makes no page of its own.
                assert!(
                    found.iter().all(|page| !page.is_empty()),
                    "{agency} {query:?}: {found:?}"
                );
            }
        }
    }
    let unasked = pages(&fixture, "reader", &everything(100), PAGE_BYTES);
    assert_eq!(unasked.concat().len(), 5, "without a filter they are shown");
}

#[test]
fn the_first_item_fits_however_large_it_is() {
    let item = |length: usize| Finding {
        text: "x".repeat(length),
        ..Finding::default()
    };
    let mut page = Page::new(3, 100);
    assert!(page.take(item(1000)));
    assert!(!page.take(item(0)), "the page is over its size");
    let mut page = Page::new(3, 100);
    assert!(page.take(item(40)) && page.take(item(40)));
    assert!(!page.take(item(40)), "the third would pass the size");
    assert_eq!(page.items.len(), 2);
    let mut page = Page::new(1, 100);
    assert!(page.take(item(1)));
    assert!(!page.take(item(1)), "the page has its number");
}
