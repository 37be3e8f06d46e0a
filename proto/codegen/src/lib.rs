//! Generates the checked-in code and documents that follow from proto/ and plugins/wit
