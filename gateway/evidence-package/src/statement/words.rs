//! What the statement says, in both languages: the same statements in the same order.

use audit_proof::hash::to_hex;
use package_proof::index::{LeftOut, PackageType, Role};
use package_proof::sealed::FieldState;

use super::Block;
use crate::{Contents, contents::Part};

/// What the statement counts.
struct Numbers {
    subjects: usize,
    custody: usize,
    messages: usize,
    withheld: usize,
    records: usize,
    /// Values that stay sealed, are disclosed, were erased.
    sealed: [usize; 3],
}

impl Numbers {
    fn of(contents: &Contents) -> Self {
        let items = || contents.submissions.iter().flat_map(|one| &one.items);
        let with = |role: Role| {
            contents
                .entries
                .iter()
                .filter(|one| one.role == role)
                .count()
        };
        Self {
            subjects: with(Role::Subject),
            custody: with(Role::Custody),
            messages: items().count(),
            withheld: items()
                .filter(|item| item.payload == Part::Withheld)
                .count(),
            records: items().map(|item| item.records.len()).sum(),
            sealed: sealed(contents),
        }
    }
}

fn sealed(contents: &Contents) -> [usize; 3] {
    let items = contents.submissions.iter().flat_map(|one| &one.items);
    let lines = items.filter_map(|item| item.fields.as_ref());
    let mut counts = [0; 3];
    for line in lines.flat_map(|fields| &fields.fields) {
        counts[match line.state {
            FieldState::Sealed => 0,
            FieldState::Disclosed { .. } => 1,
            FieldState::Erased(_) => 2,
        }] += 1;
    }
    counts
}

fn title(text: &str) -> Block {
    Block::Title(text.to_owned())
}

fn heading(text: &str) -> Block {
    Block::Heading(text.to_owned())
}

fn text(text: impl Into<String>) -> Block {
    Block::Text(text.into())
}

fn item(text: impl Into<String>) -> Block {
    Block::Item(text.into())
}

fn fact(name: &str, value: impl Into<String>) -> Block {
    Block::Fact(name.to_owned(), value.into())
}

