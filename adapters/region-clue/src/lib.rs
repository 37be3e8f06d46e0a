//! Adapter region-clue
