//! Walking over the store in the order in which bundles were kept.
//!
//! For whoever rebuilds something from all bundles, and for checking a whole store. Reads as it goes and holds one
//! bundle at a time.

use std::sync::Arc;

use crate::{
    bundle::{Bundle, Location},
    format::{Damage, HEADER_BYTES, Part, TRAILER_BYTES},
    store::{GetError, Shared},
};

/// An iterator over durable bundles.
///
/// A bundle that is damaged gives an error and is passed over. Where not even its length is known, the rest of its
/// segment is passed over too.
#[derive(Debug)]
pub struct Bundles {
    shared: Arc<Shared>,
    next: Location,
}

impl Bundles {
    pub(crate) fn new(shared: Arc<Shared>, from: Location) -> Self {
        Self { shared, next: from }
    }

    /// Returns the place from which the iterator goes on; a walk may be continued there later.
    #[must_use]
    pub fn location(&self) -> Location {
        self.next
    }

    fn step(&mut self) -> Result<Option<Bundle>, GetError> {
        loop {
            let location = Location {
                offset: self.next.offset.max(HEADER_BYTES as u64),
                ..self.next
            };
            let next_segment = Location {
                segment: location.segment + 1,
                offset: 0,
            };
            let segment = match self.shared.segments.segment(location.segment) {
                Ok(Some(segment)) => segment,
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.next = next_segment;
                    return Err(error);
                }
            };
            if location.offset >= segment.end {
                if self.shared.segments.next_number() <= location.segment {
                    // The end of the open segment: more may come.
                    return Ok(None);
                }
                self.next = next_segment;
                continue;
            }
            match segment.part(location.offset) {
                Ok(Some(Part::Trailer { .. })) => {
                    self.next = Location {
                        offset: location.offset + TRAILER_BYTES as u64,
                        ..location
                    };
                }
                Ok(Some(Part::Bundle(head))) => {
                    self.next = Location {
                        offset: location.offset + head.len(),
                        ..location
                    };
                    return segment.bundle(location, &head).map(Some);
                }
                Ok(None) => {
                    self.next = Location {
                        offset: segment.end,
                        ..location
                    };
                    return Err(segment.damaged(location.offset, Damage::Head));
                }
                Err(error) => {
                    self.next = next_segment;
                    return Err(error);
                }
            }
        }
    }
}

impl Iterator for Bundles {
    type Item = Result<Bundle, GetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
