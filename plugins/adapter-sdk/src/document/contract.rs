//! What the reader says, in the words of the contract.
//!
//! Conversions only: a notice is a finding about the message, a fault is a
//! rejection, an encoding is one of the common schema. `mapping` and adapters
//! with readers of their own rely on them, so that both say the same.

use super::{Charset, Fault, Notice, NoticeLevel};
use crate::Rejection;
use crate::proto::v1::{Action, Encoding, Finding, Severity};

impl From<Notice> for Finding {
    /// A finding about the message as a whole, at the notice's place.
    fn from(notice: Notice) -> Self {
        let (severity, action) = match notice.level {
            NoticeLevel::Info => (Severity::Info, Action::Kept),
            NoticeLevel::Warning => (Severity::Warning, Action::Kept),
            NoticeLevel::Error => (Severity::Error, Action::Dropped),
        };
        Self {
            severity: severity.into(),
            rule: notice.rule.to_owned(),
            action: action.into(),
            offset: notice.span.offset,
            length: notice.span.length,
            text: notice.text,
            ..Self::default()
        }
    }
}

impl From<Fault> for Rejection {
    /// A rejection with the fault's own code (`document.…`).
    fn from(fault: Fault) -> Self {
        Self::new(fault.code, fault.offset, fault.text)
    }
}

impl From<Charset> for Encoding {
    fn from(charset: Charset) -> Self {
        match charset {
            Charset::Ascii => Self::Ascii,
            Charset::Utf8 => Self::Utf8,
            Charset::Gb18030 => Self::Gb18030,
            Charset::Gbk => Self::Gbk,
            Charset::Utf16Le => Self::Utf16le,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Span;

    #[test]
    fn a_notice_keeps_its_place_and_its_weight() {
        let notice = Notice {
            level: NoticeLevel::Error,
            rule: "encoding.malformed",
            span: Span {
                offset: 7,
                length: 2,
            },
            text: "cut".to_owned(),
        };
        let finding = Finding::from(notice);
        assert_eq!((finding.offset, finding.length), (7, 2));
        assert_eq!(finding.severity(), Severity::Error);
        assert_eq!(finding.action(), Action::Dropped);
        assert_eq!(finding.field, "", "it is about the whole message");
    }

    #[test]
    fn a_fault_keeps_its_code_and_its_byte() {
        let fault = Fault::new("document.empty", 3, "no content");
        assert_eq!(
            Rejection::from(fault),
            Rejection::new("document.empty", 3, "no content")
        );
    }
}
