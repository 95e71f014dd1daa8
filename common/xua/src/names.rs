//! Names of the attributes that are understood. ITI TF-2 3.40.4.1.2 defines the first group; the second is ours, for
//! what Japanese rules ask and IHE has no name for.

/// The user's name, as text.
pub const SUBJECT_ID: &str = "urn:oasis:names:tc:xspa:1.0:subject:subject-id";
/// The organisation's name, as text.
pub const ORGANIZATION: &str = "urn:oasis:names:tc:xspa:1.0:subject:organization";
/// The organisation's identifier: `urn:oid:...` or a URL.
pub const ORGANIZATION_ID: &str = "urn:oasis:names:tc:xspa:1.0:subject:organization-id";
/// The home community of the requestor.
pub const HOME_COMMUNITY_ID: &str = "urn:ihe:iti:xca:2010:homeCommunityId";
/// The US provider number.
pub const NPI: &str = "urn:oasis:names:tc:xspa:1.0:subject:npi";
/// Other provider numbers.
pub const PROVIDER_IDENTIFIER: &str = "urn:ihe:iti:xua:2017:subject:provider-identifier";
/// The role, an HL7 `Role`.
pub const ROLE: &str = "urn:oasis:names:tc:xacml:2.0:subject:role";
/// The purpose of use, an HL7 `PurposeOfUse`.
pub const PURPOSE_OF_USE: &str = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse";
/// The patient, a CX identifier.
pub const RESOURCE_ID: &str = "urn:oasis:names:tc:xacml:2.0:resource:resource-id";
/// The uniqueId of a patient's acknowledgement document (Authz-Consent option).
pub const CONSENT_DOCUMENT: &str = "urn:ihe:iti:bppc:2007:docid";
/// The policy acknowledged (Authz-Consent option).
pub const CONSENT_POLICY: &str = "urn:ihe:iti:xua:2012:acp";

/// How the user signed in: `single` or `two-factor`.
pub const AUTH_LEVEL: &str = "urn:renkei:xua:auth-level";
/// The encounter's identifier at the organisation.
pub const ENCOUNTER_ID: &str = "urn:renkei:xua:encounter:id";
/// The start of the encounter, a time in UTC with `Z`.
pub const ENCOUNTER_START: &str = "urn:renkei:xua:encounter:start";
/// The kind of the encounter: `outpatient`, `inpatient` or `home`.
pub const ENCOUNTER_KIND: &str = "urn:renkei:xua:encounter:kind";
/// Why access in an emergency is declared: a code of the domain.
pub const BREAK_GLASS_REASON: &str = "urn:renkei:xua:break-glass:reason";
/// The declaration in the user's words.
pub const BREAK_GLASS_TEXT: &str = "urn:renkei:xua:break-glass:text";
/// Who attests that consent cannot be obtained.
pub const BREAK_GLASS_ATTESTED_BY: &str = "urn:renkei:xua:break-glass:attested-by";
/// When, a time in UTC with `Z`.
pub const BREAK_GLASS_ATTESTED_AT: &str = "urn:renkei:xua:break-glass:attested-at";
/// `true` when the user was warned and confirmed.
pub const BREAK_GLASS_CONFIRMED: &str = "urn:renkei:xua:break-glass:confirmed";
/// What sensitive documents are needed for, in the user's words.
pub const BREAK_GLASS_NEED: &str = "urn:renkei:xua:break-glass:sensitive-need";
/// Codes of the sensitive information that is needed.
pub const BREAK_GLASS_SENSITIVITY: &str = "urn:renkei:xua:break-glass:sensitivity";
/// `true` when very restricted documents without a code are needed.
pub const BREAK_GLASS_VERY_RESTRICTED: &str = "urn:renkei:xua:break-glass:very-restricted";
/// The second clinician who confirms.
pub const BREAK_GLASS_SECOND_BY: &str = "urn:renkei:xua:break-glass:second:by";
/// The role of that clinician, a code.
pub const BREAK_GLASS_SECOND_ROLE: &str = "urn:renkei:xua:break-glass:second:role";
/// When, a time in UTC with `Z`.
pub const BREAK_GLASS_SECOND_AT: &str = "urn:renkei:xua:break-glass:second:at";
/// The legal entity for which the user works as a contractor.
pub const CONTRACTOR_OF: &str = "urn:renkei:xua:capacity:contractor-of";
/// The contract under which it does.
pub const CONTRACT: &str = "urn:renkei:xua:capacity:contract";
