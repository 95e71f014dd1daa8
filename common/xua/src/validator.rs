use time::OffsetDateTime;
use xds_model::principal::EnrolledNode;
use xds_xml::Element;

use crate::algorithm::Hash;
use crate::assertion::Assertion;
use crate::judge;
use crate::locate::locate;
use crate::refused::{Reason, Refused};
use crate::rules::Rules;
use crate::signature::{Covered, verify};
use crate::statements::Statements;
use crate::trust::Trust;

/// Validates assertions by the trust and the rules of a domain. Holds no state: replay is judged by
/// [`ReplayCache`](crate::ReplayCache).
#[derive(Clone, Debug)]
pub struct Validator {
    trust: Trust,
    rules: Rules,
}

impl Validator {
    /// A validator for this trust and these rules.
    pub fn new(trust: Trust, rules: Rules) -> Self {
        Self { trust, rules }
    }

    /// Validates the assertion in a wsse:Security header (ITI TF-2 3.40.4.1.3).
    ///
    /// `security` is an element of the message's own document, so that the rest of the message is looked at as
    /// well: no second assertion, no second element with the assertion's ID. `node` is the node that calls, or
    /// for which a repository calls: the assertion must be about its organisation.
    ///
    /// # Errors
    ///
    /// The first rule that header, signature or claims break.
    pub fn validate(
        &self,
        security: Option<Element<'_>>,
        node: &EnrolledNode,
        now: OffsetDateTime,
    ) -> Result<Assertion, Refused> {
        self.check(security, node, now).map_err(Refused)
    }

    fn check(
        &self,
        security: Option<Element<'_>>,
        node: &EnrolledNode,
        now: OffsetDateTime,
    ) -> Result<Assertion, Reason> {
        let limits = &self.rules.limits;
        let located = locate(security, limits)?;
        let covered = verify(&located, &self.trust, limits, now)?;
        let statements = Statements::read(&covered.octets, limits)?;
        // What verification was led by must be what was signed.
        if statements.id != located.id || statements.issuer != located.issuer {
            return Err(Reason::ReferenceTarget);
        }
        self.judge(&covered, statements, node, now)
    }

    /// Judges signed statements.
    fn judge(
        &self,
        covered: &Covered<'_>,
        statements: Statements,
        node: &EnrolledNode,
        now: OffsetDateTime,
    ) -> Result<Assertion, Reason> {
        let rules = &self.rules;
        let expires = judge::times(&statements, rules, now)?;
        judge::audience(&statements.conditions, rules)?;
        judge::confirmation(&statements.subject.confirmations, rules, node, now)?;
        let two_factor = judge::authentication(&statements, rules, now)?;
        let vouching = covered.issuer.vouching(node)?;
        let claims = judge::claims(&statements, rules)?;
        judge::organisation(&claims.organization_ids, vouching, rules)?;
        let mut digest = [0; 32];
        digest.copy_from_slice(Hash::Sha256.digest(covered.octets.as_bytes()).as_ref());
        Ok(Assertion {
            id: statements.id,
            issuer: statements.issuer,
            organisation: vouching.organisation.clone(),
            claims,
            two_factor,
            one_time_use: statements.conditions.one_time_use,
            expires,
            digest,
        })
    }
}
