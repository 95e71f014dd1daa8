//! Why an assertion was refused: one variant a rule, and the one table from it to codes and texts.

use std::fmt;

/// Why an assertion is refused. Holds no word of the assertion: it may be logged and sent back.
///
/// `Display` says which rule was broken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[error("{}", self.rule())]
pub struct Refused(pub(crate) Reason);

/// What WS-Security calls a refusal (WSS: SOAP Message Security 1.1, section 12): the subcode of a Sender fault.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SecurityFault {
    /// wsse:SecurityTokenUnavailable.
    SecurityTokenUnavailable,
    /// wsse:InvalidSecurityToken.
    InvalidSecurityToken,
    /// wsse:FailedAuthentication.
    FailedAuthentication,
    /// wsse:InvalidSecurity.
    InvalidSecurity,
    /// wsse:FailedCheck.
    FailedCheck,
    /// wsse:UnsupportedAlgorithm.
    UnsupportedAlgorithm,
    /// wsse:UnsupportedSecurityToken.
    UnsupportedSecurityToken,
}

impl SecurityFault {
    /// The local name in the namespace of WS-Security.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityTokenUnavailable => "SecurityTokenUnavailable",
            Self::InvalidSecurityToken => "InvalidSecurityToken",
            Self::FailedAuthentication => "FailedAuthentication",
            Self::InvalidSecurity => "InvalidSecurity",
            Self::FailedCheck => "FailedCheck",
            Self::UnsupportedAlgorithm => "UnsupportedAlgorithm",
            Self::UnsupportedSecurityToken => "UnsupportedSecurityToken",
        }
    }
}

impl fmt::Display for SecurityFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wsse:{}", self.as_str())
    }
}

impl Refused {
    /// The stable code of the rule, such as `XUA-S03`. Listed in docs/conformance/xua.md.
    pub fn code(self) -> &'static str {
        self.0.entry().code
    }

    /// What WS-Security calls it.
    pub fn fault(self) -> SecurityFault {
        self.0.entry().fault
    }

    /// The rule that was broken, in English.
    pub fn rule(self) -> &'static str {
        self.0.entry().rule
    }

    /// Where the rule stands.
    pub fn section(self) -> &'static str {
        self.0.entry().section
    }

    /// What the sender, or the operator of the assertion provider, can do about it.
    pub fn repair(self) -> &'static str {
        self.0.entry().repair
    }

    /// Whether there is no assertion at all, rather than a wrong one.
    pub fn is_absence(self) -> bool {
        matches!(self.0, Reason::NoSecurity | Reason::NoAssertion)
    }

    /// The message has the MessageID of another one (a captured header put before another body). Whoever reads the
    /// envelope knows; the assertion alone does not tell.
    pub fn message_id_reused() -> Self {
        Self(Reason::MessageIdReused)
    }

    /// A text that should be an assertion is not even XML.
    pub fn malformed() -> Self {
        Self(Reason::Malformed)
    }

    /// A message with more than one wsse:Security header, of which nobody knows which one counts.
    pub fn many_security_headers() -> Self {
        Self(Reason::ManySecurity)
    }

    /// All refusals there are, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied().map(Self)
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

struct Entry {
    code: &'static str,
    fault: SecurityFault,
    rule: &'static str,
    section: &'static str,
    repair: &'static str,
}

/// Makes the enum and the table from one list, so that no reason can lack its line.
macro_rules! reasons {
    ($($name:ident = $code:literal, $fault:ident, $rule:literal, $section:literal, $repair:literal;)*) => {
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub(crate) enum Reason {
            $($name,)*
        }

        const ALL: &[Reason] = &[$(Reason::$name,)*];

        impl Reason {
            fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$name => &Entry {
                        code: $code,
                        fault: SecurityFault::$fault,
                        rule: $rule,
                        section: $section,
                        repair: $repair,
                    },)*
                }
            }
        }
    };
}

