//! The chronicle of a case: across submissions, with readings, deadlines and places.

use proto::v1::{CaseEventKind as Kind, DeadlineStanding, GetCaseResponse};

use crate::Turn;
use crate::entry::CaseBinding;
use crate::tests::fixture::{Fixture, submission};

fn purpose(number: &str) -> CaseBinding {
    CaseBinding {
        case_number: number.to_owned(),
        purpose: "法制审核".to_owned(),
        ..CaseBinding::default()
    }
}

async fn world() -> Fixture {
    let fixture = Fixture::new();
    let sender = fixture.caller("sender");
    let documents = [
        vec!["transfer|包环移〔2026〕1号|包环立〔2026〕12号|2026-09-10|2026-09-10"],
        vec!["case|包环立〔2026〕12号|甲化工厂|氨氮超标排放案|2026-09-01"],
        vec![
            "case|包环立〔2026〕13号|乙铸造厂|粉尘案|2026-09-02",
            "review|包司审〔2026〕3号|包环立[2026]12号|2026-09-05|2026-09-30",
        ],
    ];
    for (number, messages) in documents.iter().enumerate() {
        let given = submission(&format!("k{number}"), messages);
        let answer = fixture.exchange.submit(&sender, given, Turn::free());
        answer.await.expect("is accepted");
    }
    fixture.flush_and_index();
    fixture
}

async fn chronicle(fixture: &Fixture, number: &str) -> GetCaseResponse {
    let auditor = fixture.caller("senior");
    let answer = fixture
        .exchange
        .get_case(&auditor, number.to_owned(), purpose(number));
    let answer = answer.await.expect("is answered");
    fixture.flush_and_index();
    answer
}

fn kinds(answer: &GetCaseResponse) -> Vec<Kind> {
    let kinds = answer.events.iter();
    kinds
        .map(|event| Kind::try_from(event.kind).expect("is known"))
        .collect()
}

#[tokio::test]
async fn a_case_is_followed_over_all_its_numbers_in_the_order_of_its_own_dates() {
    let fixture = world().await;
    for number in ["包环立（2026）012号", "包司审〔2026〕3号"] {
        let answer = chronicle(&fixture, number).await;
        let own: Vec<Kind> = kinds(&answer)
            .into_iter()
            .filter(|kind| *kind != Kind::Read)
            .collect();
        assert_eq!(
            own,
            [
                Kind::Filed,
                Kind::ReviewRequested,
                Kind::Transferred,
                Kind::Received,
                Kind::Reviewed
            ],
            "{number}"
        );
        let mut numbers = answer.numbers.clone();
        numbers.sort();
        assert_eq!(
            numbers,
            [
                "包司审〔2026〕3号",
                "包环移〔2026〕1号",
                "包环立〔2026〕12号"
            ]
        );
        assert!(!answer.truncated);
    }
}

#[tokio::test]
async fn each_reading_for_the_case_is_part_of_it() {
    let fixture = world().await;
    let first = chronicle(&fixture, "包环立〔2026〕12号").await;
    assert!(!kinds(&first).contains(&Kind::Read));
    let second = chronicle(&fixture, "包环立〔2026〕12号").await;
    let read = second.events.iter().find(|it| it.kind == Kind::Read as i32);
    let read = read.expect("the first reading");
    assert_eq!(read.position, first.query_position);
    assert_eq!(
        (read.actor.as_str(), read.detail.as_str()),
        ("senior", "GetCase; 法制审核")
    );
}

#[tokio::test]
async fn deadlines_have_their_rule_and_say_how_they_stand() {
    let fixture = world().await;
    let answer = chronicle(&fixture, "包环立〔2026〕12号").await;
    let of = |rule: &str| {
        let mut hints = answer.deadlines.iter();
        hints.find(|hint| hint.rule_id == rule).expect(rule)
    };
    let decide = of("cf-decide");
    assert_eq!(
        (decide.start.as_str(), decide.due.as_str()),
        ("2026-09-01", "2026-11-30")
    );
    assert!(decide.basis.contains("第六十条"), "{}", decide.basis);
    let file = of("xs-file-normal");
    // The log's time is in September 2026; the police have said nothing.
    assert_eq!(
        (file.start.as_str(), file.due.as_str()),
        ("2026-09-10", "2026-09-13")
    );
    assert_eq!(file.standing, DeadlineStanding::Passed as i32);
    assert!(file.caution.contains("未配置工作日历"));
    // Working days without a calendar are not guessed.
    let review = of("fz-review");
    assert_eq!(
        (review.due.as_str(), review.met_at.as_str()),
        ("", "2026-09-30")
    );
    assert_eq!(review.standing, DeadlineStanding::Unspecified as i32);
}

#[tokio::test]
async fn a_case_nobody_knows_has_no_event_and_the_question_stays() {
    let fixture = world().await;
    let answer = chronicle(&fixture, "包环立〔2026〕99号").await;
    assert!(answer.events.is_empty());
    assert_eq!(answer.numbers, ["包环立〔2026〕99号"]);
}
