//! Builds the demo network and walks through the main job.

fn main() {}
