//! Where things are inside the cluster's folder.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::error::ClusterError;

/// `sockaddr_un.sun_path` has 108 bytes, the last one is zero.
pub(crate) const SOCKET_PATH_BYTES_MAX: usize = 107;
/// The number in the socket's name. No TCP port is opened, so that nothing can collide.
pub(crate) const PORT: u16 = 5432;

const LOCK_POLL: Duration = Duration::from_millis(10);
/// Above this the server's log is set aside at the next start (one older one is kept).
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// The files and folders of one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// The cluster's folder, made if it is missing.
    pub(crate) fn prepare(folder: &Path, for_others: bool) -> Result<Self, ClusterError> {
        // The user who runs the server must get through, and nobody needs to list it.
        let mode = if for_others { 0o711 } else { 0o700 };
        if !folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(folder)
                .map_err(ClusterError::io("cannot make", folder))?;
        }
        let folder = folder
            .canonicalize()
            .map_err(ClusterError::io("cannot open", folder))?;
        let plain = folder
            .to_str()
            .is_some_and(|text| !text.contains(['\'', '\\', '"']) && !text.contains(char::is_control));
        if !plain {
            return Err(ClusterError::Characters {
                what: "the path of the data folder",
            });
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Where a cluster is made, before one rename makes it the cluster.
    pub(crate) fn data_unfinished(&self) -> PathBuf {
        self.folder.join("data.new")
    }

    pub(crate) fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// That of another role than the cluster's own.
    pub(crate) fn password_file_of(&self, role: &str) -> PathBuf {
        self.folder.join(format!("password-{role}"))
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.join("postgresql.log")
    }

    /// Held by whoever makes, starts or stops the cluster.
    pub(crate) fn lock_control(&self, wait_max: Duration) -> Result<File, ClusterError> {
        let path = self.folder.join("control.lock");
        let file = lock_file(&path)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => {
                    return Err(ClusterError::Io {
                        what: "cannot lock",
                        path,
                        source,
                    });
                }
                Err(TryLockError::WouldBlock) if started.elapsed() > wait_max => {
                    return Err(ClusterError::Timeout {
                        what: "waiting for another start or stop",
                        seconds: wait_max.as_secs(),
                    });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_POLL),
            }
        }
    }

    /// Locked shared by every process that uses the cluster: the last one may stop it.
    pub(crate) fn users_lock(&self) -> Result<File, ClusterError> {
        lock_file(&self.folder.join("users.lock"))
    }

    /// The socket's folder: in the cluster's own, or where that path would be too long, under /tmp.
    pub(crate) fn socket_folder(&self) -> Result<PathBuf, ClusterError> {
        let own = self.folder.join("socket");
        if socket_bytes(&own) <= SOCKET_PATH_BYTES_MAX {
            return Ok(own);
        }
        let short = PathBuf::from(format!(
            "/tmp/renkei-{:016x}",
            fnv1a(self.folder.as_os_str().as_bytes())
        ));
        match socket_bytes(&short) {
            bytes if bytes > SOCKET_PATH_BYTES_MAX => {
                Err(ClusterError::SocketPathTooLong { path: short, bytes })
            }
            _ => Ok(short),
        }
    }

    /// Makes the socket's folder for `account` alone, or makes sure that it is that.
    pub(crate) fn prepare_socket_folder(&self, account: &Account) -> Result<PathBuf, ClusterError> {
        let folder = self.socket_folder()?;
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => account.own(&folder)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(ClusterError::Io {
                    what: "cannot make",
                    path: folder,
                    source,
                });
            }
        }
        let found = fs::symlink_metadata(&folder).map_err(ClusterError::io("cannot open", &folder))?;
        let private = found.is_dir() && found.uid() == account.uid() && found.mode() & 0o077 == 0;
        if private {
            Ok(folder)
        } else {
            Err(ClusterError::ForeignSocketFolder { folder })
        }
    }

    /// The server's log, writable for `account`; a long one is set aside.
    pub(crate) fn prepare_log(&self, account: &Account) -> Result<PathBuf, ClusterError> {
        let log = self.log_file();
        if fs::metadata(&log).is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
            let older = self.folder.join("postgresql.log.1");
            fs::rename(&log, older).map_err(ClusterError::io("cannot rename", &log))?;
        }
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&log)
            .map_err(ClusterError::io("cannot make", &log))?;
        account.own(&log)?;
        Ok(log)
    }
}

/// Writes a file that only `account` may read, and puts it on the disk.
pub(crate) fn write_private(path: &Path, text: &str, account: &Account) -> Result<(), ClusterError> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(ClusterError::io("cannot write", path))?;
    account.own(path)
}

/// Puts a folder's entries on the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), ClusterError> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(ClusterError::io("cannot sync", folder))
}

/// A fresh password of 192 random bits, in hexadecimal.
pub(crate) fn random_password() -> Result<String, ClusterError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 24];
    File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(ClusterError::io("cannot read", source))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn lock_file(path: &Path) -> Result<File, ClusterError> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path).map_err(ClusterError::io("cannot open", path))
}

fn socket_bytes(folder: &Path) -> usize {
    folder.join(format!(".s.PGSQL.{PORT}")).as_os_str().len()
}

/// FNV-1a, 64 bits: the short folder of a cluster stays the same from release to release.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_folder_gets_a_short_socket() {
        // 107 bytes with "/socket/.s.PGSQL.5432" (21 bytes) is the last that fits.
        let fits = Layout {
            folder: PathBuf::from(format!("/{}", "d".repeat(85))),
        };
        let over = Layout {
            folder: PathBuf::from(format!("/{}", "d".repeat(86))),
        };
        assert_eq!(fits.socket_folder().unwrap(), fits.folder.join("socket"));
        assert!(over.socket_folder().unwrap().starts_with("/tmp"));
    }

    #[test]
    fn the_short_folder_never_changes() {
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn passwords_differ() {
        let (first, second) = (random_password().unwrap(), random_password().unwrap());
        assert_eq!(first.len(), 48);
        assert_ne!(first, second);
    }
}
