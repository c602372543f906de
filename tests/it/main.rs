//! The one test program: module lines only.
