//! An assertion provider for tests and for the demo: writes SAML 2.0 assertions and signs them.
//!
//! It writes canonical XML by hand and shares no code with the side that validates, so that a mistake in one cannot
//! agree with the same mistake in the other.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, RsaKeySize,
};
use time::{Duration, OffsetDateTime};

/// What an assertion is signed with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// The same with SHA-384.
    RsaSha384,
    /// The same with SHA-512.
    RsaSha512,
    /// RSASSA-PSS with SHA-256.
    PssSha256,
    /// The same with SHA-384.
    PssSha384,
    /// The same with SHA-512.
    PssSha512,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
}

/// An assertion provider with its key and certificate.
pub struct AssertionProvider {
    entity_id: String,
    algorithm: SignatureAlgorithm,
    key_der: Vec<u8>,
    certificate_der: Vec<u8>,
}

/// What an assertion says.
#[derive(Clone, Debug)]
pub struct AssertionSpec {
    /// ID, a name without a colon.
    pub id: String,
    /// IssueInstant, AuthnInstant and NotBefore.
    pub issued: OffsetDateTime,
    /// Conditions/@NotOnOrAfter.
    pub not_on_or_after: OffsetDateTime,
    /// Subject/NameID.
    pub name_id: String,
    /// The Audience values of one restriction.
    pub audiences: Vec<String>,
    /// AuthnContextClassRef.
    pub authn_context: String,
    /// Whether Conditions hold OneTimeUse.
    pub one_time_use: bool,
    /// A certificate (DER) that the bearer must hold the key of; bearer confirmation without one.
    pub holder_of_key: Option<Vec<u8>>,
    /// Attributes by Name.
    pub attributes: Vec<(String, SpecValue)>,
}

/// A value of an attribute.
#[derive(Clone, Debug)]
pub enum SpecValue {
    /// Text.
    Text(String),
    /// An HL7 CE.
    Coded {
        /// Local name: `Role` or `PurposeOfUse`.
        element: &'static str,
        /// `@code`.
        code: String,
        /// `@codeSystem`.
        code_system: String,
        /// `@displayName`.
        display_name: String,
    },
}

