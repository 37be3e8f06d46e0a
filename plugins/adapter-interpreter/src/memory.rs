//! Values in a guest's memory: the canonical ABI, as far as the contract needs it.
//!
//! Everything read here was written by the guest and is not believed: positions, lengths, alignment
//! and UTF-8 are checked, and so is how much is taken altogether.

use crate::error::Crossing;

/// Most bytes taken from one call. The gateway takes 16 MiB unless told otherwise.
pub(crate) const OUTPUT_BYTES: usize = 256 << 20;

/// A guest's memory for reading.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// All of a memory.
    pub(crate) fn new(memory: &'a [u8]) -> Self {
        Self(memory)
    }

    /// Bytes at a position.
    pub(crate) fn slice(self, at: u32, length: u32) -> Result<&'a [u8], Crossing> {
        let (at, length) = (size(at), size(length));
        let end = at.checked_add(length);
        let slice = end.and_then(|end| self.0.get(at..end));
        slice.ok_or(Crossing::Malformed("a list that lies outside the memory"))
    }

    /// A string at a position.
    pub(crate) fn text(self, at: u32, length: u32) -> Result<&'a str, Crossing> {
        let bytes = self.slice(at, length)?;
        std::str::from_utf8(bytes).map_err(|_| Crossing::Malformed("a string that is not UTF-8"))
    }

    /// The positions of the elements of a list, each `bytes` long and aligned to `alignment`.
    pub(crate) fn elements(
        self,
        (at, length): (u32, u32),
        bytes: u32,
        alignment: u32,
    ) -> Result<impl Iterator<Item = u32>, Crossing> {
        aligned(at, alignment)?;
        let whole = length.checked_mul(bytes);
        let whole = whole.ok_or(Crossing::Malformed("a list that is too long"))?;
        self.slice(at, whole)?;
        Ok((0..length).map(move |number| at + number * bytes))
    }

    /// A position and a length, as they stand for a list or a string.
    pub(crate) fn pair(self, at: u32) -> Result<(u32, u32), Crossing> {
        aligned(at, 4)?;
        let bytes = self.slice(at, 8)?;
        let word = |from: usize| {
            let word = bytes[from..from + 4].try_into();
            u32::from_le_bytes(word.expect("four bytes"))
        };
        Ok((word(0), word(4)))
    }

    /// A 64-bit number.
    pub(crate) fn long(self, at: u32) -> Result<u64, Crossing> {
        aligned(at, 8)?;
        let bytes = self.slice(at, 8)?.try_into();
        Ok(u64::from_le_bytes(bytes.expect("eight bytes")))
    }

    /// A byte.
    pub(crate) fn byte(self, at: u32) -> Result<u8, Crossing> {
        Ok(self.slice(at, 1)?[0])
    }
}

/// Counts what is taken from one call.
pub(crate) struct Taken(usize);

impl Taken {
    /// Nothing was taken yet.
    pub(crate) fn new() -> Self {
        Self(OUTPUT_BYTES)
    }

    /// Takes bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Crossing> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(Crossing::Output)?;
        Ok(bytes.to_vec())
    }

    /// Takes a string.
    pub(crate) fn text(&mut self, text: &str) -> Result<String, Crossing> {
        self.0 = self.0.checked_sub(text.len()).ok_or(Crossing::Output)?;
        Ok(text.to_owned())
    }
}

fn aligned(at: u32, alignment: u32) -> Result<(), Crossing> {
    match at.is_multiple_of(alignment) {
        true => Ok(()),
        false => Err(Crossing::Malformed("a position that is not aligned")),
    }
}

fn size(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_memory_is_read() {
        let memory = [0_u8; 32];
        let bytes = Bytes::new(&memory);
        assert!(bytes.slice(0, 32).is_ok());
        assert!(bytes.slice(1, 32).is_err());
        assert!(bytes.slice(u32::MAX, u32::MAX).is_err());
        assert!(bytes.elements((0, 2), 16, 4).is_ok());
        assert!(bytes.elements((0, 3), 16, 4).is_err());
        assert!(bytes.elements((2, 1), 16, 4).is_err());
        assert!(bytes.elements((0, u32::MAX), 16, 4).is_err());
        assert!(bytes.long(4).is_err());
        assert!(bytes.pair(28).is_err());
    }

    #[test]
    fn a_string_must_be_utf_8() {
        let bytes = Bytes::new(b"ok\xff");
        assert_eq!(bytes.text(0, 2), Ok("ok"));
        assert!(bytes.text(0, 3).is_err());
    }

    #[test]
    fn what_is_taken_is_bounded_altogether() {
        let mut taken = Taken::new();
        let half = vec![0; OUTPUT_BYTES / 2];
        assert!(taken.bytes(&half).is_ok());
        assert!(taken.bytes(&half).is_ok());
        assert_eq!(taken.bytes(&[0]), Err(Crossing::Output));
    }
}
