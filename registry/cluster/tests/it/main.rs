//! The private cluster against the installed PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test ends by it")]

mod life;
mod support;
