//! Figures: each path against a floor measured in the same run.

fn main() {}
