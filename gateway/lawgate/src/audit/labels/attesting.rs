//! Words for the entries that attesting the log makes: what stands at each place of a field.
//!
//! Empty for every other entry and field; the parent knows those.

use audit_log::Field;
use exchange::entry;

/// What stands at each place of a field of such an entry.
pub(super) fn names(event: u64, field: Field) -> &'static [&'static str] {
    match (event, field) {
        (entry::EVENT_ANCHOR | entry::EVENT_TIMESTAMP, Field::Object) => &["entries 条数"],
        (entry::EVENT_ANCHOR, Field::Digests) => &["root SHA-256 根哈希", "root SM3 根哈希"],
        (entry::EVENT_TIMESTAMP, Field::Outcome) => &["result 结果", "token 时间戳令牌"],
        (entry::EVENT_TIMESTAMP, Field::Digests) => &["token SHA-256 令牌摘要", "-", "root 根哈希"],
        (entry::EVENT_CLOCK_STEP, Field::Object) => &["clock 时钟"],
        (entry::EVENT_CLOCK_STEP, Field::Outcome) => &[
            "result 结果",
            "before ns 跳变前",
            "after ns 跳变后",
            "elapsed ns 实际经过",
        ],
        (entry::EVENT_WITNESS_ALARM, Field::Object) => &["witness 见证方"],
        (entry::EVENT_WITNESS_ALARM, Field::Outcome) => &["result 结果", "kind 类别"],
        (entry::EVENT_WITNESS_ALARM, Field::Digests) => &[
            "own note SHA-256 本方检查点摘要",
            "-",
            "other note SHA-256 对方检查点摘要",
        ],
        (entry::EVENT_OUTAGE_BEGIN | entry::EVENT_OUTAGE_END, Field::Object) => &["missing 缺失"],
        (entry::EVENT_OUTAGE_BEGIN | entry::EVENT_OUTAGE_END, Field::Outcome) => {
            &["result 结果", "since ns 起始时间"]
        }
        (entry::EVENT_KEY_ROTATE, Field::Object) => &["purpose 用途"],
        (entry::EVENT_KEY_ROTATE, Field::Outcome) => &[
            "result 结果",
            "old key, signature 旧密钥、签名",
            "new key, signature 新密钥、签名",
        ],
        (entry::EVENT_KEY_REVOKE, Field::Object) => &["key 密钥"],
        (entry::EVENT_KEY_REVOKE, Field::Outcome) => &["result 结果", "last good size 可信条数"],
        (entry::EVENT_LOG_START, Field::Object) => &["version 版本", "suite 算法套件"],
        (entry::EVENT_LOG_START, Field::Outcome) => &["result 结果", "keys 密钥"],
        _ => &[],
    }
}
