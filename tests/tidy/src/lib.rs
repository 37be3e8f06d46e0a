//! Rules of the repository, checked as tests
