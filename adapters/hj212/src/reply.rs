//! Acknowledgements: the only frames this adapter can write.
//!
//! A gateway that could write anything else to a device could change what its
//! analysers report, so no other command number can be expressed here:
//! [`Acknowledgement`] has four values. Nothing is answered whose echoed fields
//! are not plain, so that no sender can smuggle a field into the answer.

use crate::crc;

/// Longest field that is echoed, in bytes. MN has 24 characters by the
/// standard; a password of 24 has been seen.
const MAX_ECHO_BYTES: usize = 32;

/// The answers of HJ 212: command numbers 9011 to 9014 and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Acknowledgement {
    /// 9011: a request was accepted (`QnRtn=1`).
    Request,
    /// 9012: a request was carried out (`ExeRtn=1`).
    Execution,
    /// 9013: a notice arrived (通知应答).
    Notice,
    /// 9014: data arrived (数据应答).
    Data,
}

impl Acknowledgement {
    /// Command number and CP of the answer.
    fn content(self) -> (&'static str, &'static str) {
        match self {
            Self::Request => ("9011", "QnRtn=1"),
            Self::Execution => ("9012", "ExeRtn=1"),
            Self::Notice => ("9013", ""),
            Self::Data => ("9014", ""),
        }
    }

    /// Appends the frame that answers a packet; returns whether it could.
    ///
    /// `qn`, `password` and `mn` are the packet's own, `edition` the number in
    /// its Flag bits. Without QN there is nothing the device could match the
    /// answer with, and no frame is written.
    pub fn append(
        self,
        reply: &mut Vec<u8>,
        qn: &str,
        password: &str,
        mn: &str,
        edition: u8,
    ) -> bool {
        let is_key = !qn.is_empty() && qn.bytes().all(|byte| byte.is_ascii_digit());
        if !is_key || ![qn, password, mn].into_iter().all(is_plain) {
            return false;
        }
        let (cn, cp) = self.content();
        // Bits 0 and 1 stay clear: an answer is neither answered nor split.
        let flag = (edition.min(63) << 2).to_string();
        let parts = [
            "QN=",
            qn,
            ";ST=91;CN=",
            cn,
            ";PW=",
            password,
            ";MN=",
            mn,
            ";Flag=",
            &flag,
            ";CP=&&",
            cp,
            "&&",
        ];
        let length: usize = parts.iter().map(|part| part.len()).sum();
        reply.reserve(length + 12);
        reply.extend_from_slice(b"##");
        for divisor in [1000, 100, 10, 1] {
            reply.push(b'0' + (length / divisor % 10) as u8);
        }
        let start = reply.len();
        for part in parts {
            reply.extend_from_slice(part.as_bytes());
        }
        let crc = crc::standard(&reply[start..]);
        for shift in [12, 8, 4, 0] {
            reply.push(b"0123456789ABCDEF"[usize::from(crc >> shift & 15)]);
        }
        reply.extend_from_slice(b"\r\n");
        true
    }
}

/// Whether a field can be echoed without changing the meaning of the answer.
fn is_plain(field: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    field.len() <= MAX_ECHO_BYTES && field.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::{Verdict, verdict};

    const ALL: [Acknowledgement; 4] = [
        Acknowledgement::Request,
        Acknowledgement::Execution,
        Acknowledgement::Notice,
        Acknowledgement::Data,
    ];

    fn answer(
        kind: Acknowledgement,
        qn: &str,
        password: &str,
        mn: &str,
        edition: u8,
    ) -> Option<String> {
        let mut reply = Vec::new();
        let written = kind.append(&mut reply, qn, password, mn, edition);
        assert_eq!(written, !reply.is_empty());
        written.then(|| String::from_utf8(reply).expect("ASCII"))
    }

    #[test]
    fn the_answer_to_data_is_the_published_one() {
        let actual = answer(
            Acknowledgement::Data,
            "20160801085000001",
            "123456",
            "010000A8900016F000169DC0",
            1,
        );
        let expected = "##0087QN=20160801085000001;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&C241\r\n";
        assert_eq!(actual.as_deref(), Some(expected));
    }

    #[test]
    fn every_answer_is_a_good_frame() {
        for kind in ALL {
            let reply =
                answer(kind, "20160801085000001", "", "A110000_0001", 2).expect("plain fields");
            assert_eq!(verdict(reply.as_bytes()), Verdict::Ok, "{reply}");
            assert!(reply.contains(";Flag=8;"));
        }
    }

    #[test]
    fn fields_that_are_not_plain_are_not_echoed() {
        let long = "1".repeat(33);
        for (qn, password, mn) in [
            ("", "123456", "M"),
            ("20160801085000001x", "123456", "M"),
            ("20160801085000001", "12;CN=3032", "M"),
            ("20160801085000001", "123456", "M,CN=3032"),
            ("20160801085000001", "123456", "M\r\n##0001"),
            ("20160801085000001", "123456", "M&&"),
            ("20160801085000001", "123456", &long),
        ] {
            assert_eq!(
                answer(Acknowledgement::Data, qn, password, mn, 1),
                None,
                "{qn} {password} {mn}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_fields_lead_to_another_command(
            kind in 0_usize..4, qn in "[0-9=;&CN]{0,20}", password in ".{0,12}", mn in ".{0,30}", edition: u8,
        ) {
            let Some(reply) = answer(ALL[kind], &qn, &password, &mn, edition) else { return Ok(()) };
            let commands: Vec<_> = reply.match_indices("CN=").collect();
            prop_assert_eq!(commands.len(), 1);
            let number = &reply[commands[0].0 + 3..][..4];
            prop_assert!(["9011", "9012", "9013", "9014"].contains(&number));
            prop_assert_eq!(verdict(reply.as_bytes()), Verdict::Ok);
        }
    }
}
