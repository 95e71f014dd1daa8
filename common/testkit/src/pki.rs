//! A certificate authority for tests and for the demo network: roots, intermediates, leaves of every
//! kind (the broken ones too) and revocation lists. Never for patients' data.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use aws_lc_rs::{digest, rand};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, RevocationReason, RevokedCertParams, RsaKeySize, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// A certificate authority that exists in memory only.
pub struct TestCa {
    common_name: String,
    issuer: Issuer<'static, KeyPair>,
    cert_pem: String,
    cert_der: Vec<u8>,
    serial: Vec<u8>,
    key_id: Vec<u8>,
    chain_pem: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// What a leaf certificate shall look like.
#[derive(Clone, Debug)]
pub struct LeafSpec {
    /// Subject CN.
    pub common_name: String,
    /// Subject O, where wanted.
    pub organisation: Option<String>,
    /// subjectAltName dNSName values.
    pub dns_names: Vec<String>,
    /// subjectAltName iPAddress values.
    pub ip_addresses: Vec<IpAddr>,
    /// Start of validity; the start of the CA's when absent.
    pub not_before: Option<OffsetDateTime>,
    /// End of validity; the end of the CA's when absent.
    pub not_after: Option<OffsetDateTime>,
    /// Extended key usages; an empty list leaves the extension out.
    pub extended_key_usages: Vec<ExtendedKeyUsagePurpose>,
    /// Key usages; an empty list leaves the extension out.
    pub key_usages: Vec<KeyUsagePurpose>,
    /// Sets basicConstraints CA:TRUE, which no leaf may carry.
    pub is_ca: bool,
    /// The kind of key to make.
    pub key: KeyKind,
}

/// The kind of a key pair.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyKind {
    /// ECDSA on P-256, made in microseconds.
    #[default]
    P256,
    /// RSA with 2048 bits; making one takes a noticeable part of a second.
    Rsa2048,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate alone.
    pub cert_pem: String,
    /// The certificate followed by the intermediates up to, not including, the root.
    pub chain_pem: String,
    /// The private key, PKCS #8.
    pub key_pem: String,
    /// The certificate alone.
    pub cert_der: Vec<u8>,
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// SHA-256 of `cert_der`, lower-case hexadecimal.
    pub fingerprint: String,
}

