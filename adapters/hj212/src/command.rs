//! Command numbers (CN) and what this adapter does with each.
//!
//! Everything a device tells is converted; everything that tells a device what
//! to do is refused, also when it arrives on the way up. The same number often
//! serves a request and its answer, so the content decides which it is. HJ
//! 212-2017 table 9 and Annex C, HJ 212-2025 Annex C.

use crate::items::{Item, Suffix};
use crate::reply::Acknowledgement;

/// What a packet is, by its command number and content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Monitoring values, averaged or counted over an interval.
    Values(Span),
    /// The logger started (2081).
    Restart,
    /// Serial numbers of a device (3019, 1001).
    Identity,
    /// A setting or a log a device told on request: nothing the schema keeps.
    Told,
    /// The device asks for something or says it is alive (1013, 9015).
    Notice,
    /// 9011, 9012: what became of a request.
    Result,
    /// 9013, 9014 and a vendor's log-in: nothing to convert.
    Formality,
    /// A request to the device: refused.
    Downlink,
    /// A number no edition has: what its values mean is not known.
    Unknown,
}

/// The interval the values of a packet stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// A point in time, sent every so often.
    Instant,
    /// The minute interval of the device: 1 to 30 minutes.
    Minutes,
    /// A fixed number of seconds.
    Seconds(u32),
}

impl Command {
    /// Says what a packet is.
    pub(crate) fn of(number: &str, items: &[Item<'_>]) -> Self {
        let has = |name: &str| {
            items
                .iter()
                .any(|item| item.name.eq_ignore_ascii_case(name))
        };
        let has_suffix = |suffix: Suffix| items.iter().any(|item| item.suffix == suffix);
        let values = |span| match items {
            [] => Self::Downlink,
            _ if has("DataTime") => Self::Values(span),
            // A request for history carries two times and no values.
            _ if has("BeginTime") || has("EndTime") => Self::Downlink,
            _ => Self::Values(span),
        };
        let answer = |is_answer: bool, answer| if is_answer { answer } else { Self::Downlink };
        match number {
            "2011" | "2013" | "2021" | "2052" | "2062" => values(Span::Instant),
            "2051" => values(Span::Minutes),
            "2111" => values(Span::Seconds(300)),
            "2061" => values(Span::Seconds(3_600)),
            "2031" | "2041" => values(Span::Seconds(86_400)),
            "2081" => answer(has("RestartTime"), Self::Restart),
            "1013" | "9015" => Self::Notice,
            // The request names a factor; only the answer carries what was asked for.
            "1001" => answer(
                has_suffix(Suffix::Info) || has_suffix(Suffix::Serial),
                Self::Identity,
            ),
            "3019" => answer(has_suffix(Suffix::Serial), Self::Identity),
            "3020" => answer(has("DataTime") && has_suffix(Suffix::Info), Self::Told),
            "1011" => answer(has("SystemTime"), Self::Told),
            "1061" => answer(has("RtdInterval"), Self::Told),
            "1063" => answer(has("MinInterval"), Self::Told),
            "9011" | "9012" => Self::Result,
            "9013" | "9014" | "9021" => Self::Formality,
            "2012" | "2022" => Self::Downlink,
            _ if number.starts_with(['1', '3']) => Self::Downlink,
            _ => Self::Unknown,
        }
    }

    /// The answer the standard wants for a packet that asks for one.
    ///
    /// Data is answered with 9014, a notice with 9013. Answers are not
    /// answered, and a request is neither carried out nor answered.
    pub(crate) fn acknowledgement(self) -> Option<Acknowledgement> {
        match self {
            Self::Values(_) | Self::Restart => Some(Acknowledgement::Data),
            Self::Notice => Some(Acknowledgement::Notice),
            Self::Identity
            | Self::Told
            | Self::Result
            | Self::Formality
            | Self::Downlink
            | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Findings;
    use crate::items;
    use crate::segment::Spot;

    fn check(number: &str, cp: &str, expected: Command) {
        let mut list = Vec::new();
        items::parse(
            Spot {
                value: cp,
                offset: 0,
            },
            &mut list,
            &mut Findings::default(),
        );
        assert_eq!(Command::of(number, &list), expected, "{number} {cp}");
    }

    #[test]
    fn data_stands_for_the_interval_of_its_number() {
        let cp = "DataTime=20260901080000;w01018-Avg=1";
        check("2011", cp, Command::Values(Span::Instant));
        check("2051", cp, Command::Values(Span::Minutes));
        check("2061", cp, Command::Values(Span::Seconds(3_600)));
        check("2031", cp, Command::Values(Span::Seconds(86_400)));
        check("2111", cp, Command::Values(Span::Seconds(300)));
    }

    #[test]
    fn a_request_for_data_is_not_data() {
        for number in ["2011", "2021", "2031", "2041", "2051", "2061", "2062"] {
            check(number, "", Command::Downlink);
            check(
                number,
                "BeginTime=20260901000000,EndTime=20260902000000",
                Command::Downlink,
            );
            check(
                number,
                "EndTime=20260902000000;BeginTime=20260901000000",
                Command::Downlink,
            );
        }
        check("2012", "", Command::Downlink);
        check("2022", "", Command::Downlink);
    }

    #[test]
    fn what_tells_a_device_what_to_do_is_downlink_whatever_it_carries() {
        let cps = [
            "",
            "PolId=w01018",
            "DataTime=20260901080000;w01018-Info=1;w01018-SN=2",
            "PolId=a,MB_BgnAddr=1,MB_Wrt=3",
        ];
        for number in (1000..1100).chain(3000..4000) {
            let is_answered_in_kind = [1001, 1011, 1013, 1061, 1063, 3019, 3020].contains(&number);
            if !is_answered_in_kind {
                cps.iter()
                    .for_each(|cp| check(&number.to_string(), cp, Command::Downlink));
            }
        }
    }

    #[test]
    fn a_request_that_shares_its_number_with_an_answer_is_told_apart() {
        check("1011", "PolId=w01018", Command::Downlink);
        check(
            "1011",
            "PolId=w01018;SystemTime=20260901080000",
            Command::Told,
        );
        check(
            "1012",
            "PolId=w01018;SystemTime=20260901080000",
            Command::Downlink,
        );
        check("1061", "", Command::Downlink);
        check("1061", "RtdInterval=30", Command::Told);
        check("1062", "RtdInterval=30", Command::Downlink);
        check("3019", "PolId=w01018", Command::Downlink);
        check("3019", "PolId=w01018;w01018-SN=12345", Command::Identity);
        check(
            "3020",
            "PolId=w01018;InfoId=i11001;BeginTime=20260901010522,EndTime=20260901085857",
            Command::Downlink,
        );
        check(
            "3020",
            "DataTime=20260901010522;PolId=w01018,i11001-Info=//text//",
            Command::Told,
        );
        check(
            "3021",
            "PolId=w01018;InfoId=i13004;i13004-Info=168.0",
            Command::Downlink,
        );
    }

    #[test]
    fn only_data_and_notices_are_acknowledged() {
        assert_eq!(
            Command::Values(Span::Instant).acknowledgement(),
            Some(Acknowledgement::Data)
        );
        assert_eq!(
            Command::Notice.acknowledgement(),
            Some(Acknowledgement::Notice)
        );
        for command in [
            Command::Result,
            Command::Formality,
            Command::Downlink,
            Command::Unknown,
            Command::Identity,
        ] {
            assert_eq!(command.acknowledgement(), None, "{command:?}");
        }
    }
}