/// Why an assertion could not be made.
#[derive(Debug, thiserror::Error)]
pub enum XuaError {
    /// The certificate generator refused.
    #[error("certificate generator: {0}")]
    Generator(#[from] rcgen::Error),
    /// The key cannot be read, or does not fit the algorithm.
    #[error("the key cannot be used for this algorithm")]
    Key,
    /// The text to sign is no assertion of this provider's form.
    #[error("the text to sign has no ID or no Issuer")]
    Form,
    /// A PEM file holds no base64 text.
    #[error("not a PEM file")]
    Pem,
}

impl AssertionProvider {
    /// A provider with a fresh key and a self-signed certificate, valid from a day before `now` for ten years.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate(
        entity_id: &str,
        algorithm: SignatureAlgorithm,
        now: OffsetDateTime,
    ) -> Result<Self, XuaError> {
        let key = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            SignatureAlgorithm::EcdsaP384Sha384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?,
            _ => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        };
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, entity_id);
        params.not_before = now - Duration::DAY;
        params.not_after = now + Duration::days(3650);
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            entity_id: entity_id.to_owned(),
            algorithm,
            key_der: key.serialize_der(),
            certificate_der: certificate.der().to_vec(),
        })
    }

    /// A provider with the key (PKCS #8) and certificate of PEM files.
    ///
    /// # Errors
    /// When a file is no PEM file.
    pub fn from_pem(
        entity_id: &str,
        algorithm: SignatureAlgorithm,
        key_pem: &str,
        certificate_pem: &str,
    ) -> Result<Self, XuaError> {
        Ok(Self {
            entity_id: entity_id.to_owned(),
            algorithm,
            key_der: pem(key_pem)?,
            certificate_der: pem(certificate_pem)?,
        })
    }

    /// Its entity identifier.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Its certificate, to be configured where its assertions are validated.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The same as a PEM file.
    pub fn certificate_pem(&self) -> String {
        let base64 = STANDARD.encode(&self.certificate_der);
        let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for (index, char) in base64.chars().enumerate() {
            if index > 0 && index % PEM_LINE_CHARS == 0 {
                out.push('\n');
            }
            out.push(char);
        }
        out.push_str("\n-----END CERTIFICATE-----\n");
        out
    }

    /// A signed assertion, to be put into wsse:Security.
    ///
    /// # Errors
    /// When the key does not fit.
    pub fn issue(&self, spec: &AssertionSpec) -> Result<String, XuaError> {
        self.sign(&self.write(spec))
    }

    /// The assertion without a signature, in canonical form.
    pub fn write(&self, spec: &AssertionSpec) -> String {
        let issued = instant(spec.issued);
        let end = instant(spec.not_on_or_after);
        let mut out = format!(
            "<saml2:Assertion xmlns:saml2=\"{SAML2}\" ID=\"{}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
             <saml2:Issuer>{}</saml2:Issuer>",
            attribute(&spec.id),
            text(&self.entity_id)
        );
        out.push_str(&subject(spec, &end));
        out.push_str(&format!(
            "<saml2:Conditions NotBefore=\"{issued}\" NotOnOrAfter=\"{end}\"><saml2:AudienceRestriction>"
        ));
        for audience in &spec.audiences {
            out.push_str(&format!("<saml2:Audience>{}</saml2:Audience>", text(audience)));
        }
        out.push_str("</saml2:AudienceRestriction>");
        if spec.one_time_use {
            out.push_str("<saml2:OneTimeUse></saml2:OneTimeUse>");
        }
        out.push_str(&format!(
            "</saml2:Conditions><saml2:AuthnStatement AuthnInstant=\"{issued}\"><saml2:AuthnContext>\
             <saml2:AuthnContextClassRef>{}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>",
            text(&spec.authn_context)
        ));
        out.push_str("<saml2:AttributeStatement>");
        for (name, value) in &spec.attributes {
            out.push_str(&format!(
                "<saml2:Attribute Name=\"{}\"><saml2:AttributeValue>{}</saml2:AttributeValue></saml2:Attribute>",
                attribute(name),
                value.write()
            ));
        }
        out.push_str("</saml2:AttributeStatement></saml2:Assertion>");
        out
    }

    /// Signs an assertion that is given in canonical form, as [`write`](Self::write) does, and puts the signature
    /// behind its Issuer.
    ///
    /// # Errors
    /// When ID or Issuer are not found, or the key does not fit.
    pub fn sign(&self, canonical: &str) -> Result<String, XuaError> {
        let (_, after) = canonical.split_once(" ID=\"").ok_or(XuaError::Form)?;
        let (id, _) = after.split_once('"').ok_or(XuaError::Form)?;
        let (head, tail) = canonical.split_once(ISSUER_END).ok_or(XuaError::Form)?;
        let (method, digest_method, hash) = self.algorithm.names();
        let digest = STANDARD.encode(digest::digest(hash, canonical.as_bytes()));
        let signed_info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\">\
             <ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{DS}enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"{EXC_C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{digest_method}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        );
        let value = STANDARD.encode(self.signature(signed_info.as_bytes())?);
        let certificate = STANDARD.encode(&self.certificate_der);
        Ok(format!(
            "{head}{ISSUER_END}<ds:Signature xmlns:ds=\"{DS}\">{signed_info}\
             <ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>{tail}"
        ))
    }

    /// The raw signature value over some octets: r and s side by side for ECDSA.
    ///
    /// # Errors
    /// When the key does not fit the algorithm.
    pub fn signature(&self, octets: &[u8]) -> Result<Vec<u8>, XuaError> {
        let random = SystemRandom::new();
        let curve = match self.algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            SignatureAlgorithm::EcdsaP384Sha384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            rsa => return self.rsa_signature(rsa.encoding().ok_or(XuaError::Key)?, octets, &random),
        };
        let key = EcdsaKeyPair::from_pkcs8(curve, &self.key_der).map_err(|_| XuaError::Key)?;
        let signature = key.sign(&random, octets).map_err(|_| XuaError::Key)?;
        Ok(signature.as_ref().to_vec())
    }

    fn rsa_signature(
        &self,
        encoding: &'static dyn RsaEncoding,
        octets: &[u8],
        random: &SystemRandom,
    ) -> Result<Vec<u8>, XuaError> {
        let key = RsaKeyPair::from_pkcs8(&self.key_der).map_err(|_| XuaError::Key)?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(encoding, random, octets, &mut signature)
            .map_err(|_| XuaError::Key)?;
        Ok(signature)
    }
}

impl AssertionSpec {
    /// A bearer assertion for one audience, good for an hour, of a user that signed in with a smart card. It has no
    /// attributes yet.
    pub fn new(id: &str, issued: OffsetDateTime, audience: &str, name_id: &str) -> Self {
        Self {
            id: id.to_owned(),
            issued,
            not_on_or_after: issued + Duration::HOUR,
            name_id: name_id.to_owned(),
            audiences: vec![audience.to_owned()],
            authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI".to_owned(),
            one_time_use: false,
            holder_of_key: None,
            attributes: Vec::new(),
        }
    }

