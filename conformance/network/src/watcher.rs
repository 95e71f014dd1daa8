//! A shell that outlives us, for the case that our end runs no code.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts a shell that waits for our end, whatever brings it, then stops what runs in the folder and removes it: a
/// static is never dropped, and a killed process runs no code.
pub(crate) fn watch(folder: &Path) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", WATCH, "watch"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        // Not with us: Ctrl-C goes to our process group.
        .process_group(0)
        .spawn()
}

/// The programs are killed; PostgreSQL gets an immediate shutdown (SIGQUIT), and SIGKILL after 5 s. With
/// `RENKEI_KEEP` in the environment the folder stays, for a person to look at.
const WATCH: &str = r#"
read -r _
for file in "$1"/*.pid; do
    [ -e "$file" ] && kill -KILL "$(cat "$file")"
done
lock=$(find "$1/registry" -maxdepth 4 -name postmaster.pid 2>/dev/null | head -n 1)
if [ -n "$lock" ]; then
    pid=$(head -n 1 "$lock")
    kill -QUIT "$pid"
    tries=0
    while [ -e "$lock" ] && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    [ -e "$lock" ] && kill -KILL "$pid"
fi
[ -n "$RENKEI_KEEP" ] || rm -rf "$1"
"#;
