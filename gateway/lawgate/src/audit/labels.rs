//! Words for what stands in an entry: events and the places of each field.
//!
//! The shapes are `exchange::entry`'s; a place without a word here is shown
//! with its number, so nothing of an entry is hidden.

mod attesting;
mod registry;

use audit_log::{Entry, Field, Value};
use exchange::entry;

use crate::output::hex;

/// The fields in the order of their keys.
pub(crate) const FIELDS: [Field; 8] = [
    Field::Clock,
    Field::Actor,
    Field::Object,
    Field::Outcome,
    Field::Digests,
    Field::Case,
    Field::Party,
    Field::Sealed,
];

/// The event as a table shows it, with its Chinese term.
pub(crate) fn event(number: u64) -> String {
    let chinese = match number {
        entry::EVENT_SUBMIT => "提交",
        entry::EVENT_DENY => "拒绝",
        entry::EVENT_QUERY => "查询",
        entry::EVENT_QUERY_RESULT => "查询结果",
        entry::EVENT_ADAPTER_LOAD => "适配器生效",
        entry::EVENT_NODE_START => "启动",
        entry::EVENT_NODE_STOP => "停止",
        entry::EVENT_LOG_RECOVERY => "日志恢复",
        entry::EVENT_CONFIG_LOAD => "配置生效",
        entry::EVENT_ANCHOR => "双树锚定",
        entry::EVENT_TIMESTAMP => "时间戳",
        entry::EVENT_CLOCK_STEP => "时钟跳变",
        entry::EVENT_WITNESS_ALARM => "见证告警",
        entry::EVENT_OUTAGE_BEGIN => "中断开始",
        entry::EVENT_OUTAGE_END => "中断结束",
        entry::EVENT_KEY_ROTATE => "密钥更换",
        entry::EVENT_KEY_REVOKE => "密钥作废",
        entry::EVENT_LOG_START => "签名密钥生效",
        entry::EVENT_ERASE => "删除",
        entry::EVENT_ERASE_REQUEST => "删除申请",
        entry::EVENT_HOLD => "证据保全",
        entry::EVENT_RESTRICT => "限制处理",
        entry::EVENT_ARCHIVE_EXPORT => "归档导出",
        entry::EVENT_ARCHIVE_PRUNE => "归档后清理",
        entry::EVENT_BACKUP => "备份",
        _ => match registry::event(number) {
            Some(chinese) => chinese,
            None => return format!("event {number}"),
        },
    };
    format!("{} {chinese}", entry::event_name(number))
}

/// What stands at each place of a field, by event.
pub(crate) fn names(event: u64, field: Field) -> &'static [&'static str] {
    let of_others = [
        attesting::names(event, field),
        registry::names(event, field),
    ];
    if let Some(names) = of_others.into_iter().find(|names| !names.is_empty()) {
        return names;
    }
    match (field, event) {
        (Field::Clock, _) => &[
            "clock source 时钟来源",
            "clock error µs 时钟误差",
            "clock flag 时钟标志",
        ],
        (Field::Actor, _) => &[
            "agency 主体",
            "role 角色",
            "certificate 证书摘要",
            "pseudonym 假名",
        ],
        (Field::Object, entry::EVENT_DENY | entry::EVENT_QUERY) => {
            &["feed 数据源", "method 方法", "query 查询"]
        }
        (Field::Object, entry::EVENT_ERASE | entry::EVENT_ERASE_REQUEST) => &[
            "feed 数据源",
            "method 方法",
            "keys 密钥",
            "submissions 报送位置",
        ],
        (Field::Object, entry::EVENT_HOLD | entry::EVENT_RESTRICT) => {
            &["feed 数据源", "method 方法", "keys 密钥"]
        }
        (Field::Object, _) => &[
            "feed 数据源",
            "records commitment 记录摘要",
            "schema 数据标准版本",
            "adapter or version 适配器或版本",
            "component 组件摘要",
            "configuration 配置摘要",
        ],
        (Field::Outcome, entry::EVENT_DENY) => &["result 结果", "reason 原因"],
        (Field::Outcome, entry::EVENT_QUERY_RESULT) => {
            &["result 结果", "query position 查询位置", "count 数量"]
        }
        (Field::Outcome, entry::EVENT_ERASE | entry::EVENT_ERASE_REQUEST) => &[
            "result 结果",
            "messages 报文",
            "fields 字段",
            "approver 批准机关",
            "first approver 首个批准机关",
        ],
        (Field::Outcome, entry::EVENT_LOG_RECOVERY) => &[
            "result 结果",
            "zeroed bytes 清零字节",
            "from byte 起始字节",
            "index ahead 索引超前",
        ],
        (Field::Outcome, _) => &[
            "result 结果",
            "policy decision 策略决定",
            "messages, records, findings, quarantined 消息、记录、发现、隔离",
        ],
        (Field::Digests, _) => &[
            "payloads SHA-256 原文摘要",
            "payloads SM3 原文摘要",
            "results SHA-256 结果摘要",
            "results SM3 结果摘要",
            "payload bytes, result bytes 字节数",
        ],
        (Field::Case, _) => &["case 案号", "purpose 事由", "legal basis 法律依据"],
        (Field::Party, _) => &[
            "party key 报送方密钥",
            "counter 序号",
            "party time ns 报送方时间",
            "attributes SHA-256 属性摘要",
            "signature 签名",
        ],
        (Field::Sealed, entry::EVENT_SUBMIT) => &["payloads 密封报文", "fields 密封字段"],
        (Field::Sealed, _) => &[],
    }
}

