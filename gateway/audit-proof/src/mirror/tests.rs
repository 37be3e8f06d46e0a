//! Mirrors that are made here, sound and changed.
