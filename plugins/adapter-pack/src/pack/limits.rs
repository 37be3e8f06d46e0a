//! How much of a pack is taken.

/// Bounds of reading a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackLimits {
    /// Size of the whole pack, in bytes. Default 64 MiB.
    ///
    /// A component that carries an interpreter has 12 to 19 MiB; the rest is samples.
    pub pack_bytes: usize,
    /// Size of one file, in bytes. Default 32 MiB, as much as a host installs by default.
    pub file_bytes: usize,
    /// Files. Default 4,096.
    pub files: usize,
}

impl PackLimits {
    /// The defaults given with each field.
    #[must_use]
    pub const fn recommended() -> Self {
        Self {
            pack_bytes: 64 << 20,
            file_bytes: 32 << 20,
            files: 4096,
        }
    }
}
