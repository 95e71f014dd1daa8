use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use repository_store::*;

use crate::support::*;

#[test]
fn a_key_file_is_private_and_written_once() {
    let dir = TempDir::fast();
    let path = dir.path().join("key");
    let id = KeyRing::create_file(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(
        KeyRing::load(std::slice::from_ref(&path)).unwrap().current_id(),
        id
    );
    let before = std::fs::read(&path).unwrap();
    assert!(KeyRing::create_file(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn unfit_key_files_are_refused() {
    let dir = TempDir::fast();
    let path = dir.key_file();
    assert!(matches!(KeyRing::load(&[]), Err(KeyError::NoKey)));
    assert!(matches!(
        KeyRing::load(&[dir.path().join("none")]),
        Err(KeyError::File { .. })
    ));

    let link = dir.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(matches!(KeyRing::load(&[link]), Err(KeyError::NotAFile(_))));

    for mode in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(
            KeyRing::load(std::slice::from_ref(&path)),
            Err(KeyError::Open(_))
        ));
    }
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();

    let text = std::fs::read_to_string(&path).unwrap();
    for bad in [
        "",
        "x",
        &text[..40],
        &text.replace("renkei-key-1", "renkei-key-2"),
        &format!("{text} more"),
    ] {
        std::fs::write(&path, bad).unwrap();
        assert!(
            matches!(KeyRing::load(std::slice::from_ref(&path)), Err(KeyError::Form(_))),
            "{bad}"
        );
    }
    let last = text.trim_end().chars().last().unwrap();
    let flipped = format!(
        "{}{}",
        &text.trim_end()[..text.trim_end().len() - 1],
        if last == '0' { '1' } else { '0' }
    );
    std::fs::write(&path, flipped).unwrap();
    assert!(matches!(KeyRing::load(&[path]), Err(KeyError::WrongId(_))));
}

#[test]
fn keys_are_not_shown() {
    let dir = TempDir::fast();
    let path = dir.key_file();
    let secret = std::fs::read_to_string(&path).unwrap();
    let secret = secret.split_whitespace().last().unwrap().to_owned();
    let shown = format!("{:?}", KeyRing::load(&[path]).unwrap());
    assert!(!shown.contains(&secret[..16]), "{shown}");
}

#[tokio::test]
async fn a_rotation_rewrites_nothing() {
    let dir = TempDir::fast();
    let (old, new) = (dir.key_file(), dir.path().join("new"));
    KeyRing::create_file(&new).unwrap();
    let with = |paths: &[std::path::PathBuf]| {
        open_with(|| config(Location::Folder(dir.data()), KeyRing::load(paths).unwrap()))
    };
    {
        let store = with(std::slice::from_ref(&old));
        begin(&store, "1.9", &[("1.2.1", b"old")])
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
    }
    let before: Vec<_> = files(&dir.data().join("blobs"));
    let bytes_before = std::fs::read(&before[0]).unwrap();
    {
        let store = with(&[new.clone(), old.clone()]);
        begin(&store, "1.9", &[("1.2.2", b"new")])
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
        assert_eq!(fetch(&store, "1.2.1").await.unwrap(), b"old");
        assert_eq!(fetch(&store, "1.2.2").await.unwrap(), b"new");
    }
    assert_eq!(std::fs::read(&before[0]).unwrap(), bytes_before);
    let store = with(&[new]);
    assert_eq!(fetch(&store, "1.2.2").await.unwrap(), b"new");
    assert!(matches!(
        store.open_document(&uid("1.2.1")).await,
        Err(StoreError::Damaged(_))
    ));
}
