//! The tests that look at `mlc` from outside, in one binary.

mod corpus;
