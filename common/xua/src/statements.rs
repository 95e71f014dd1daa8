//! What an assertion says, read from its canonical octets. No judgement yet: that is in `judge`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use xds_xml::{Document, Element};

use crate::attributes::Attributes;
use crate::form::{Part, check_order, identifier, instant};
use crate::limits::Limits;
use crate::ns;
use crate::refused::Reason;
use crate::signature::xml_limits;

/// Everything that an assertion says and that matters here.
#[derive(Clone, Debug)]
pub(crate) struct Statements {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) issue_instant: OffsetDateTime,
    pub(crate) subject: Subject,
    pub(crate) conditions: Conditions,
    pub(crate) authn: Vec<Authn>,
    pub(crate) attributes: Attributes,
}

/// Who is asserted (SAML 2.0 core 2.4).
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) name_id: String,
    /// SPProvidedID: the alias in audit records.
    pub(crate) alias: Option<String>,
    pub(crate) confirmations: Vec<Confirmation>,
}

/// One way in which the bearer may be known to be the subject.
#[derive(Clone, Debug)]
pub(crate) struct Confirmation {
    pub(crate) method: String,
    pub(crate) not_before: Option<OffsetDateTime>,
    pub(crate) not_on_or_after: Option<OffsetDateTime>,
    pub(crate) recipient: Option<String>,
    /// Certificates in ds:X509Data, DER.
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// When and for whom (SAML 2.0 core 2.5).
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) not_before: Option<OffsetDateTime>,
    pub(crate) not_on_or_after: Option<OffsetDateTime>,
    /// One list for each AudienceRestriction.
    pub(crate) audiences: Vec<Vec<String>>,
    pub(crate) one_time_use: bool,
}

/// How the user signed in (SAML 2.0 core 2.7.2).
#[derive(Clone, Debug)]
pub(crate) struct Authn {
    pub(crate) instant: OffsetDateTime,
    pub(crate) session_end: Option<OffsetDateTime>,
    /// AuthnContextClassRef and AuthnContextDeclRef.
    pub(crate) contexts: Vec<String>,
}

impl Statements {
    /// Reads canonical octets.
    pub(crate) fn read(octets: &str, limits: &Limits) -> Result<Self, Reason> {
        let document = Document::parse(octets.as_bytes(), &xml_limits(limits)).map_err(|error| {
            if error.kind().is_limit() {
                Reason::TooLarge
            } else {
                Reason::Canonicalisation
            }
        })?;
        let assertion = document.root();
        if !assertion.is(ns::SAML2, "Assertion") {
            return Err(Reason::Malformed);
        }
        check_order(assertion, Part::Covered)?;
        if assertion.attribute("Version") != Some("2.0") {
            return Err(Reason::Version);
        }
        let issuer = assertion.child(ns::SAML2, "Issuer").ok_or(Reason::NoIssuer)?;
        Ok(Self {
            id: assertion.attribute("ID").ok_or(Reason::NoId)?.to_owned(),
            issuer: read_issuer(issuer, limits)?,
            issue_instant: instant(assertion.attribute("IssueInstant").ok_or(Reason::Malformed)?)?,
            subject: Subject::read(assertion, limits)?,
            conditions: Conditions::read(assertion, limits)?,
            authn: read_authn(assertion, limits)?,
            attributes: Attributes::read(assertion, limits)?,
        })
    }
}

/// SAML 2.0 core 2.2.5 and 8.3.6: an entity identifier, which is what an Issuer without a Format is.
fn read_issuer(issuer: Element<'_>, limits: &Limits) -> Result<String, Reason> {
    if !matches!(issuer.attribute("Format"), None | Some(ENTITY_FORMAT)) {
        return Err(Reason::NoIssuer);
    }
    let text = identifier(issuer, limits).map_err(|_| Reason::NoIssuer)?;
    Ok(text.to_owned())
}

const ENTITY_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

