//! Tests of verification: what it accepts and what it must find.
