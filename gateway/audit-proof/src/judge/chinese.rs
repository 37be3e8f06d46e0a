//! Every sentence of a verdict in Chinese, for legal staff; the English one is its `Display`.
//!
//! Short sentences in the words of the glossary. Numbers and names stand in the English sentence and the fields beside;
//! both are printed together, so that nothing is said in one language only.

use std::fmt;

use super::{FailureKind, NotAsked, Outcome, Remark, Standing, UncheckedReason};
use crate::{fault::FaultKind, mirror::MirrorFaultKind};

/// What has a sentence in Chinese.
pub trait Chinese {
    /// Returns the sentence, without a full stop.
    fn chinese(&self) -> &'static str;
}

impl Chinese for Outcome {
    fn chinese(&self) -> &'static str {
        match self {
            Self::Passed => "通过：所要求的各项均已实际核验",
            Self::Failed => "未通过",
            Self::NotCheckable => "未发现错误，但有要求的事项无法核验",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "PASS: everything asked was really checked",
            Self::Failed => "FAIL",
            Self::NotCheckable => {
                "NOT CHECKED: nothing wrong was found, and something asked could not be checked"
            }
        })
    }
}

impl Chinese for Standing {
    fn chinese(&self) -> &'static str {
        match self {
            Self::Anchored => "通过，有外部见证",
            Self::Unanchored => "通过，尚无外部见证",
            Self::Failed => "不可采信",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anchored => "PASS anchored",
            Self::Unanchored => "PASS unanchored",
            Self::Failed => "FAIL",
        })
    }
}

impl Chinese for FailureKind {
    fn chinese(&self) -> &'static str {
        match self {
            Self::Log(kind) => kind.chinese(),
            Self::Mirror(kind) => kind.chinese(),
            Self::NoteForm(_) => "文件不是签名文本",
            Self::CheckpointForm(_) => "文件不是检查点",
            Self::OtherLog { .. } => "属于另一份日志",
            Self::Signature(_) => "签名不符",
            Self::Key(_) => "密钥已停用、已泄露或签名不符",
            Self::Unsigned => "没有该日志的已知密钥签名",
            Self::Shorter { .. } => "日志末尾缺少条目",
            Self::Differs { .. } => "日志已被更改：与已签名的根哈希不一致",
            Self::SplitView { .. } => "同一条数有两个不同的签名根哈希：向不同的人出示了不同的日志",
            Self::ReceiptForm(_) => "文件不是回执",
            Self::Receipt(_) => "回执不成立",
            Self::Dropped => "已出具回执的条目不在日志中",
            Self::Replaced => "回执所指位置是另一条目",
            Self::ReceiptTime => "回执时间与条目时间不一致",
            Self::Stamp(_) => "可信时间戳不成立",
            Self::TimeAfter { .. } => "条目所称时间晚于他人见到它的时间",
            Self::TimeBefore { .. } => "条目所称时间早于其之前的可信时间戳：时钟被调慢",
            Self::Stale { .. } => "最新的检查点或时间戳过旧：日志可能被恢复到旧状态",
            Self::Party(_) => "报送方签名缺失或不符",
            Self::PartyGap(_) => "报送方的连续编号有缺号：有报送未记入日志",
            Self::PartyReplay { .. } => "报送方的同一编号被重复使用",
            Self::Nothing => "没有核验到任何内容",
        }
    }
}

impl Chinese for MirrorFaultKind {
    fn chinese(&self) -> &'static str {
        match self {
            Self::Entry(kind) => kind.chinese(),
            Self::BundleMissing => "缺少条目束文件",
            Self::BundleForm(_) => "条目束文件与其名称不符",
            Self::TileMissing => "缺少哈希瓦片文件",
            Self::TileForm => "哈希瓦片文件长度不符",
            Self::TileDiffers => "哈希瓦片与条目不一致",
            Self::Unreadable(_) => "文件无法读取",
            Self::TooLarge => "所称条数超出可能范围",
        }
    }
}

