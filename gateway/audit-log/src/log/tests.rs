//! Tests of the log: appending, reopening, crashes and failing disks.
