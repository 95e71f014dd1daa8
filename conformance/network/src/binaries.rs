use std::env;
use std::path::PathBuf;

/// A program of the workspace: in `RENKEI_BIN_DIR`, or else where the running binary was built.
///
/// A test binary lies in `deps` below that folder. Cargo builds the programs with `cargo build` or with the tests of
/// their own packages, not with the tests of another package.
pub fn binary(name: &str) -> PathBuf {
    let folder = env::var_os("RENKEI_BIN_DIR").map_or_else(beside_us, PathBuf::from);
    folder.join(name)
}

fn beside_us() -> PathBuf {
    let mut folder = env::current_exe().unwrap_or_default();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    folder
}
