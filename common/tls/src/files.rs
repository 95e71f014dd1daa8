//! From file names to DER: bounded reads, PEM or DER by sight, the key's access rights.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::MaterialError;

/// Largest certificate, key or CRL file, in bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Most objects of one kind that one file may hold.
const OBJECTS_MAX: usize = 10_000;

const WORLD: u32 = 0o007;
const ANY_READ: u32 = 0o444;

pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let content = read(path)?;
    let certificates = if is_pem(&content) {
        objects(path, CertificateDer::pem_slice_iter(&content))?
    } else if content.is_empty() {
        Vec::new()
    } else {
        vec![CertificateDer::from(content.to_vec())]
    };
    non_empty(path, certificates, "certificate")
}

pub(crate) fn crls(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, MaterialError> {
    let content = read(path)?;
    let lists = if is_pem(&content) {
        objects(path, CertificateRevocationListDer::pem_slice_iter(&content))?
    } else if content.is_empty() {
        Vec::new()
    } else {
        vec![CertificateRevocationListDer::from(content.to_vec())]
    };
    non_empty(path, lists, "certificate revocation list")
}

pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, MaterialError> {
    let (mut file, metadata) = open(path)?;
    if metadata.mode() & WORLD != 0 {
        return Err(MaterialError::KeyExposed {
            path: path.to_owned(),
            mode: metadata.mode() & 0o777,
        });
    }
    let content = Zeroizing::new(read_all(path, &mut file)?);
    let key = if is_pem(&content) {
        PrivateKeyDer::from_pem_slice(&content).ok()
    } else {
        PrivateKeyDer::try_from(content.as_slice())
            .ok()
            .map(|key| key.clone_key())
    };
    key.ok_or_else(|| MaterialError::NoKey {
        path: path.to_owned(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, MaterialError> {
    let (mut file, _) = open(path)?;
    read_all(path, &mut file)
}

/// Opens a regular file only: a pipe or a device in its place would block the reload for ever.
fn open(path: &Path) -> Result<(File, Metadata), MaterialError> {
    let unreadable = |source| MaterialError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(MaterialError::NotAFile {
            path: path.to_owned(),
        });
    }
    // Root may read a file that nobody may: take the mode at its word, as every other account must.
    if metadata.mode() & ANY_READ == 0 {
        return Err(unreadable(io::ErrorKind::PermissionDenied.into()));
    }
    File::open(path).map(|file| (file, metadata)).map_err(unreadable)
}

fn read_all(path: &Path, file: &mut File) -> Result<Vec<u8>, MaterialError> {
    let mut content = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content);
    read.map_err(|source| MaterialError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if content.len() as u64 > FILE_BYTES_MAX {
        return Err(MaterialError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(content)
}

fn is_pem(content: &[u8]) -> bool {
    content
        .windows(BEGIN.len())
        .take(SNIFF_BYTES)
        .any(|window| window == BEGIN)
}

const BEGIN: &[u8] = b"-----BEGIN ";

/// Some tools write a text form of the certificate before the PEM block.
const SNIFF_BYTES: usize = 64 * 1024;

fn objects<T>(
    path: &Path,
    found: impl Iterator<Item = Result<T, pem::Error>>,
) -> Result<Vec<T>, MaterialError> {
    let malformed = |_| MaterialError::BadPem {
        path: path.to_owned(),
    };
    let objects: Vec<T> = found
        .take(OBJECTS_MAX + 1)
        .collect::<Result<_, _>>()
        .map_err(malformed)?;
    if objects.len() > OBJECTS_MAX {
        return Err(MaterialError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(objects)
}

fn non_empty<T>(path: &Path, found: Vec<T>, what: &'static str) -> Result<Vec<T>, MaterialError> {
    if found.is_empty() {
        Err(MaterialError::Nothing {
            path: path.to_owned(),
            what,
        })
    } else {
        Ok(found)
    }
}
