//! Device ids of video networks (GB/T 28181-2022 Annex E.1, 20 digits).
//!
//! Takes an id apart. Whether a device with that id is registered is not
//! known here.

/// An id taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraId<'a> {
    /// Eight digits of the centre: province, city, district, station.
    pub centre: &'a str,
    /// Two digits of the industry; `09` is health and environment (卫生环保).
    pub industry: &'a str,
    /// Three digits of the type of device.
    pub device_type: &'a str,
    /// One digit of the network: 5 police, 6 government, 7 Internet.
    pub network: &'a str,
    /// Six digits within the centre.
    pub serial: &'a str,
}

impl CameraId<'_> {
    /// Returns what the type means; `None` for a type without a name here.
    pub fn type_name(&self) -> Option<&'static str> {
        match self.device_type {
            "111" => Some("DVR"),
            "118" => Some("NVR"),
            "131" => Some("camera"),
            "132" => Some("IPC"),
            "200" => Some("server"),
            "215" => Some("business group"),
            "216" => Some("virtual organisation"),
            _ => None,
        }
    }

    /// Returns whether the id is of a camera (131 analogue, 132 IP).
    pub fn is_camera(&self) -> bool {
        matches!(self.device_type, "131" | "132")
    }
}

/// Takes an id apart; `None` unless it is 20 ASCII digits.
pub fn parse(id: &str) -> Option<CameraId<'_>> {
    if id.len() != 20 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(CameraId {
        centre: id.get(..8)?,
        industry: id.get(8..10)?,
        device_type: id.get(10..13)?,
        network: id.get(13..14)?,
        serial: id.get(14..)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_apart() {
        let id = parse("15020300091327000489").expect("20 digits");
        assert_eq!(
            (
                id.centre,
                id.industry,
                id.device_type,
                id.network,
                id.serial
            ),
            ("15020300", "09", "132", "7", "000489")
        );
        assert!(id.is_camera());
        assert_eq!(id.type_name(), Some("IPC"));
        let server = parse("15020000002000000001").expect("20 digits");
        assert!(!server.is_camera());
        assert_eq!(server.type_name(), Some("server"));
        assert_eq!(
            parse("15020200092130000017").and_then(|id| id.type_name()),
            None
        );
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "1502030009132000048",
            "150203000913200004890",
            "1502030009132000048a",
            "１５０２０３０００９１３２０００",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