/// The text at a place of a field.
pub(crate) fn text(entry: &Entry<'_>, field: Field, index: usize) -> Option<String> {
    let found = entry.field(field)?.into_iter().nth(index)?;
    if let Value::Text(text) = found {
        Some(text)
    } else {
        None
    }
}

/// What came of it, in one cell.
pub(crate) fn outcome(event: u64, values: &[Value]) -> String {
    let at = |index: usize| values.get(index).map(value).unwrap_or_default();
    match (event, values.get(2)) {
        (entry::EVENT_SUBMIT, Some(Value::Array(counts))) => {
            let count = |index: usize| counts.get(index).map(value).unwrap_or_default();
            format!(
                "{}: {} messages, {} records, {} quarantined",
                at(0),
                count(0),
                count(1),
                count(3)
            )
        }
        (entry::EVENT_DENY, _) => format!("{}: {}", at(0), at(1)),
        (entry::EVENT_QUERY_RESULT, _) => {
            format!("{}: {} for the query at {}", at(0), at(2), at(1))
        }
        (entry::EVENT_ADAPTER_SHADOW, Some(Value::Bool(true))) => {
            format!("shadow begins: version {}", at(1))
        }
        (entry::EVENT_ADAPTER_SHADOW, Some(Value::Bool(false))) => format!(
            "shadow ends: version {}, {} compared, {} differ, {} not compared",
            at(1),
            at(3),
            at(4),
            at(5)
        ),
        _ if entry::AdapterEntry::is_step(event) && values.len() > 1 => {
            format!("{}: version {}", at(0), at(1))
        }
        _ => at(0),
    }
}

/// A value for people: bytes in hex.
pub(crate) fn value(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(", ");
    match value {
        Value::Unsigned(number) => number.to_string(),
        Value::Negative(number) => (-1 - i128::from(*number)).to_string(),
        Value::Bytes(bytes) => hex(bytes),
        Value::Text(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null => "-".to_owned(),
        Value::Array(items) => joined(items.iter().map(self::value).collect()),
        Value::Map(pairs) => joined(
            pairs
                .iter()
                .map(|(key, item)| format!("{key}: {}", self::value(item)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_of_a_shadow_are_told_apart() {
        let values = |is_on| {
            let start = [
                Value::Text("shadow".to_owned()),
                Value::Unsigned(3),
                Value::Bool(is_on),
            ];
            let counts = [7, 2, 1].map(Value::Unsigned);
            start.into_iter().chain(counts).collect::<Vec<_>>()
        };
        assert_eq!(
            outcome(entry::EVENT_ADAPTER_SHADOW, &values(true)),
            "shadow begins: version 3"
        );
        assert_eq!(
            outcome(entry::EVENT_ADAPTER_SHADOW, &values(false)),
            "shadow ends: version 3, 7 compared, 2 differ, 1 not compared"
        );
    }
}
