//! Rules of the common schema
