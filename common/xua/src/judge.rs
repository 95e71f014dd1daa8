//! Whether what a signed assertion says is acceptable: now, here, from this node.

use time::OffsetDateTime;
use xds_model::principal::{EnrolledNode, SecondWord, SensitiveNeed};

use crate::assertion::{BreakGlass, Claims, Contractor, Encounter};
use crate::attributes::Attributes;
use crate::form::instant;
use crate::names;
use crate::ns;
use crate::refused::Reason;
use crate::rules::Rules;
use crate::statements::{Authn, Conditions, Confirmation, Statements};
use crate::trust::{Vouching, has_fingerprint};

/// Checks times, and returns when the assertion expires, clock skew included.
pub(crate) fn times(
    statements: &Statements,
    rules: &Rules,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, Reason> {
    let Conditions {
        not_before,
        not_on_or_after,
        ..
    } = statements.conditions;
    let end = not_on_or_after.ok_or(Reason::NoConditions)?;
    let start = not_before.unwrap_or(statements.issue_instant);
    if end <= start {
        return Err(Reason::TimesInverted);
    }
    if end - start.min(statements.issue_instant) > rules.lifetime_max {
        return Err(Reason::Lifetime);
    }
    let latest = now.saturating_add(rules.clock_skew);
    if start > latest {
        return Err(Reason::NotYetValid);
    }
    if statements.issue_instant > latest {
        return Err(Reason::IssuedLater);
    }
    let expires = end.saturating_add(rules.clock_skew);
    if now >= expires {
        return Err(Reason::Expired);
    }
    Ok(expires)
}

/// Several Audience of one restriction are alternatives; every restriction must be met (SAML 2.0 core 2.5.1.4,
/// erratum E46).
pub(crate) fn audience(conditions: &Conditions, rules: &Rules) -> Result<(), Reason> {
    if conditions.audiences.is_empty() {
        return Err(Reason::NoAudience);
    }
    let is_met = |restriction: &Vec<String>| {
        restriction
            .iter()
            .any(|audience| rules.audiences.contains(audience))
    };
    if conditions.audiences.iter().all(is_met) {
        Ok(())
    } else {
        Err(Reason::WrongAudience)
    }
}

/// One confirmation must hold (SAML 2.0 core 2.4). If none does, the reason is that of the last of an accepted
/// method.
pub(crate) fn confirmation(
    confirmations: &[Confirmation],
    rules: &Rules,
    node: &EnrolledNode,
    now: OffsetDateTime,
) -> Result<(), Reason> {
    if confirmations.is_empty() {
        return Err(Reason::NoConfirmation);
    }
    let mut reason = Reason::ConfirmationMethod;
    for confirmation in confirmations {
        match confirms(confirmation, rules, node, now) {
            Ok(()) => return Ok(()),
            Err(Reason::ConfirmationMethod) => {}
            Err(other) => reason = other,
        }
    }
    Err(reason)
}

fn confirms(
    confirmation: &Confirmation,
    rules: &Rules,
    node: &EnrolledNode,
    now: OffsetDateTime,
) -> Result<(), Reason> {
    let needs_key = match confirmation.method.as_str() {
        ns::BEARER => false,
        ns::HOLDER_OF_KEY if rules.accepts_holder_of_key => true,
        _ => return Err(Reason::ConfirmationMethod),
    };
    let has_begun = confirmation
        .not_before
        .is_none_or(|start| start <= now.saturating_add(rules.clock_skew));
    let has_ended = confirmation
        .not_on_or_after
        .is_some_and(|end| now >= end.saturating_add(rules.clock_skew));
    if !has_begun || has_ended {
        return Err(Reason::ConfirmationTime);
    }
    let is_for_us = confirmation
        .recipient
        .as_ref()
        .is_none_or(|recipient| rules.recipients.contains(recipient) || rules.audiences.contains(recipient));
    if !is_for_us {
        return Err(Reason::ConfirmationRecipient);
    }
    let mut certificates = confirmation.certificates.iter();
    if needs_key && !certificates.any(|der| has_fingerprint(der, &node.fingerprint)) {
        return Err(Reason::HolderOfKey);
    }
    Ok(())
}

/// How the user signed in: every statement must be acceptable. Returns whether two factors are certain.
pub(crate) fn authentication(
    statements: &Statements,
    rules: &Rules,
    now: OffsetDateTime,
) -> Result<bool, Reason> {
    if statements.authn.is_empty() {
        return Err(Reason::NoAuthnStatement);
    }
    for authn in &statements.authn {
        sign_in(authn, rules, now)?;
    }
    let mut contexts = statements.authn.iter().flat_map(|authn| &authn.contexts);
    let by_class = contexts.all(|context| rules.two_factor_contexts.contains(context));
    match statements.attributes.text(names::AUTH_LEVEL)?.as_deref() {
        None => Ok(by_class),
        Some("two-factor") => Ok(true),
        Some("single") => Ok(false),
        Some(_) => Err(Reason::AttributeForm),
    }
}

fn sign_in(authn: &Authn, rules: &Rules, now: OffsetDateTime) -> Result<(), Reason> {
    if authn.instant > now.saturating_add(rules.clock_skew) {
        return Err(Reason::IssuedLater);
    }
    if authn
        .session_end
        .is_some_and(|end| now >= end.saturating_add(rules.clock_skew))
    {
        return Err(Reason::SessionOver);
    }
    let is_accepted =
        |context: &String| rules.authn_contexts.is_empty() || rules.authn_contexts.contains(context);
    if authn.contexts.iter().all(is_accepted) {
        Ok(())
    } else {
        Err(Reason::AuthnContext)
    }
}

/// Whether the organisation that is stated is the one of the node, in every value.
pub(crate) fn organisation(ids: &[String], vouching: &Vouching, rules: &Rules) -> Result<(), Reason> {
    if ids.is_empty() && rules.needs_organization_id {
        return Err(Reason::NoOrganisation);
    }
    if ids.iter().all(|id| vouching.organisation_ids.contains(id)) {
        Ok(())
    } else {
        Err(Reason::WrongOrganisation)
    }
}

/// Reads the attributes that are understood.
pub(crate) fn claims(statements: &Statements, rules: &Rules) -> Result<Claims, Reason> {
    let attributes = &statements.attributes;
    let claims = Claims {
        name_id: statements.subject.name_id.clone(),
        alias: statements.subject.alias.clone(),
        subject_ids: attributes.texts(names::SUBJECT_ID)?,
        organizations: attributes.texts(names::ORGANIZATION)?,
        organization_ids: attributes.texts(names::ORGANIZATION_ID)?,
        home_communities: attributes.parsed(names::HOME_COMMUNITY_ID, Reason::CommunityForm)?,
        npis: attributes.texts(names::NPI)?,
        provider_identifiers: attributes.ids(names::PROVIDER_IDENTIFIER)?,
        roles: attributes.coded(names::ROLE, "Role")?,
        purposes: attributes.coded(names::PURPOSE_OF_USE, "PurposeOfUse")?,
        patients: attributes.parsed(names::RESOURCE_ID, Reason::PatientForm)?,
        consent_documents: attributes.texts(names::CONSENT_DOCUMENT)?,
        consent_policies: attributes.texts(names::CONSENT_POLICY)?,
        authn_contexts: statements
            .authn
            .iter()
            .flat_map(|authn| authn.contexts.clone())
            .collect(),
        encounter: encounter(attributes)?,
        break_glass: break_glass(attributes)?,
        contractor: contractor(attributes)?,
    };
    if rules.needs_role && claims.roles.is_empty() {
        return Err(Reason::NoRole);
    }
    if rules.needs_purpose && claims.purposes.is_empty() {
        return Err(Reason::NoPurpose);
    }
    Ok(claims)
}

fn encounter(attributes: &Attributes) -> Result<Option<Encounter>, Reason> {
    let start = attributes.text(names::ENCOUNTER_START)?;
    let start = start.as_deref().map(instant).transpose()?;
    let kind = attributes.text(names::ENCOUNTER_KIND)?;
    if !matches!(kind.as_deref(), None | Some("outpatient" | "inpatient" | "home")) {
        return Err(Reason::AttributeForm);
    }
    match attributes.text(names::ENCOUNTER_ID)? {
        Some(id) => Ok(Some(Encounter { id, start, kind })),
        None if start.is_none() && kind.is_none() => Ok(None),
        None => Err(Reason::AttributeForm),
    }
}

/// All parts of the declaration that are given need the reason, and who attests it when.
fn break_glass(attributes: &Attributes) -> Result<Option<BreakGlass>, Reason> {
    let reason = attributes.text(names::BREAK_GLASS_REASON)?;
    let text = attributes.text(names::BREAK_GLASS_TEXT)?;
    let attested_by = attributes.text(names::BREAK_GLASS_ATTESTED_BY)?;
    let attested_at = attributes.text(names::BREAK_GLASS_ATTESTED_AT)?;
    let confirmed = truth(attributes, names::BREAK_GLASS_CONFIRMED)?;
    let (need, second) = (sensitive_need(attributes)?, second(attributes)?);
    match (reason, attested_by, attested_at) {
        (Some(reason), Some(attested_by), Some(attested_at)) => Ok(Some(BreakGlass {
            reason,
            text,
            attested_by,
            attested_at: instant(&attested_at)?,
            confirmed: confirmed.unwrap_or_default(),
            need,
            second,
        })),
        (None, None, None)
            if text.is_none() && confirmed.is_none() && need.is_none() && second.is_none() =>
        {
            Ok(None)
        }
        _ => Err(Reason::BreakGlass),
    }
}

fn truth(attributes: &Attributes, name: &str) -> Result<Option<bool>, Reason> {
    match attributes.text(name)?.as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Reason::AttributeForm),
    }
}

