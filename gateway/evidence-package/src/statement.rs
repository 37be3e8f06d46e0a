//! The statement in plain language: Chinese first, then English, from one list of blocks to a web page and to PDF.
//!
//! Page one says what a hash proves and what it does not, before anything else. Nothing here decides; every number comes
//! from the contents.

mod font;
mod html;
mod pdf;
mod subset;
mod words;

#[cfg(test)]
mod elsewhere;

use package_proof::index::LeftOut;

use crate::Contents;

pub(crate) use html::html;
pub(crate) use pdf::{PdfError, pdf};

/// A piece of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The title of one language's part; it begins a page.
    Title(String),
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// An item of a list.
    Item(String),
    /// A name and its value.
    Fact(String, String),
}

/// The statement.
pub(crate) fn blocks(contents: &Contents, left_out: &[LeftOut]) -> Vec<Block> {
    let mut blocks = words::chinese(contents, left_out);
    blocks.extend(words::english(contents, left_out));
    blocks
}
