//! What is going on, on standard error.

use std::io::Write;

/// One line. That nobody reads it any more ends nothing.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "renkei-bench: {line}");
}
