//! A network of both programs on this machine, for end-to-end tests and benchmarks.