reasons! {
    // H: the header.
    NoSecurity = "XUA-H01", SecurityTokenUnavailable,
        "the message has no wsse:Security header for this node", "ITI TF-2 3.40.4.1.2",
        "send the assertion in a wsse:Security header";
    NoAssertion = "XUA-H02", SecurityTokenUnavailable,
        "wsse:Security holds no saml2:Assertion", "ITI TF-2 3.40.4.1.2",
        "put the assertion directly into wsse:Security";
    ManyAssertions = "XUA-H03", InvalidSecurity,
        "wsse:Security holds more than one saml2:Assertion", "ITI TF-2 3.40.4.1.2",
        "send one assertion";
    AssertionElsewhere = "XUA-H04", InvalidSecurity,
        "an assertion stands elsewhere than directly in wsse:Security", "ITI TF-2 3.40.4.1.2",
        "send one assertion, in wsse:Security and nowhere else in the message";
    Encrypted = "XUA-H05", InvalidSecurity,
        "the assertion is encrypted", "ITI TF-2 3.40.4.1.2",
        "send saml2:Assertion, not saml2:EncryptedAssertion: the connection is encrypted already";
    OldSaml = "XUA-H06", UnsupportedSecurityToken,
        "an assertion of SAML 1", "ITI TF-2 3.40.4.1.2",
        "issue assertions of SAML 2.0";
    ManySecurity = "XUA-H07", InvalidSecurity,
        "more than one wsse:Security header", "WSS: SOAP Message Security 1.1 section 5",
        "send one wsse:Security header";
    // M: the form.
    Malformed = "XUA-M01", InvalidSecurityToken,
        "the assertion is not formed as the schema of SAML 2.0 says", "SAML 2.0 core section 2",
        "check the assertion against the schema of SAML 2.0";
    TooLarge = "XUA-M02", InvalidSecurityToken,
        "the assertion exceeds a limit of size, depth or count", "limits in docs/conformance/xua.md",
        "issue a smaller assertion: fewer attributes and values, no certificate chains";
    Comment = "XUA-M03", InvalidSecurityToken,
        "a comment stands in the assertion", "XML Signature Best Practices",
        "issue assertions without comments";
    Version = "XUA-M04", InvalidSecurityToken,
        "the Version is not 2.0", "SAML 2.0 core 2.3.3",
        "issue assertions of SAML 2.0";
    NoId = "XUA-M05", InvalidSecurityToken,
        "the ID is missing or is no XML name", "SAML 2.0 core 1.3.4",
        "give the assertion an ID that starts with a letter or underscore and holds no blanks or colons";
    RepeatedId = "XUA-M06", FailedCheck,
        "another element of the message has the assertion's ID", "SAML 2.0 core 1.3.4; XML Signature 4.4.3.2",
        "make the ID of the assertion unique in the message";
    NoIssuer = "XUA-M07", InvalidSecurityToken,
        "the Issuer is missing, empty or no entity identifier", "SAML 2.0 core 2.2.5",
        "name the assertion provider in Issuer";
    Advice = "XUA-M08", InvalidSecurityToken,
        "the assertion holds an Advice", "SAML 2.0 core 2.6.1",
        "issue assertions without Advice";
    // S: the signature.
    Unsigned = "XUA-S01", FailedCheck,
        "the assertion is not signed", "ITI TF-2 3.40.4.1.2; SAML 2.0 core 5.4.1",
        "sign the assertion";
    ManySignatures = "XUA-S02", FailedCheck,
        "the assertion holds more than one ds:Signature", "SAML 2.0 core 5.4.1",
        "sign the assertion once, with an enveloped signature after Issuer";
    SignaturePlace = "XUA-S03", FailedCheck,
        "the ds:Signature does not stand right after Issuer", "SAML 2.0 core 2.3.3",
        "put the signature right after Issuer, as the schema says";
    SignatureForm = "XUA-S04", FailedCheck,
        "the ds:Signature is not formed as SAML allows", "SAML 2.0 core 5.4; XML Signature 4",
        "sign with SignedInfo, SignatureValue and at most a KeyInfo, without ds:Object";
    ReferenceCount = "XUA-S05", FailedCheck,
        "the signature has not exactly one ds:Reference", "SAML 2.0 core 5.4.2",
        "sign one reference, to the assertion";
    ReferenceTarget = "XUA-S06", FailedCheck,
        "the signature does not refer to the assertion that holds it", "SAML 2.0 core 5.4.2",
        "set Reference/@URI to # and the ID of the assertion";
    Transforms = "XUA-S07", FailedCheck,
        "the transforms are not enveloped-signature, then exclusive canonicalisation", "SAML 2.0 core 5.4.4",
        "use these two transforms in this order";
    TransformAlgorithm = "XUA-S08", UnsupportedAlgorithm,
        "a transform other than enveloped-signature and exclusive canonicalisation", "SAML 2.0 core 5.4.4",
        "use enveloped-signature and http://www.w3.org/2001/10/xml-exc-c14n#";
    CanonicalizationMethod = "XUA-S09", UnsupportedAlgorithm,
        "SignedInfo is not canonicalised by Exclusive XML Canonicalization without comments",
        "SAML 2.0 core 5.4.3",
        "use http://www.w3.org/2001/10/xml-exc-c14n# as CanonicalizationMethod";
    PrefixList = "XUA-S10", FailedCheck,
        "the PrefixList of InclusiveNamespaces is malformed or too long", "Exclusive XML Canonicalization 1.0 section 4",
        "list only the prefixes that attribute values need";
    SignatureMethod = "XUA-S11", UnsupportedAlgorithm,
        "the SignatureMethod is not allowed", "RFC 6931; docs/conformance/xua.md",
        "sign by RSA, RSA-PSS or ECDSA with SHA-256, SHA-384 or SHA-512";
    DigestMethod = "XUA-S12", UnsupportedAlgorithm,
        "the DigestMethod is not allowed", "RFC 6931; docs/conformance/xua.md",
        "use SHA-256, SHA-384 or SHA-512";
    Canonicalisation = "XUA-S13", FailedCheck,
        "the signed content cannot be canonicalised", "Canonical XML 1.0 section 1.3",
        "use absolute URIs as namespace names";
    KeyMismatch = "XUA-S14", FailedCheck,
        "no key of the issuer is of the kind that the SignatureMethod needs", "XML Signature 4.4.2",
        "sign with the key whose certificate is registered, or register the new certificate";
    KeyDate = "XUA-S15", FailedCheck,
        "no certificate of the issuer for this kind of key is valid now", "RFC 5280 4.1.2.5",
        "register the assertion provider's new certificate";
    WrongSignature = "XUA-S16", FailedCheck,
        "the signature value does not verify by a key of the issuer", "XML Signature 3.2.2",
        "do not change the assertion after it was signed; check that the registered certificate is the signer's";
    WrongDigest = "XUA-S17", FailedCheck,
        "the digest of the assertion differs from the signed one", "XML Signature 3.2.1",
        "do not change the assertion after it was signed";
    UnknownIssuer = "XUA-S18", InvalidSecurityToken,
        "the Issuer is not known here", "ITI TF-2 3.40.4.1.3",
        "have the assertion provider registered with its certificate";
    // T: time.
    NoConditions = "XUA-T01", InvalidSecurityToken,
        "Conditions or its NotOnOrAfter is missing", "ITI TF-2 3.40.4.1.2",
        "issue assertions with Conditions, NotBefore and NotOnOrAfter";
    TimeForm = "XUA-T02", InvalidSecurityToken,
        "a time is not an xs:dateTime in UTC with Z", "SAML 2.0 core 1.3.3",
        "write times as 2026-01-01T00:00:00Z, without an offset or a leap second";
    Expired = "XUA-T03", InvalidSecurityToken,
        "the assertion has expired", "SAML 2.0 core 2.5.1.2",
        "obtain a fresh assertion; check the clocks";
    NotYetValid = "XUA-T04", InvalidSecurityToken,
        "the assertion is not valid yet", "SAML 2.0 core 2.5.1.2",
        "check the clocks of the assertion provider and of this node";
    TimesInverted = "XUA-T05", InvalidSecurityToken,
        "NotOnOrAfter is not after NotBefore", "SAML 2.0 core 2.5.1.2",
        "correct the assertion provider";
    Lifetime = "XUA-T06", InvalidSecurityToken,
        "the assertion is valid for longer than the domain allows", "docs/conformance/xua.md",
        "issue assertions with a shorter life";
    IssuedLater = "XUA-T07", InvalidSecurityToken,
        "IssueInstant or AuthnInstant lies in the future", "SAML 2.0 core 2.3.3",
        "check the clocks of the assertion provider and of this node";
    SessionOver = "XUA-T08", InvalidSecurityToken,
        "the session of the user has ended", "SAML 2.0 core 2.7.2",
        "have the user sign in again";
    // C: conditions other than time.
    NoAudience = "XUA-C01", InvalidSecurityToken,
        "there is no AudienceRestriction", "ITI TF-2 3.40.4.1.2",
        "name the domain or this node as Audience";
    WrongAudience = "XUA-C02", InvalidSecurityToken,
        "the assertion is for another audience", "SAML 2.0 core 2.5.1.4",
        "name the domain or this node as Audience";
    UnknownCondition = "XUA-C03", InvalidSecurityToken,
        "a condition that is not known here", "SAML 2.0 core 2.5.1",
        "issue assertions with AudienceRestriction, OneTimeUse and ProxyRestriction only";
    // U: the subject and how it signed in.
    NoSubject = "XUA-U01", InvalidSecurityToken,
        "the Subject or its NameID is missing or empty", "ITI TF-2 3.40.4.1.2",
        "name the user in Subject/NameID, not encrypted";
    NoConfirmation = "XUA-U02", InvalidSecurityToken,
        "the Subject has no SubjectConfirmation", "ITI TF-2 3.40.4.1.2",
        "add a SubjectConfirmation, usually of method bearer";
    ConfirmationMethod = "XUA-U03", FailedAuthentication,
        "no SubjectConfirmation has an accepted method", "ITI TF-2 3.40.4.1.2",
        "use method bearer, or holder-of-key where the domain accepts it";
    ConfirmationTime = "XUA-U04", InvalidSecurityToken,
        "the SubjectConfirmation is not valid now", "SAML 2.0 core 2.4.1.2",
        "obtain a fresh assertion; check the clocks";
    ConfirmationRecipient = "XUA-U05", InvalidSecurityToken,
        "the SubjectConfirmation names another recipient", "SAML 2.0 core 2.4.1.2",
        "name this node as Recipient, or leave it out";
    HolderOfKey = "XUA-U06", FailedAuthentication,
        "the key of the SubjectConfirmation is not the one of the node's certificate", "SAML 2.0 profiles 3.1",
        "put the node's own certificate into SubjectConfirmationData/ds:KeyInfo/ds:X509Data";
    NoAuthnStatement = "XUA-U07", InvalidSecurityToken,
        "there is no AuthnStatement with an AuthnContext", "ITI TF-2 3.40.4.1.2",
        "say in an AuthnStatement how the user signed in";
    AuthnContext = "XUA-U08", FailedAuthentication,
        "the user signed in in a way that the domain does not accept", "ITI TF-2 3.40.4.1.3",
        "have the user sign in by an accepted method";
    // O: trust.
    IssuerOrganisation = "XUA-O01", FailedAuthentication,
        "the issuer is not trusted for the organisation of the calling node", "ITI TF-2 3.40.4.1.3",
        "use the assertion provider registered for the organisation";
    IssuerNode = "XUA-O02", FailedAuthentication,
        "the issuer is not trusted for the calling node", "ITI TF-2 3.40.4.1.3",
        "send from a node registered for the assertion provider";
    NoOrganisation = "XUA-O03", FailedAuthentication,
        "the organization-id is missing", "ITI TF-2 3.40.4.1.2.1",
        "state the organization-id of the user";
    WrongOrganisation = "XUA-O04", FailedAuthentication,
        "an organization-id is not one that the issuer may state for this node", "ITI TF-2 3.40.4.1.2.1",
        "state the organization-id that is registered for the organisation, and no other";
    // A: attributes.
    AttributeForm = "XUA-A01", InvalidSecurityToken,
        "an Attribute is not formed as its definition says", "ITI TF-2 3.40.4.1.2",
        "check names, values and HL7 children of the attributes";
    Contradiction = "XUA-A02", InvalidSecurityToken,
        "an Attribute that may have one value has several different ones", "docs/conformance/xua.md",
        "state one value";
    NoRole = "XUA-A03", FailedAuthentication,
        "the role is missing", "ITI TF-2 3.40.4.1.2.2",
        "state the role of the user";
    NoPurpose = "XUA-A04", FailedAuthentication,
        "the purpose of use is missing", "ITI TF-2 3.40.4.1.2.3",
        "state the purpose of use";
    PatientForm = "XUA-A05", InvalidSecurityToken,
        "a resource-id is no CX patient identifier", "ITI TF-2 3.40.4.1.2",
        "write the patient identifier as id^^^&oid&ISO";
    CommunityForm = "XUA-A06", InvalidSecurityToken,
        "a homeCommunityId is no urn:oid", "ITI TF-2 3.40.4.1.2.1",
        "write it as urn:oid: and the OID";
    BreakGlass = "XUA-A07", InvalidSecurityToken,
        "a break-glass declaration is incomplete", "docs/conformance/xua.md",
        "state reason, attestant and time of the declaration";
    // R: replay.
    OtherNode = "XUA-R01", FailedAuthentication,
        "the assertion was used by another node before", "SAML 2.0 profiles 4.1.4.5",
        "obtain an assertion for each node";
    UsedBefore = "XUA-R02", FailedAuthentication,
        "the assertion is for one use and was used before", "SAML 2.0 core 2.5.1.5",
        "obtain a fresh assertion for each request";
    IdReused = "XUA-R03", FailedAuthentication,
        "another assertion of this issuer had the same ID", "SAML 2.0 core 1.3.4",
        "give every assertion an ID of its own";
    CacheFull = "XUA-R04", FailedAuthentication,
        "too many assertions of this issuer are in force", "docs/conformance/xua.md",
        "use an assertion for several requests, or issue assertions with a shorter life";
    MessageIdReused = "XUA-R05", InvalidSecurity,
        "another message of this node had the same MessageID", "WS-Addressing 1.0 core 3.2",
        "give every message a MessageID of its own; a retry is the same message, byte for byte";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_every_text_is_there() {
        let codes: BTreeSet<_> = Refused::all().map(Refused::code).collect();
        assert_eq!(codes.len(), ALL.len());
        for refused in Refused::all() {
            assert!(
                !refused.rule().is_empty() && !refused.section().is_empty() && !refused.repair().is_empty()
            );
            assert_eq!(refused.to_string(), refused.rule());
        }
    }
}