/// Why the PKI could not make or write something.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The generator refused the request.
    #[error("certificate generator: {0}")]
    Generator(#[from] rcgen::Error),
    /// The operating system gave no random bytes.
    #[error("no randomness from the operating system")]
    Random,
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl TestCa {
    /// A self-signed root, valid from a day before `now` for ten years.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn new(common_name: &str, now: OffsetDateTime) -> Result<Self, PkiError> {
        Self::valid_between(common_name, now - Duration::DAY, now + Duration::days(3650))
    }

    /// A self-signed root with stated dates.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn valid_between(
        common_name: &str,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Self, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        Self::with_key(common_name, key, not_before, not_after)
    }

    /// Another root under the same subject with the same subjectKeyIdentifier and another key:
    /// only its signature tells it from this one.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn impostor(&self) -> Result<Self, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = ca_params(&self.common_name, self.not_before, self.not_after)?;
        params.key_identifier_method = KeyIdMethod::PreSpecified(self.key_id.clone());
        let cert = params.self_signed(&key)?;
        Ok(Self::assemble(
            &self.common_name,
            params,
            key,
            &cert,
            String::new(),
        ))
    }

    /// An intermediate authority signed by this one, with the same dates.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn intermediate(&self, common_name: &str) -> Result<Self, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = ca_params(common_name, self.not_before, self.not_after)?;
        params.use_authority_key_identifier_extension = true;
        let cert = params.signed_by(&key, &self.issuer)?;
        let chain_pem = format!("{}{}", cert.pem(), self.chain_pem);
        Ok(Self::assemble(common_name, params, key, &cert, chain_pem))
    }

    /// A leaf signed by this authority.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn leaf(&self, spec: &LeafSpec) -> Result<Issued, PkiError> {
        let key = spec.key.generate()?;
        let mut params = spec.params(self.not_before, self.not_after)?;
        params.use_authority_key_identifier_extension = true;
        let cert = params.signed_by(&key, &self.issuer)?;
        Ok(Issued::new(&params, &cert, &key, &self.chain_pem))
    }

    /// A complete revocation list of this authority over `revoked` serial numbers, PEM.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn crl(
        &self,
        revoked: &[Vec<u8>],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<String, PkiError> {
        Ok(self.signed_crl(revoked, this_update, next_update)?.pem()?)
    }

    /// The same list as [`TestCa::crl`], DER.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn crl_der(
        &self,
        revoked: &[Vec<u8>],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<Vec<u8>, PkiError> {
        Ok(self.signed_crl(revoked, this_update, next_update)?.der().to_vec())
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// The authority's certificate, DER.
    #[must_use]
    pub fn cert_der(&self) -> &[u8] {
        &self.cert_der
    }

    /// The serial number of the authority's certificate, big-endian.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    fn with_key(
        common_name: &str,
        key: KeyPair,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Self, PkiError> {
        let params = ca_params(common_name, not_before, not_after)?;
        let cert = params.self_signed(&key)?;
        Ok(Self::assemble(common_name, params, key, &cert, String::new()))
    }

    fn assemble(
        common_name: &str,
        params: CertificateParams,
        key: KeyPair,
        cert: &rcgen::Certificate,
        chain_pem: String,
    ) -> Self {
        Self {
            common_name: common_name.to_owned(),
            cert_pem: cert.pem(),
            cert_der: cert.der().to_vec(),
            serial: serial_of(&params),
            key_id: params.key_identifier(&key),
            chain_pem,
            not_before: params.not_before,
            not_after: params.not_after,
            issuer: Issuer::new(params, key),
        }
    }

    fn signed_crl(
        &self,
        revoked: &[Vec<u8>],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<rcgen::CertificateRevocationList, PkiError> {
        let params = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(this_update.unix_timestamp().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| revoked_at(serial, this_update))
                .collect(),
            key_identifier_method: KeyIdMethod::PreSpecified(self.key_id.clone()),
        };
        Ok(params.signed_by(&self.issuer)?)
    }
}

impl LeafSpec {
    /// A node's certificate as they are in the field: usable as client and as server, P-256, `localhost` and
    /// the loopback address among its names.
    #[must_use]
    pub fn node(common_name: &str) -> Self {
        Self {
            common_name: common_name.to_owned(),
            organisation: None,
            dns_names: vec!["localhost".to_owned()],
            ip_addresses: vec![IpAddr::from([127, 0, 0, 1])],
            not_before: None,
            not_after: None,
            extended_key_usages: vec![
                ExtendedKeyUsagePurpose::ClientAuth,
                ExtendedKeyUsagePurpose::ServerAuth,
            ],
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            is_ca: false,
            key: KeyKind::P256,
        }
    }

    /// The leaf signed by its own key.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn self_signed(
        &self,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Issued, PkiError> {
        let key = self.key.generate()?;
        let params = self.params(not_before, not_after)?;
        let cert = params.self_signed(&key)?;
        Ok(Issued::new(&params, &cert, &key, ""))
    }

    fn params(
        &self,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<CertificateParams, PkiError> {
        let mut params = base_params(
            &self.common_name,
            self.not_before.unwrap_or(not_before),
            self.not_after.unwrap_or(not_after),
        )?;
        if let Some(organisation) = &self.organisation {
            params
                .distinguished_name
                .push(DnType::OrganizationName, organisation.as_str());
        }
        for name in &self.dns_names {
            params
                .subject_alt_names
                .push(SanType::DnsName(name.as_str().try_into()?));
        }
        params
            .subject_alt_names
            .extend(self.ip_addresses.iter().map(|ip| SanType::IpAddress(*ip)));
        params.extended_key_usages.clone_from(&self.extended_key_usages);
        params.key_usages.clone_from(&self.key_usages);
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        Ok(params)
    }
}

impl KeyKind {
    fn generate(self) -> Result<KeyPair, PkiError> {
        Ok(match self {
            Self::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            Self::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        })
    }
}

impl Issued {
    fn new(params: &CertificateParams, cert: &rcgen::Certificate, key: &KeyPair, above: &str) -> Self {
        Self {
            cert_pem: cert.pem(),
            chain_pem: format!("{}{above}", cert.pem()),
            key_pem: key.serialize_pem(),
            cert_der: cert.der().to_vec(),
            serial: serial_of(params),
            fingerprint: fingerprint(cert.der()),
        }
    }

