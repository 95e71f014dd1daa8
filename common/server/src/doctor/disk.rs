//! Disks: room, and whether they are encrypted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Finding;
use crate::lang::Say;

const PART: &str = "disk";

/// Whether the volume of a folder has more room than `bytes_min`.
pub fn free_space(folder: &Path, bytes_min: u64) -> Finding {
    let Some(free) = free_bytes(folder) else {
        let found = Say::new(
            format!("{} の空きを調べられません", folder.display()),
            format!("the room on {} is unknown", folder.display()),
        );
        let repair = Say::new(
            "フォルダーがあるか確かめてください。",
            "check that the folder is there",
        );
        return Finding::warning(PART, found, repair);
    };
    let mib = free / (1024 * 1024);
    let found = Say::new(
        format!("{} の空き {mib} MiB", folder.display()),
        format!("{mib} MiB free on {}", folder.display()),
    );
    if free < bytes_min.saturating_mul(4) {
        let repair = Say::new(
            format!(
                "空きを増やしてください。{} MiB を切ると要求を拒否します。",
                bytes_min / (1024 * 1024)
            ),
            format!(
                "make room: below {} MiB requests are refused",
                bytes_min / (1024 * 1024)
            ),
        );
        let grave = free < bytes_min;
        return if grave {
            Finding::bad(PART, found, repair)
        } else {
            Finding::warning(PART, found, repair)
        };
    }
    Finding::good(PART, found)
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let output = Command::new("df")
        .args(["--output=avail", "-B1", "--"])
        .arg(existing(folder))
        .output()
        .ok()?;
    String::from_utf8(output.stdout)
        .ok()?
        .lines()
        .nth(1)?
        .trim()
        .parse()
        .ok()
}

/// The folder itself, or the nearest one above it that is there.
fn existing(folder: &Path) -> PathBuf {
    folder
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"))
        .to_owned()
}

/// Whether a folder lies on an encrypted volume: the database, the journal and unfinished work are readable
/// to whoever holds the disk otherwise.
pub fn encrypted_volume(folder: &Path) -> Finding {
    let on = folder.display();
    match device_is_encrypted(folder) {
        Some(true) => Finding::good(
            PART,
            Say::new(
                format!("{on} は暗号化ボリューム上にあります"),
                format!("{on} is on an encrypted volume"),
            ),
        ),
        _ => Finding::warning(
            PART,
            Say::new(
                format!("{on} が暗号化ボリューム上にあると確認できません"),
                format!("{on} is not known to be on an encrypted volume"),
            ),
            Say::new(
                "LUKS などで暗号化したボリュームに置いてください(データベース、監査ジャーナル)。",
                "put it on an encrypted volume (LUKS or the like): it holds the database and the journal",
            ),
        ),
    }
}

/// Whether the device below a folder, or one below that, is a dm-crypt device.
fn device_is_encrypted(folder: &Path) -> Option<bool> {
    let output = Command::new("df")
        .args(["--output=source", "--"])
        .arg(existing(folder))
        .output()
        .ok()?;
    let source = String::from_utf8(output.stdout)
        .ok()?
        .lines()
        .nth(1)?
        .trim()
        .to_owned();
    let device = fs::canonicalize(source).ok()?;
    let name = device.file_name()?.to_str()?.to_owned();
    Some(is_crypt(&name, 4))
}

fn is_crypt(name: &str, depth: u32) -> bool {
    let block = Path::new("/sys/class/block").join(name);
    let uuid = fs::read_to_string(block.join("dm/uuid")).unwrap_or_default();
    if uuid.starts_with("CRYPT-") {
        return true;
    }
    let below = fs::read_dir(block.join("slaves")).into_iter().flatten().flatten();
    depth > 0
        && below
            .filter_map(|entry| entry.file_name().into_string().ok())
            .any(|name| is_crypt(&name, depth - 1))
}
