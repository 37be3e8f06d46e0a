//! The documents of a transfer (移送材料): which of the seven groups are there, and the receipt of who took over.
//!
//! The groups are those of 环环监〔2017〕17号 art. 6, with the penalty decision that goes with them where there is one.
//! Present is what a record of the transfer lists, or what other records of the case are; nothing is inferred beyond that.

use evidence_package::contents::{Transfer, TransferGroup};
use proto::v1::record::Entity;
use proto::v1::{CaseTransfer, Record};
use serde_json::json;

/// The groups, by number from 1: in Chinese and in English.
const GROUPS: [(&str, &str); 7] = [
    ("1 案件移送书", "1 letter of transfer"),
    ("2 调查报告", "2 investigation report"),
    (
        "3 现场检查（勘察）笔录、询问笔录、勘验图、采样记录",
        "3 records of inspection, questioning, survey and sampling",
    ),
    ("4 涉案物品清单", "4 list of property concerned"),
    (
        "5 照片、录音录像及其清单",
        "5 photos and recordings with their list",
    ),
    (
        "6 监测、检验报告，突发事件调查报告，认定意见",
        "6 monitoring and test reports, expert opinions",
    ),
    ("7 其他有关材料", "7 other material"),
];

/// The last group: attached where a penalty was decided before.
const PENALTY: (&str, &str) = ("附 行政处罚决定书", "with it: penalty decision");

/// Makes the list of a transfer from the records of a case.
pub(super) fn of(records: &[(String, Record)]) -> Transfer {
    let transfers: Vec<(&String, &CaseTransfer)> = records
        .iter()
        .filter_map(|(id, record)| {
            let Some(Entity::CaseTransfer(transfer)) = &record.entity else {
                return None;
            };
            Some((id, &**transfer))
        })
        .collect();
    let mut groups: Vec<TransferGroup> = GROUPS
        .iter()
        .map(|(chinese, english)| TransferGroup {
            chinese: (*chinese).to_owned(),
            english: (*english).to_owned(),
            present: Vec::new(),
        })
        .collect();
    for (id, transfer) in &transfers {
        for material in &transfer.materials {
            let place = (material.seq as usize).checked_sub(1);
            if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
                group
                    .present
                    .push(format!("{} (record {id})", material.name));
            }
        }
        if !transfer.doc_no.is_empty() {
            groups[0]
                .present
                .push(format!("{} (record {id})", transfer.doc_no));
        }
        if !transfer.property_list.is_empty() {
            let count = transfer.property_list.len();
            groups[3].present.push(format!("{count} (record {id})"));
        }
    }
    let mut penalties = Vec::new();
    for (id, record) in records {
        if let Some(Entity::PenaltyDecision(decision)) = &record.entity {
            penalties.push(format!("{} (record {id})", decision.decision_no));
        } else if let Some(Entity::Inspection(_)) = &record.entity {
            groups[2].present.push(format!("record {id}"));
        } else if let Some(Entity::Evidence(_)) = &record.entity {
            groups[4].present.push(format!("record {id}"));
        }
    }
    groups.push(TransferGroup {
        chinese: PENALTY.0.to_owned(),
        english: PENALTY.1.to_owned(),
        present: penalties,
    });
    let receipt = transfers.iter().find_map(|(id, transfer)| {
        let at = transfer.receipt_at.as_ref()?;
        Some(format!("{} {} (record {id})", transfer.to_agency, at.text))
    });
    let listed = groups.iter().map(|group| {
        json!({
            "group": group.english,
            "chinese": group.chinese,
            "is_present": !group.present.is_empty(),
            "present": group.present,
        })
    });
    let whole = json!({
        "basis": "环环监〔2017〕17号 art. 6",
        "groups": listed.collect::<Vec<_>>(),
        "receipt": receipt,
    });
    Transfer {
        json: format!("{whole:#}\n"),
        groups,
        receipt,
    }
}
