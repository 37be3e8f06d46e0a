//! Deadlines (期限) of a case: from what happened, by rule. Hints, never decisions.
//!
//! A rule says what starts it, what meets it, how long it is, and by which text. Where a rule still
//! needs a lawyer's word, its caution says so. A day that starts a deadline is not counted; a last
//! day that is a holiday moves to the next working day where the rule is in natural days.

use proto::v1::{CaseEventKind as Kind, DeadlineHint, DeadlineStanding, TransferState};

use super::events::Happening;
use crate::answer;
use crate::working_days::{Day, WorkingDays};

/// Length of a deadline.
#[derive(Debug, Clone, Copy)]
enum Term {
    /// Natural days; the last one moves to a working day.
    Days(u32),
    /// Working days.
    WorkingDays(u32),
    /// Hours, by the clock.
    Hours(u32),
}

/// A rule.
struct Rule {
    id: &'static str,
    duty: &'static str,
    basis: &'static str,
    caution: &'static str,
    term: Term,
    starts: fn(&Happening) -> bool,
    meets: fn(&Happening) -> bool,
}

fn is_state(it: &Happening, states: &[TransferState]) -> bool {
    it.state.is_some_and(|state| states.contains(&state))
}

const RULES: &[Rule] = &[
    Rule {
        id: "cf-file",
        duty: "是否立案 (decide whether to file)",
        basis: "生态环境行政处罚办法(2023) 第十八条",
        caution: "待法律人员核对：条号及自然日/工作日；经批准可延长十五日",
        term: Term::Days(15),
        starts: |it| it.kind == Kind::Clue && it.at.is_some(),
        meets: |it| it.kind == Kind::Filed && !it.is_police,
    },
    Rule {
        id: "cf-decide",
        duty: "作出处理决定 (decide the case)",
        basis: "行政处罚法(2021) 第六十条；生态环境行政处罚办法(2023)",
        caution: "待法律人员核对：中止、听证、公告、监测、鉴定、送达时间不计入；经批准可延长",
        term: Term::Days(90),
        starts: |it| it.kind == Kind::Filed && !it.is_police,
        meets: |it| it.kind == Kind::Decided,
    },
    Rule {
        id: "cf-serve",
        duty: "送达处罚决定书 (serve the decision)",
        basis: "行政处罚法(2021) 第六十一条、第八十五条",
        caution: "当事人在场时当场交付",
        term: Term::WorkingDays(7),
        starts: |it| it.kind == Kind::Decided && it.place.is_some(),
        meets: |it| it.kind == Kind::Served,
    },
    Rule {
        id: "fz-review",
        duty: "出具法制审核意见 (give the legal opinion)",
        basis: "示范文本：五个工作日（本地规定未取得）",
        caution: "待法律人员核对：本地法制审核期限规定",
        term: Term::WorkingDays(5),
        starts: |it| it.kind == Kind::ReviewRequested,
        meets: |it| it.kind == Kind::Reviewed,
    },
    Rule {
        id: "xs-decide",
        duty: "批准或者不批准移送 (approve the transfer or not)",
        basis: "环环监〔2017〕17号 第五条；国务院令第310号(2020修订) 第五条",
        caution: "",
        term: Term::Days(3),
        starts: |it| it.kind == Kind::TransferReported && !it.is_detention,
        meets: |it| it.kind == Kind::TransferDecided || is_state(it, &[TransferState::Rejected]),
    },
    Rule {
        id: "xs-handover",
        duty: "移交案件材料并抄送检察院 (hand over, copy to the procuratorate)",
        basis: "环环监〔2017〕17号 第六条；国务院令第310号(2020修订) 第五条",
        caution: "",
        term: Term::Hours(24),
        starts: |it| it.kind == Kind::TransferDecided && !it.is_detention,
        meets: |it| it.kind == Kind::Transferred,
    },
    Rule {
        id: "jl-handover",
        duty: "移送案件移送书和材料原件 (hand over the originals)",
        basis: "行政主管部门移送适用行政拘留环境违法案件暂行办法(2015) 第十二条、第十九条",
        caution: "",
        term: Term::WorkingDays(3),
        starts: |it| it.kind == Kind::TransferDecided && it.is_detention,
        meets: |it| it.kind == Kind::Transferred,
    },
    Rule {
        id: "xs-supplement",
        duty: "补正材料 (supplement the material)",
        basis: "环环监〔2017〕17号 第八条；公安机关办理刑事案件程序规定(2020) 第一百八十条",
        caution: "",
        term: Term::Days(3),
        starts: |it| is_state(it, &[TransferState::SupplementRequested]),
        meets: |it| is_state(it, &[TransferState::Supplemented]),
    },
    Rule {
        id: "xs-file-normal",
        duty: "立案或者不予立案 (police: file or not)",
        basis: "环环监〔2017〕17号 第九条；国务院令第310号(2020修订) 第八条",
        caution: "线索需查证的七日；重大疑难复杂经批准三十日",
        term: Term::Days(3),
        starts: |it| it.kind == Kind::Received && !it.is_detention,
        meets: |it| {
            is_state(it, &[TransferState::Filed, TransferState::NotFiled])
                || (it.kind == Kind::Filed && it.is_police)
        },
    },
    Rule {
        id: "xs-reconsider",
        duty: "申请复议（权利）(may ask for reconsideration)",
        basis: "环环监〔2017〕17号 第十一条",
        caution: "国务院令第310号第九条为“三日”，未写工作日：以先到者提示，待法律人员核对",
        term: Term::WorkingDays(3),
        starts: |it| is_state(it, &[TransferState::NotFiled]),
        meets: |it| is_state(it, &[TransferState::Reconsidering]),
    },
    Rule {
        id: "xs-reconsider-reply",
        duty: "作出复议决定 (decide the reconsideration)",
        basis: "环环监〔2017〕17号 第十一条",
        caution: "国务院令第310号为“三日”，待法律人员核对",
        term: Term::WorkingDays(3),
        starts: |it| is_state(it, &[TransferState::Reconsidering]),
        meets: |it| is_state(it, &[TransferState::Upheld, TransferState::Reversed]),
    },
    Rule {
        id: "xs-supervision",
        duty: "建议检察院立案监督（权利）(may ask for supervision)",
        basis: "国务院令第310号(2020修订) 第九条",
        caution: "",
        term: Term::Days(3),
        starts: |it| is_state(it, &[TransferState::Upheld]),
        meets: |it| is_state(it, &[TransferState::Supervision]),
    },
];