    /// Writes `NAME.crt` (with its intermediates) and `NAME.key` (mode 0600) into `folder` and returns both paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf), PkiError> {
        let certificate = folder.join(format!("{name}.crt"));
        let key = folder.join(format!("{name}.key"));
        write_public(&certificate, self.chain_pem.as_bytes())?;
        write_private(&key, self.key_pem.as_bytes())?;
        Ok((certificate, key))
    }
}

/// The SHA-256 of `der` in lower-case hexadecimal.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, der);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file that others may read, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_public(path: &Path, content: &[u8]) -> Result<(), PkiError> {
    write_with_mode(path, content, 0o644)
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), PkiError> {
    write_with_mode(path, content, 0o600)
}

/// Beside the target first, then renamed: a server that watches the file never reads half of it.
fn write_with_mode(path: &Path, content: &[u8], mode: u32) -> Result<(), PkiError> {
    use std::os::unix::fs::OpenOptionsExt;

    let staged = path.with_extension("new");
    let write = || -> io::Result<()> {
        match fs::remove_file(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&staged)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&staged, path)
    };
    write().map_err(|source| PkiError::Write {
        path: path.to_owned(),
        source,
    })
}

fn ca_params(
    common_name: &str,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, PkiError> {
    let mut params = base_params(common_name, not_before, not_after)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn base_params(
    common_name: &str,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = not_before;
    params.not_after = not_after;
    params.serial_number = Some(random_serial()?);
    Ok(params)
}

/// 16 random bytes, positive and without a leading zero, as RFC 5280 4.1.2.2 wants them.
fn random_serial() -> Result<SerialNumber, PkiError> {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).map_err(|_| PkiError::Random)?;
    let [first, ..] = &mut bytes;
    *first = (*first & 0x7f) | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn serial_of(params: &CertificateParams) -> Vec<u8> {
    params
        .serial_number
        .as_ref()
        .map(SerialNumber::to_bytes)
        .unwrap_or_default()
}

fn revoked_at(serial: &[u8], at: OffsetDateTime) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: at,
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-24 09:00 UTC);

    #[test]
    fn leaf_under_an_intermediate_carries_the_intermediate() {
        let root = TestCa::new("root", NOW).unwrap();
        let middle = root.intermediate("middle").unwrap();
        let leaf = middle.leaf(&LeafSpec::node("h1")).unwrap();

        assert_eq!(leaf.chain_pem.matches("BEGIN CERTIFICATE").count(), 2);
        assert!(leaf.chain_pem.ends_with(middle.cert_pem()));
        assert_eq!(leaf.fingerprint, fingerprint(&leaf.cert_der));
        assert_eq!(leaf.serial.len(), 16);
    }

    #[test]
    fn keys_are_private_and_certificates_are_not() {
        let folder = std::env::temp_dir().join(format!("renkei-pki-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let leaf = TestCa::new("root", NOW)
            .unwrap()
            .leaf(&LeafSpec::node("h1"))
            .unwrap();

        // Twice: replacing what is there must work too.
        leaf.write(&folder, "h1").unwrap();
        let (certificate, key) = leaf.write(&folder, "h1").unwrap();

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&key), 0o600);
        assert_eq!(mode(&certificate), 0o644);
        fs::remove_dir_all(&folder).unwrap();
    }
}