impl Subject {
    fn read(assertion: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        let subject = assertion.child(ns::SAML2, "Subject").ok_or(Reason::NoSubject)?;
        let mut children = subject.children();
        let name_id = children
            .next()
            .filter(|first| first.is(ns::SAML2, "NameID"))
            .ok_or(Reason::NoSubject)?;
        let confirmations: Vec<Element<'_>> = children.collect();
        if confirmations.len() > limits.confirmations_max {
            return Err(Reason::TooLarge);
        }
        Ok(Self {
            name_id: identifier(name_id, limits)
                .map_err(|reason| {
                    if reason == Reason::TooLarge {
                        reason
                    } else {
                        Reason::NoSubject
                    }
                })?
                .to_owned(),
            alias: short(name_id.attribute("SPProvidedID"), limits)?,
            confirmations: confirmations
                .into_iter()
                .map(|confirmation| Confirmation::read(confirmation, limits))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Confirmation {
    fn read(confirmation: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        if !confirmation.is(ns::SAML2, "SubjectConfirmation") {
            return Err(Reason::Malformed);
        }
        let data = confirmation.child(ns::SAML2, "SubjectConfirmationData");
        let attribute = |local| data.and_then(|data| data.attribute(local));
        let method = short(confirmation.attribute("Method"), limits)?;
        Ok(Self {
            method: method.ok_or(Reason::Malformed)?,
            not_before: attribute("NotBefore").map(instant).transpose()?,
            not_on_or_after: attribute("NotOnOrAfter").map(instant).transpose()?,
            recipient: short(attribute("Recipient"), limits)?,
            certificates: data.map_or_else(|| Ok(Vec::new()), certificates)?,
        })
    }
}

/// The certificates of a holder-of-key confirmation (SAML 2.0 profiles 3.1). Other forms of KeyInfo prove nothing
/// here and are passed over.
fn certificates(data: Element<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    data.children_named(ns::DS, "KeyInfo")
        .flat_map(|key_info| key_info.children_named(ns::DS, "X509Data"))
        .flat_map(|x509| x509.children_named(ns::DS, "X509Certificate"))
        .map(|certificate| {
            let text = certificate.text().map_err(|_| Reason::Malformed)?;
            let compact: String = text.split_ascii_whitespace().collect();
            STANDARD.decode(compact).map_err(|_| Reason::Malformed)
        })
        .collect()
}

impl Conditions {
    fn read(assertion: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        let conditions = assertion
            .child(ns::SAML2, "Conditions")
            .ok_or(Reason::NoConditions)?;
        let time = |local| conditions.attribute(local).map(instant).transpose();
        let mut read = Self {
            not_before: time("NotBefore")?,
            not_on_or_after: time("NotOnOrAfter")?,
            audiences: Vec::new(),
            one_time_use: false,
        };
        for condition in conditions.children() {
            match (condition.namespace(), condition.local()) {
                (ns::SAML2, "AudienceRestriction") => read.audiences.push(audiences(condition, limits)?),
                (ns::SAML2, "OneTimeUse") => read.one_time_use = true,
                (ns::SAML2, "ProxyRestriction") => {}
                // SAML 2.0 core 2.5.1: what is not understood cannot be met.
                _ => return Err(Reason::UnknownCondition),
            }
        }
        let all: usize = read.audiences.iter().map(Vec::len).sum();
        if all > limits.audiences_max || read.audiences.len() > limits.audiences_max {
            return Err(Reason::TooLarge);
        }
        Ok(read)
    }
}

fn audiences(restriction: Element<'_>, limits: &Limits) -> Result<Vec<String>, Reason> {
    restriction
        .children()
        .map(|audience| {
            if !audience.is(ns::SAML2, "Audience") {
                return Err(Reason::Malformed);
            }
            identifier(audience, limits).map(str::to_owned)
        })
        .collect()
}

fn read_authn(assertion: Element<'_>, limits: &Limits) -> Result<Vec<Authn>, Reason> {
    let statements: Vec<Element<'_>> = assertion.children_named(ns::SAML2, "AuthnStatement").collect();
    if statements.len() > limits.authn_statements_max {
        return Err(Reason::TooLarge);
    }
    statements
        .into_iter()
        .map(|statement| Authn::read(statement, limits))
        .collect()
}

impl Authn {
    fn read(statement: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        let context = statement
            .child(ns::SAML2, "AuthnContext")
            .ok_or(Reason::NoAuthnStatement)?;
        let contexts = context
            .children()
            .filter(|child| {
                child.is(ns::SAML2, "AuthnContextClassRef") || child.is(ns::SAML2, "AuthnContextDeclRef")
            })
            .map(|reference| identifier(reference, limits).map(str::to_owned))
            .collect::<Result<Vec<_>, _>>()?;
        if contexts.is_empty() {
            return Err(Reason::NoAuthnStatement);
        }
        Ok(Self {
            instant: instant(
                statement
                    .attribute("AuthnInstant")
                    .ok_or(Reason::NoAuthnStatement)?,
            )?,
            session_end: statement
                .attribute("SessionNotOnOrAfter")
                .map(instant)
                .transpose()?,
            contexts,
        })
    }
}

/// An attribute value that is not longer than values may be.
fn short(value: Option<&str>, limits: &Limits) -> Result<Option<String>, Reason> {
    match value {
        Some(value) if value.len() > limits.value_bytes_max => Err(Reason::TooLarge),
        value => Ok(value.map(str::to_owned)),
    }
}