    /// With one more attribute value that is text.
    #[must_use]
    pub fn with_text(mut self, name: &str, value: &str) -> Self {
        self.attributes
            .push((name.to_owned(), SpecValue::Text(value.to_owned())));
        self
    }

    /// Says the organisation, two factors, the role of a physician and a purpose of use, coded in this system.
    #[must_use]
    pub fn physician(self, organization_id: &str, purpose: &str, code_system: &str) -> Self {
        self.with_text(
            "urn:oasis:names:tc:xspa:1.0:subject:organization-id",
            organization_id,
        )
        .with_text("urn:renkei:xua:auth-level", "two-factor")
        .with_code(
            "urn:oasis:names:tc:xacml:2.0:subject:role",
            "Role",
            "physician",
            code_system,
        )
        .with_code(
            "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse",
            "PurposeOfUse",
            purpose,
            code_system,
        )
    }

    /// With one more attribute value that is coded. `element`: `Role` or `PurposeOfUse`.
    #[must_use]
    pub fn with_code(mut self, name: &str, element: &'static str, code: &str, code_system: &str) -> Self {
        let value = SpecValue::Coded {
            element,
            code: code.to_owned(),
            code_system: code_system.to_owned(),
            display_name: code.to_owned(),
        };
        self.attributes.push((name.to_owned(), value));
        self
    }
}

impl SignatureAlgorithm {
    /// SignatureMethod, DigestMethod, and the hash of both.
    fn names(self) -> (&'static str, &'static str, &'static digest::Algorithm) {
        let sha256 = ("http://www.w3.org/2001/04/xmlenc#sha256", &digest::SHA256);
        let sha384 = ("http://www.w3.org/2001/04/xmldsig-more#sha384", &digest::SHA384);
        let sha512 = ("http://www.w3.org/2001/04/xmlenc#sha512", &digest::SHA512);
        let (method, (digest_method, hash)) = match self {
            Self::RsaSha256 => ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", sha256),
            Self::RsaSha384 => ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", sha384),
            Self::RsaSha512 => ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", sha512),
            Self::PssSha256 => ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", sha256),
            Self::PssSha384 => ("http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", sha384),
            Self::PssSha512 => ("http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", sha512),
            Self::EcdsaP256Sha256 => ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", sha256),
            Self::EcdsaP384Sha384 => ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", sha384),
        };
        (method, digest_method, hash)
    }

    fn encoding(self) -> Option<&'static dyn RsaEncoding> {
        match self {
            Self::RsaSha256 => Some(&RSA_PKCS1_SHA256),
            Self::RsaSha384 => Some(&RSA_PKCS1_SHA384),
            Self::RsaSha512 => Some(&RSA_PKCS1_SHA512),
            Self::PssSha256 => Some(&RSA_PSS_SHA256),
            Self::PssSha384 => Some(&RSA_PSS_SHA384),
            Self::PssSha512 => Some(&RSA_PSS_SHA512),
            Self::EcdsaP256Sha256 | Self::EcdsaP384Sha384 => None,
        }
    }
}

fn subject(spec: &AssertionSpec, end: &str) -> String {
    let (method, key) = match &spec.holder_of_key {
        None => ("bearer", String::new()),
        Some(certificate) => (
            "holder-of-key",
            format!(
                "<ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
                 </ds:X509Data></ds:KeyInfo>",
                STANDARD.encode(certificate)
            ),
        ),
    };
    format!(
        "<saml2:Subject><saml2:NameID>{}</saml2:NameID>\
         <saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:{method}\">\
         <saml2:SubjectConfirmationData NotOnOrAfter=\"{end}\">{key}</saml2:SubjectConfirmationData>\
         </saml2:SubjectConfirmation></saml2:Subject>",
        text(&spec.name_id)
    )
}

impl SpecValue {
    fn write(&self) -> String {
        match self {
            Self::Text(value) => text(value),
            Self::Coded {
                element,
                code,
                code_system,
                display_name,
            } => format!(
                "<{element} xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                 code=\"{}\" codeSystem=\"{}\" displayName=\"{}\" xsi:type=\"CE\"></{element}>",
                attribute(code),
                attribute(code_system),
                attribute(display_name)
            ),
        }
    }
}

/// Canonical XML 1.0, section 2.3: text.
fn text(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#xD;")
}

/// Canonical XML 1.0, section 2.3: attribute values.
fn attribute(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;")
}

/// SAML 2.0 core 1.3.3: whole seconds, UTC.
fn instant(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn pem(text: &str) -> Result<Vec<u8>, XuaError> {
    let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64.trim()).map_err(|_| XuaError::Pem)
}

const PEM_LINE_CHARS: usize = 64;
const SAML2: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ISSUER_END: &str = "</saml2:Issuer>";
