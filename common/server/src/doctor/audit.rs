//! The audit journal: its key, its cold storage.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Finding;
use crate::config::AuditSection;
use crate::lang::Say;

const PART: &str = "audit";

/// Where the audit key lies, and whether cold storage is there.
pub fn audit_trail(section: &AuditSection) -> Vec<Finding> {
    let mut findings = vec![key(&section.key_path(), &section.journal)];
    findings.extend(section.cold_folder.as_deref().map(cold));
    findings
}

/// Whoever may copy or change the journal should not have the key that vouches for it.
fn key(key: &Path, journal: &Path) -> Finding {
    let at = key.display();
    let inside = key.starts_with(journal);
    if inside || is_open_to_others(key) {
        let found = match inside {
            true => Say::new(
                format!("監査鍵 {at} がジャーナルのフォルダー内にあります"),
                format!("the audit key {at} lies in the journal's folder"),
            ),
            false => Say::new(
                format!("監査鍵 {at} を他の利用者が読めます"),
                format!("the audit key {at} can be read by others"),
            ),
        };
        let repair = Say::new(
            "サーバーを止めて鍵を別の場所に移し、audit.key_file に書き、持ち主だけが読めるようにしてください (chmod 600)。",
            "stop the server, move the key elsewhere, name it in audit.key_file, and let only its owner read it (chmod 600)",
        );
        return Finding::warning(PART, found, repair);
    }
    Finding::good(
        PART,
        Say::new(format!("監査鍵 {at}"), format!("the audit key is {at}")),
    )
}

fn is_open_to_others(key: &Path) -> bool {
    fs::metadata(key).is_ok_and(|metadata| metadata.mode() & 0o077 != 0)
}

fn cold(folder: &Path) -> Finding {
    let at = folder.display();
    if folder.is_dir() {
        return Finding::good(
            PART,
            Say::new(format!("移し先 {at}"), format!("sealed segments go to {at}")),
        );
    }
    Finding::bad(
        PART,
        Say::new(
            format!("セグメントの移し先 {at} がありません"),
            format!("the folder for sealed segments, {at}, is not there"),
        ),
        Say::new(
            "ボリュームをマウントするか、フォルダーを作ってください。",
            "mount the volume, or make the folder",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Gravity;

    #[test]
    fn a_key_in_the_journal_is_worth_a_look() {
        let journal = Path::new("/var/lib/renkei/journal");
        assert_eq!(
            key(&journal.join("audit-key.pk8"), journal).gravity,
            Gravity::Warning
        );
        assert_eq!(
            key(Path::new("/etc/renkei/audit.pk8"), journal).gravity,
            Gravity::Good
        );
    }

    #[test]
    fn cold_storage_that_is_not_there_is_bad() {
        assert_eq!(cold(Path::new("/nowhere")).gravity, Gravity::Bad);
        assert_eq!(cold(&std::env::temp_dir()).gravity, Gravity::Good);
    }
}