fn sensitive_need(attributes: &Attributes) -> Result<Option<SensitiveNeed>, Reason> {
    let text = attributes.text(names::BREAK_GLASS_NEED)?;
    let sensitivities = attributes.texts(names::BREAK_GLASS_SENSITIVITY)?;
    let very_restricted = truth(attributes, names::BREAK_GLASS_VERY_RESTRICTED)?;
    match text {
        Some(text) => Ok(Some(SensitiveNeed {
            text,
            sensitivities: sensitivities.into_iter().collect(),
            very_restricted: very_restricted.unwrap_or_default(),
        })),
        None if sensitivities.is_empty() && very_restricted.is_none() => Ok(None),
        None => Err(Reason::BreakGlass),
    }
}

fn second(attributes: &Attributes) -> Result<Option<SecondWord>, Reason> {
    let by = attributes.text(names::BREAK_GLASS_SECOND_BY)?;
    let role = attributes.text(names::BREAK_GLASS_SECOND_ROLE)?;
    let at = attributes.text(names::BREAK_GLASS_SECOND_AT)?;
    match (by, role, at) {
        (None, None, None) => Ok(None),
        (Some(by), Some(role), Some(at)) => Ok(Some(SecondWord {
            by,
            role,
            at: instant(&at)?,
        })),
        _ => Err(Reason::BreakGlass),
    }
}

fn contractor(attributes: &Attributes) -> Result<Option<Contractor>, Reason> {
    match (
        attributes.text(names::CONTRACTOR_OF)?,
        attributes.text(names::CONTRACT)?,
    ) {
        (None, None) => Ok(None),
        (Some(entity), Some(contract)) => Ok(Some(Contractor { entity, contract })),
        _ => Err(Reason::AttributeForm),
    }
}
