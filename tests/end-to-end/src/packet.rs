//! HJ 212 packets for tests, framed by a second implementation of the standard's CRC.
//!
//! Written from HJ 212-2017 Annex A bit by bit, independent of the adapter's table.

/// The CRC of HJ 212-2017 Annex A over a segment.
pub fn crc(segment: &[u8]) -> u16 {
    segment.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold((crc >> 8) ^ u16::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xA001
            } else {
                crc >> 1
            }
        })
    })
}

/// Frames a segment: `##`, length, segment, CRC, CR LF.
pub fn frame(segment: &str) -> Vec<u8> {
    format!(
        "##{:04}{segment}{:04X}\r\n",
        segment.len(),
        crc(segment.as_bytes())
    )
    .into_bytes()
}

/// Minute data of one outlet: SO2, NOx and dust with four statistics each, flags normal.
///
/// `minute` counts from 2026-09-01 00:00 and wraps after a day; `value` makes packets differ.
pub fn minute_data(mn: &str, minute: u32, value: u32) -> Vec<u8> {
    let (hour, minute) = (minute / 60 % 24, minute % 60);
    let time = format!("20260901{hour:02}{minute:02}00");
    let factors = ["a21026", "a21002", "a34013"].map(|factor| {
        let (whole, part) = (value % 90 + 5, value % 100);
        format!(
            "{factor}-Min={whole}.{part:02},{factor}-Avg={}.{part:02},{factor}-Max={}.{part:02},{factor}-Cou=0.0{part:02},{factor}-Flag=N",
            whole + 1,
            whole + 2
        )
    });
    frame(&format!(
        "QN={time}123;ST=31;CN=2051;PW=123456;MN={mn};Flag=5;CP=&&DataTime={time};{}&&",
        factors.join(";")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_the_standards_own() {
        let segment = "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&";
        assert_eq!(crc(segment.as_bytes()), 0x1C80);
        assert_eq!(crc(b""), 0xFFFF);
    }
}