impl Chinese for FaultKind {
    fn chinese(&self) -> &'static str {
        match self {
            Self::Nothing => "没有可核验的内容",
            Self::Unreadable(_) => "文件无法读取",
            Self::MissingSegment => "缺少日志段",
            Self::OpenSegmentInside => "未封存的日志段之后还有日志段",
            Self::HeaderForm => "日志段头部格式不符",
            Self::HeaderChecksum => "日志段头部校验和不符",
            Self::HeaderLink => "日志段与前一段不相接",
            Self::HeaderName => "日志段文件名与内容不符",
            Self::Origin | Self::EntryOrigin => "属于另一份日志",
            Self::Policy => "日志所依据的策略不符",
            Self::Genesis => "日志不是从创世值开始",
            Self::FrameLength => "帧长度不可能",
            Self::FrameChecksum => "帧校验和不符：字节已改变",
            Self::FramePosition => "帧的位置不符",
            Self::Entry(_) => "条目编码不规范",
            Self::EntryPosition => "条目所称位置不符",
            Self::EntryTime => "条目时间不晚于前一条目",
            Self::EntryLink => "条目与前一条目不相链接：哈希链断开",
            Self::SecondLink => "条目的国密（SM3）链与前一条目不相链接",
            Self::SecondLinkMissing => "双链日志中的条目缺少国密（SM3）链",
            Self::SecondLinkUnexpected => "单链日志中的条目含有国密（SM3）链",
            Self::GroupForm => "提交组不完整",
            Self::GroupChecksum => "组尾校验和不符",
            Self::GroupSize => "组尾条数不符",
            Self::GroupRoot => "组尾根哈希不符",
            Self::GroupHead => "组尾链头不符",
            Self::FooterForm => "段尾缺失或位置不对",
            Self::FooterChecksum => "段尾校验和不符",
            Self::FooterContent => "段尾与内容不符",
            Self::TrailingBytes => "日志段之后还有多余字节",
            Self::ShorterThanKnown => "日志末尾缺少条目",
            Self::DiffersFromKnown => "日志已被更改：与已知根哈希不一致",
        }
    }
}

impl Chinese for UncheckedReason {
    fn chinese(&self) -> &'static str {
        match self {
            Self::NoKeys => "未提供策略或密钥历史，签名无法核验",
            Self::NoKeyOfLog => "策略和密钥历史中没有该日志的密钥",
            Self::NoReceiptKey => "策略和密钥历史中没有该日志的回执密钥",
            Self::NoQuorum => "没有达到策略所要求见证人数的检查点",
            Self::NoReceipt => "要求核验回执，但没有回执",
            Self::NoStampRoots => "未提供时间戳机构的根证书",
            Self::NoStampedCheckpoint => "缺少时间戳所对应的检查点",
            Self::NoStamp => "要求核验可信时间戳，但没有时间戳",
            Self::StampAlgorithm => "时间戳的签名算法（如 SM2）本程序不核验",
            Self::NoTime => "无法判断新旧：没有他人出具的时间",
            Self::ClockBehind => "无法判断新旧：核验所用时钟偏慢",
            Self::NoStatement => "要求核验报送方签名，但没有条目带有签名",
            Self::NoLog => "未提供可供比对的日志",
            Self::BehindFault => "日志在此之前已有错误",
            Self::NoTiles => "没有哈希瓦片",
            Self::NoLock => "没有记录最近签名检查点的锁文件",
            Self::NoSm3 => "未计算 SM3 树",
            Self::Archived => "部分条目已归档，未给出归档",
        }
    }
}

impl Chinese for NotAsked {
    fn chinese(&self) -> &'static str {
        match self {
            Self::Signatures => "由谁签名",
            Self::KeyHistory => "已停用的密钥是否签名",
            Self::HeldCheckpoints => "与他处保存的检查点是否一致",
            Self::Receipts => "与回执是否一致",
            Self::Stamps => "可信时间戳",
            Self::Freshness => "日志是否为最新（是否被恢复到旧状态）",
            Self::Party => "报送方签名与编号",
            Self::ClockSetBack => "时钟是否曾被调慢",
        }
    }
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signatures => "who signed (--policy, --keys)",
            Self::KeyHistory => "whether retired keys signed (--keys)",
            Self::HeldCheckpoints => {
                "whether it contains checkpoints held elsewhere (--checkpoint)"
            }
            Self::Receipts => "whether it honours receipts (--receipts)",
            Self::Stamps => "time stamps (--tsa-roots)",
            Self::Freshness => "whether it is as new as it ought to be (--max-age)",
            Self::Party => "party signatures and counters (--party-keys)",
            Self::ClockSetBack => {
                "whether the clock was set back between time stamps (--stamp-delay)"
            }
        })
    }
}

impl Chinese for Remark {
    fn chinese(&self) -> &'static str {
        match self {
            Self::UnfinishedTail { .. } => "末尾有未完成的写入，从未被确认，不是错误",
            Self::SamePayloads { .. } => "同一报文以两个编号报送，可能是有意重发",
            Self::Erased(_) => "已密封的内容被依法删除，无法再打开；日志所绑定的摘要全部仍然成立",
            Self::NoWitnesses => "策略不要求见证方，因此没有外部见证",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnfinishedTail { bytes } => {
                write!(
                    f,
                    "{bytes} bytes of an unfinished write at the end, never acknowledged, no fault"
                )
            }
            Self::SamePayloads {
                agency,
                first,
                again,
            } => write!(
                f,
                "agency {agency} sent the same payloads twice, at positions {first} and {again}"
            ),
            Self::Erased(erasure) => erasure.fmt(f),
            Self::NoWitnesses => {
                f.write_str("the policy asks for no witness, so none anchors the log")
            }
        }
    }
}
