//! Words for the entries about adapters and about the quarantine: events, and what stands at each place of a field.
//!
//! Empty for every other entry and field; the parent knows those.

use audit_log::Field;
use exchange::entry;

/// The Chinese term of such an event.
pub(super) fn event(number: u64) -> Option<&'static str> {
    Some(match number {
        entry::EVENT_ADAPTER_INSTALL => "适配器安装",
        entry::EVENT_ADAPTER_APPROVE => "适配器批准",
        entry::EVENT_ADAPTER_ACTIVATE => "适配器激活",
        entry::EVENT_ADAPTER_SHADOW => "适配器影子运行",
        entry::EVENT_ADAPTER_CANARY => "适配器灰度",
        entry::EVENT_ADAPTER_ROLLBACK => "适配器回退",
        entry::EVENT_ADAPTER_RETIRE => "适配器停用",
        entry::EVENT_ADAPTER_BREAKER => "适配器熔断",
        entry::EVENT_QUARANTINE_RETRY => "隔离重新转换",
        entry::EVENT_QUARANTINE_DISMISS => "隔离关闭",
        entry::EVENT_QUARANTINE_REDRIVE => "隔离批量重新转换",
        _ => return None,
    })
}

/// What stands at each place of a field of such an entry.
pub(super) fn names(event: u64, field: Field) -> &'static [&'static str] {
    match (event, field) {
        (entry::EVENT_ADAPTER_LOAD, Field::Outcome) => &[
            "result 结果",
            "version 版本号",
            "manifest SHA-256 清单摘要",
            "schema SHA-256 配置模式摘要",
        ],
        (entry::EVENT_ADAPTER_INSTALL, Field::Outcome) => &[
            "result 结果",
            "version 版本号",
            "manifest SHA-256 清单摘要",
            "publisher 发布者",
            "samples 样例数",
            "schema SHA-256 配置模式摘要",
        ],
        (entry::EVENT_ADAPTER_APPROVE | entry::EVENT_ADAPTER_RETIRE, Field::Outcome) => {
            &["result 结果", "version 版本号"]
        }
        (entry::EVENT_ADAPTER_ACTIVATE | entry::EVENT_ADAPTER_ROLLBACK, Field::Outcome) => {
            &["result 结果", "version 版本号", "replaced 替换的版本"]
        }
        (entry::EVENT_ADAPTER_SHADOW, Field::Outcome) => &[
            "result 结果",
            "version 版本号",
            "runs 运行",
            "compared 比较数",
            "differing 差异数",
            "dropped 未比较数",
        ],
        (entry::EVENT_ADAPTER_CANARY, Field::Outcome) => {
            &["result 结果", "version 版本号", "share of 10,000 万分比"]
        }
        (entry::EVENT_QUARANTINE_RETRY, Field::Outcome) => &[
            "result 结果",
            "-",
            "messages, records, findings, quarantined 消息、记录、发现、隔离",
            "position, message, received ns, agency, kind 原位置、报文、接收时间、报送机关、类别",
        ],
        (entry::EVENT_QUARANTINE_DISMISS, Field::Outcome) => {
            &["result 结果", "position 原位置", "message 报文"]
        }
        (entry::EVENT_QUARANTINE_REDRIVE, Field::Object) => {
            &["feed 数据源", "method 方法", "filter 条件"]
        }
        (entry::EVENT_QUARANTINE_REDRIVE, Field::Outcome) => &["result 结果", "version 版本号"],
        (entry::EVENT_ADAPTER_BREAKER, Field::Outcome) => &[
            "result 结果",
            "version 版本号",
            "open 断开",
            "failures 连续失败",
            "code 原因",
        ],
        _ => &[],
    }
}
