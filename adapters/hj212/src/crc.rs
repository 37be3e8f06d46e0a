//! Check values of HJ 212 frames: the standard's and the two wrong ones in the field.
//!
//! The standard's CRC (HJ 212-2017 Annex A) looks like CRC-16/MODBUS and is
//! not: at every byte it throws the low byte of its register away. Only eight
//! bits of state survive, so 256 values in all can occur, and a right CRC
//! proves nothing about tampering. Framing relies on these functions being
//! total; nothing here knows what a frame is.

/// Feedback polynomial of both algorithms, bit-reversed.
const POLYNOMIAL: u16 = 0xA001;

/// What the eight shifts make of one byte: the table both algorithms use.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u16;
        let mut bit = 0;
        while bit < 8 {
            let carry = value & 1;
            value >>= 1;
            if carry == 1 {
                value ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

/// `STEPS[k][b]`: the high byte that `b` becomes after `k + 1` steps.
///
/// A step is linear over GF(2), so eight bytes can be taken at once: the
/// register after them is the sum of what each byte alone becomes.
const STEPS: [[u8; 256]; 8] = {
    let mut steps = [[0; 256]; 8];
    let mut index = 0;
    while index < 256 {
        steps[0][index] = (TABLE[index] >> 8) as u8;
        index += 1;
    }
    let mut step = 1;
    while step < 8 {
        let mut index = 0;
        while index < 256 {
            steps[step][index] = steps[0][steps[step - 1][index] as usize];
            index += 1;
        }
        step += 1;
    }
    steps
};

/// The check value of HJ 212 over a data segment.
#[must_use]
pub fn standard(segment: &[u8]) -> u16 {
    let Some((last, before)) = segment.split_last() else {
        return 0xFFFF;
    };
    let mut high = 0xFF_u8;
    let (blocks, rest) = before.as_chunks::<8>();
    for block in blocks {
        high = STEPS[7][(high ^ block[0]) as usize]
            ^ STEPS[6][block[1] as usize]
            ^ STEPS[5][block[2] as usize]
            ^ STEPS[4][block[3] as usize]
            ^ STEPS[3][block[4] as usize]
            ^ STEPS[2][block[5] as usize]
            ^ STEPS[1][block[6] as usize]
            ^ STEPS[0][block[7] as usize];
    }
    for &byte in rest {
        high = STEPS[0][(high ^ byte) as usize];
    }
    TABLE[(high ^ last) as usize]
}

/// CRC-16/MODBUS, which some loggers send instead.
#[must_use]
pub fn modbus(segment: &[u8]) -> u16 {
    segment.iter().fold(0xFFFF, |register, &byte| {
        (register >> 8) ^ TABLE[((register as u8) ^ byte) as usize]
    })
}

/// Whether the standard's algorithm can give this value at all.
///
/// Its low byte is always one of 00 01 40 41 80 81 C0 C1. Any other low byte
/// is certainly another algorithm or a damaged value.
#[must_use]
pub fn is_possible(value: u16) -> bool {
    value & 0x003E == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of the standard, bit by bit.
    fn bitwise(data: &[u8]) -> u16 {
        let mut register = 0xFFFF_u16;
        for &byte in data {
            register = (register >> 8) ^ u16::from(byte);
            for _ in 0..8 {
                let carry = register & 1;
                register >>= 1;
                if carry == 1 {
                    register ^= POLYNOMIAL;
                }
            }
        }
        register
    }

    #[test]
    fn published_vectors_are_met() {
        let annex_2017 = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&";
        let annex_2025 = b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&";
        let vectors: [(&[u8], u16); 4] = [
            (b"", 0xFFFF),
            (b"\0", 0x4040),
            (annex_2017, 0x1C80),
            (annex_2025, 0x2200),
        ];
        for (segment, expected) in vectors {
            assert_eq!(standard(segment), expected, "{}", segment.escape_ascii());
        }
        assert_eq!(modbus(annex_2025), 0xCCF4);
        assert_eq!(modbus(b"123456789"), 0x4B37, "the catalogue's check value");
    }

    #[test]
    fn exactly_the_256_values_with_a_possible_low_byte_occur() {
        let mut values: Vec<u16> = TABLE.to_vec();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 256);
        assert!(values.iter().all(|&value| is_possible(value)));
        assert!(!is_possible(0x33EC), "a value seen in the field");
    }

    #[test]
    fn two_different_values_of_one_factor_share_a_check_value() {
        // Why a right CRC is a label and no proof.
        assert_eq!(
            standard(b"DataTime=20260901080500;a21026-Rtd=812.5,a21026-Flag=N&&"),
            standard(b"DataTime=20260901080500;a21026-Rtd=128.7,a21026-Flag=N&&"),
        );
    }

    proptest! {
        #[test]
        fn the_blockwise_value_is_the_bitwise_value(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(standard(&data), bitwise(&data));
        }
    }
}