/// The Chinese part.
pub(super) fn chinese(contents: &Contents, left_out: &[LeftOut]) -> Vec<Block> {
    let numbers = Numbers::of(contents);
    let mut blocks = vec![
        title("电子数据证据包说明"),
        heading("一、哈希能证明什么，不能证明什么"),
        text("请先阅读本节。"),
        item("能证明：本包所列条目及其绑定的原始报文、转换结果，自写入日志之时起未被更改。"),
        item(
            "不能证明：内容在写入日志之前是真实的。设备被干扰、填报不实的，日志只是如实保存了该不实内容。",
        ),
        item("不能证明：未写入日志的事情没有发生；报送方自行签名并连续编号的除外。"),
        item("不能证明：日志运营方、法定数量的见证方与时间戳机构三者合谋时的情形。"),
        item("标为“尚无外部见证”的条目，仅由日志自身担保。"),
        text("是否作为证据采用及其证明力，由法庭或者办案机关审查认定。"),
        heading("二、本包的内容"),
        fact("类型", package_proof_kind(contents.kind).1),
        fact("对象", &contents.subject),
        fact("日志", &contents.origin),
        fact("检查点", standing_chinese(contents)),
        fact("交付", format!("{}，{}", contents.agency, contents.made_at)),
    ];
    if !contents.purpose.is_empty() {
        blocks.push(fact("用途与依据", &contents.purpose));
    }
    blocks.extend([
        fact("导出前的查询条目", format!("第 {} 条", contents.query)),
        fact(
            "数量",
            format!(
                "审计条目 {} 条（其中主体 {} 条、保管与查阅记录 {} 条），提交 {} 次，报文 {} 份，记录 {} 条，回执 {} 份，可信时间戳 {} 份",
                contents.entries.len(),
                numbers.subjects,
                numbers.custody,
                contents.submissions.len(),
                numbers.messages,
                numbers.records,
                contents.receipts.len(),
                contents.stamps.len(),
            ),
        ),
    ]);
    blocks.extend(contents.adapters.iter().map(|adapter| {
        let digest = to_hex(&adapter.component);
        fact("适配器", format!("{}，SHA-256 {digest}", adapter.name))
    }));
    blocks.extend([
        heading("三、数据如何形成"),
        text("各机关以自有格式报送；网关先保存原始报文，再由隔离运行的适配器转换为统一格式。适配器是输入与配置的纯函数：以包内的适配器、配置和报文可以重现同样的结果。"),
        text("每次提交、拒绝、查阅、导出均为日志条目；条目含前一条目的哈希，并载明报文与结果的摘要。见证方对日志检查点签名，时间戳机构加盖时间。条目所载时间为网关时钟所示。"),
    ]);
    if contents.is_masked || !left_out.is_empty() || numbers.sealed != [0; 3] {
        blocks.push(heading("四、未收入的内容"));
        if contents.is_masked {
            blocks.push(text(format!(
                "依权限，{} 份报文及其结果未交付，仅保留摘要；所附记录中未获授权的个人信息已以“※”脱敏，脱敏后的记录不受哈希直接约束。",
                numbers.withheld
            )));
        }
        blocks.extend(sealed_chinese(numbers.sealed));
        let left = left_out.iter();
        blocks.extend(left.map(|left| item(format!("{}：{}", left.what, left.why_chinese))));
    }
    if let Some(transfer) = &contents.transfer {
        blocks.push(heading("移送材料（环环监〔2017〕17号第六条）"));
        blocks.extend(transfer.groups.iter().map(|group| {
            let present = match group.present.is_empty() {
                true => "缺".to_owned(),
                false => format!("有：{}", group.present.join("；")),
            };
            item(format!("{}：{present}", group.chinese))
        }));
        let receipt = transfer.receipt.as_deref().unwrap_or("缺");
        blocks.push(item(format!("接收机关回执：{receipt}")));
    }
    blocks.extend([
        heading("五、如何复核"),
        text("清单 manifest.csv 列出每个文件的类别、格式、长度、SHA-256 与 SM3。整包摘要为该清单的 SHA-256，由 seal 文件夹中的日志条目载明。"),
        text("请以两种相互独立的工具核验：lawgate-verify case.evp --policy 策略文件；python3 lawgate_verify.pyz case.evp --policy 策略文件。策略文件应取自见证方、各机关或者公证机构，不得取自本包。步骤见 verify 文件夹中的 README.txt。"),
    ]);
    blocks
}

/// The English part.
pub(super) fn english(contents: &Contents, left_out: &[LeftOut]) -> Vec<Block> {
    let numbers = Numbers::of(contents);
    let mut blocks = vec![
        title("Statement of an evidence package"),
        heading("1. What a hash proves, and what it does not"),
        text("Read this first."),
        item(
            "It proves that the entries in this package, and the messages and results that they bind, are unchanged since they were logged.",
        ),
        item(
            "It does not prove that what was logged was true. If a device was tampered with or a report was false, the log keeps the false value faithfully.",
        ),
        item(
            "It does not prove that what was not logged did not happen, except where the sender signed and numbered what it sent.",
        ),
        item(
            "It proves nothing against the operator of the log, a quorum of witnesses and the time-stamping authority all together.",
        ),
        item("An entry that is called unanchored rests on the log alone."),
        text(
            "Whether this is evidence, and what it is worth, is for the court or the deciding authority.",
        ),
        heading("2. What is in it"),
        fact("Type", package_proof_kind(contents.kind).0),
        fact("Subject", &contents.subject),
        fact("Log", &contents.origin),
        fact("Checkpoint", standing_english(contents)),
        fact(
            "Made for",
            format!("{}, {}", contents.agency, contents.made_at),
        ),
    ];
    if !contents.purpose.is_empty() {
        blocks.push(fact("Purpose and basis", &contents.purpose));
    }
    blocks.extend([
        fact("Entry before the export", format!("position {}", contents.query)),
        fact(
            "Numbers",
            format!(
                "{} entries ({} of the subject, {} of custody and reading), {} submissions, {} messages, {} records, {} receipts, {} time stamps",
                contents.entries.len(),
                numbers.subjects,
                numbers.custody,
                contents.submissions.len(),
                numbers.messages,
                numbers.records,
                contents.receipts.len(),
                contents.stamps.len(),
            ),
        ),
    ]);
    blocks.extend(contents.adapters.iter().map(|adapter| {
        let digest = to_hex(&adapter.component);
        fact("Adapter", format!("{}, SHA-256 {digest}", adapter.name))
    }));
    blocks.extend([
        heading("3. How the data came about"),
        text("Each agency sends in its own format. The gateway keeps the message untouched, then an adapter in a sandbox converts it into the common schema. An adapter is a pure function of message and configuration: with those in this package the same result can be made again."),
        text("Every submission, refusal, reading and export is an entry of the log. An entry holds the hash of the one before it and the digests of message and result. Witnesses sign checkpoints of the log, an authority stamps the time. The time in an entry is that of the gateway's clock."),
    ]);
    if contents.is_masked || !left_out.is_empty() || numbers.sealed != [0; 3] {
        blocks.push(heading("4. What is not in it"));
        if contents.is_masked {
            blocks.push(text(format!(
                "By the rights of the reader {} messages and their results are withheld and there by their digests alone; in the records personal data that was not granted is masked. A masked record is not bound by a hash directly.",
                numbers.withheld
            )));
        }
        blocks.extend(sealed_english(numbers.sealed));
        let left = left_out.iter();
        blocks.extend(left.map(|left| item(format!("{}: {}", left.what, left.why))));
    }
    blocks.extend(documents_english(contents));
    blocks.extend([
        heading("5. How to check it"),
        text("The list manifest.csv has category, format, length, SHA-256 and SM3 of every file. The digest of the package is the SHA-256 of that list; the log entry in the folder seal states it."),
        text("Use two independent tools: lawgate-verify case.evp --policy FILE, and python3 lawgate_verify.pyz case.evp --policy FILE. Take the policy from the witnesses, the agencies or a notary, never from this package. The steps are in README.txt of the folder verify."),
    ]);
    blocks
}