/// Every deadline that the events started, in the order of the events.
pub(super) fn hints(events: &[Happening], days: &WorkingDays, now_ns: u64) -> Vec<DeadlineHint> {
    let now_ms = i64::try_from(now_ns / 1_000_000).unwrap_or(i64::MAX);
    let mut hints: Vec<DeadlineHint> = Vec::new();
    for (number, event) in events.iter().enumerate() {
        for rule in RULES.iter().filter(|rule| (rule.starts)(event)) {
            let start = event.at.as_ref().map(|at| at.text.clone());
            let start = start.unwrap_or_default();
            // The same fact in a later revision of the record is the same deadline.
            let is_known = hints
                .iter()
                .any(|hint| hint.rule_id == rule.id && hint.start == start);
            if !is_known && event.at.is_some() {
                hints.push(hint(rule, start, number, events, days, now_ms));
            }
        }
    }
    hints
}

fn hint(
    rule: &Rule,
    start: String,
    number: usize,
    events: &[Happening],
    days: &WorkingDays,
    now_ms: i64,
) -> DeadlineHint {
    let started = &events[number];
    let is_met = |it: &&Happening| {
        (rule.meets)(it) && it.at.is_some() && it.order_ms() >= started.order_ms()
    };
    let met = events.iter().enumerate().find(|(_, it)| is_met(it));
    let (due, is_moved) = due(rule.term, started, days);
    let standing = match (&due, met) {
        (None, _) => DeadlineStanding::Unspecified,
        (Some(due), Some((_, met))) => match due.is_before(met.order_ms()) {
            false => DeadlineStanding::Met,
            true => DeadlineStanding::Late,
        },
        (Some(due), None) => match due.is_before(now_ms) {
            false => DeadlineStanding::Running,
            true => DeadlineStanding::Passed,
        },
    };
    let mut caution = rule.caution.to_owned();
    if !is_moved && !caution.is_empty() {
        caution.push('；');
    }
    if !is_moved {
        caution.push_str("未配置工作日历，末日未按节假日顺延");
    }
    DeadlineHint {
        rule_id: rule.id.to_owned(),
        duty: rule.duty.to_owned(),
        basis: rule.basis.to_owned(),
        caution,
        term: match rule.term {
            Term::Days(count) => format!("{count} calendar days"),
            Term::WorkingDays(count) => format!("{count} working days"),
            Term::Hours(count) => format!("{count} hours"),
        },
        start,
        due: due.map_or(String::new(), Due::text),
        started_by: u32::try_from(number).unwrap_or(u32::MAX),
        met_by: met.map_or(0, |(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)),
        met_at: met
            .and_then(|(_, it)| it.at.as_ref())
            .map(|at| at.text.clone())
            .unwrap_or_default(),
        standing: standing as i32,
    }
}

/// When a deadline ends.
enum Due {
    /// With a day.
    Day(Day),
    /// With an instant, UTC milliseconds.
    Instant(i64),
}

impl Due {
    fn is_before(&self, ms: i64) -> bool {
        match self {
            Due::Day(day) => *day < Day::of_ms(ms),
            Due::Instant(end) => *end < ms,
        }
    }

    fn text(self) -> String {
        match self {
            Due::Day(day) => day.to_string(),
            Due::Instant(ms) => {
                let ns = u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000);
                answer::date_time(ns).text[..19].to_owned() + "+08:00"
            }
        }
    }
}

/// Longest span of a start that is exact enough to count hours from: a minute.
const EXACT_MS: i64 = 60_000;

/// The end, and whether holidays were taken into account where the rule asks for it.
fn due(term: Term, started: &Happening, days: &WorkingDays) -> (Option<Due>, bool) {
    let Some((from, to)) = started.span_ms() else {
        return (None, true);
    };
    let day = Day::of_ms(from);
    match term {
        Term::Hours(hours) => {
            let is_exact = to - from <= EXACT_MS;
            let end = from + i64::from(hours) * 3_600_000;
            (is_exact.then_some(Due::Instant(end)), true)
        }
        Term::WorkingDays(count) => (days.after(day, count).map(Due::Day), true),
        Term::Days(count) => {
            let last = day.plus(i64::from(count));
            let moved = days.from(last);
            (Some(Due::Day(moved.unwrap_or(last))), moved.is_some())
        }
    }
}