/// What became of sealed values, disclosed and erased ones, in Chinese; nothing where there are none.
fn sealed_chinese([sealed, disclosed, erased]: [usize; 3]) -> Option<Block> {
    ([sealed, disclosed, erased] != [0; 3]).then(|| {
        text(format!(
            "个人信息在网关中加密封存，转换结果中仅有加盐承诺：本包披露 {disclosed} 项，仍封存 {sealed} 项，已依条目删除 {erased} 项。披露的值可用 SHA-256 与承诺核对；删除不影响其余内容的证明。"
        ))
    })
}

/// The same in English.
fn sealed_english([sealed, disclosed, erased]: [usize; 3]) -> Option<Block> {
    ([sealed, disclosed, erased] != [0; 3]).then(|| {
        text(format!(
            "Personal data is sealed at the gateway, and the results have salted commitments to it: {disclosed} values are disclosed in this package, {sealed} stay sealed, {erased} were erased by entries of the log. A disclosed value is checked against its commitment with SHA-256; an erasure takes nothing from the proofs of everything else."
        ))
    })
}

/// What a transfer holds, in English; nothing for other packages.
fn documents_english(contents: &Contents) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(transfer) = &contents.transfer {
        blocks.push(heading("Documents of the transfer"));
        blocks.extend(transfer.groups.iter().map(|group| {
            let present = match group.present.is_empty() {
                true => "missing".to_owned(),
                false => format!("present: {}", group.present.join("; ")),
            };
            item(format!("{}: {present}", group.english))
        }));
        let receipt = transfer.receipt.as_deref().unwrap_or("missing");
        blocks.push(item(format!(
            "Receipt of the receiving authority: {receipt}"
        )));
    }
    blocks
}

fn package_proof_kind(kind: PackageType) -> (&'static str, &'static str) {
    package_proof::render::kind_names(kind)
}

fn standing_chinese(contents: &Contents) -> String {
    let checkpoint = &contents.checkpoint;
    match checkpoint.is_final {
        true => format!(
            "条数 {}，确定，见证方：{}",
            checkpoint.size,
            checkpoint.witnesses.join("、")
        ),
        false => format!("条数 {}，暂定：尚未达到见证方法定数量", checkpoint.size),
    }
}

fn standing_english(contents: &Contents) -> String {
    let checkpoint = &contents.checkpoint;
    match checkpoint.is_final {
        true => format!(
            "size {}, final, witnesses: {}",
            checkpoint.size,
            checkpoint.witnesses.join(", ")
        ),
        false => format!(
            "size {}, provisional: no quorum of witnesses has cosigned it yet",
            checkpoint.size
        ),
    }
}
