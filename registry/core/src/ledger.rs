//! The ledger's values: legal entities, organisations, nodes; and the directory made of them.

use std::collections::{BTreeSet, HashMap};

use time::OffsetDateTime;
use xds_model::author::Institution;
use xds_model::principal::{DefaultUser, EnrolledNode, EntityId, NodeName, OrganisationId, Right};
use xds_model::{Oid, Transaction};

/// An organisation 医療機関等 of the network, as it is entered.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Organisation {
    /// Its key: the primary ten-digit facility code, or a name given by the operator.
    pub id: OrganisationId,
    /// Its name, in the form for people.
    pub name: String,
    /// Its name in kana, for sorting.
    pub kana: Option<String>,
    /// The legal entity 事業者 that it belongs to.
    pub entity: EntityId,
    /// The name of the legal entity.
    pub entity_name: String,
    /// Its facility codes 医療機関コード: one site may hold several.
    pub facility_codes: BTreeSet<String>,
    /// OIDs that authorInstitution may name it by.
    pub oids: BTreeSet<String>,
}

impl Organisation {
    /// Checks what was entered.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn checked(self) -> Result<Self, LedgerError> {
        key(&self.id.0)?;
        key(&self.entity.0)?;
        name(&self.name)?;
        name(&self.entity_name)?;
        self.kana.as_deref().map_or(Ok(()), name)?;
        for code in &self.facility_codes {
            facility_code(code)?;
        }
        for oid in &self.oids {
            oid.parse::<Oid>().map_err(|_| LedgerError::Oid(oid.clone()))?;
        }
        Ok(self)
    }
}

/// A node as it is entered: one certificate of one organisation.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Node {
    /// Its name.
    pub name: NodeName,
    /// SHA-256 of its certificate's DER, 64 lower-case hexadecimal digits.
    pub fingerprint: String,
    /// The organisation that it belongs to.
    pub organisation: OrganisationId,
    /// What it may send.
    pub transactions: BTreeSet<Transaction>,
    /// What it may do at the operator listener.
    pub rights: BTreeSet<Right>,
    /// Whether TLS 1.2 is accepted from it.
    pub allow_tls12: bool,
    /// Whether it may act for the node that it names: a repository.
    pub acts_for_others: bool,
    /// Requests in flight that it may have, when other than the default.
    pub in_flight_max: Option<u32>,
    /// The OIDs (sourceId) that it may publish under; empty means any.
    pub source_ids: BTreeSet<String>,
    /// Assigning authorities that it may feed patients for, as OIDs.
    pub feeds: BTreeSet<String>,
    /// The role and purpose of its user while it cannot send an assertion.
    pub default_user: Option<DefaultUser>,
}

impl Node {
    /// Requests in flight that a node's entry may allow at most.
    pub const IN_FLIGHT_MAX: u32 = 4096;

    /// Checks what was entered. A fingerprint may have upper-case digits and colons; it is kept without.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn checked(mut self) -> Result<Self, LedgerError> {
        key(&self.name.0)?;
        key(&self.organisation.0)?;
        self.fingerprint = fingerprint(&self.fingerprint)?;
        if self.transactions.is_empty() && self.rights.is_empty() {
            return Err(LedgerError::NoTransaction);
        }
        let is_clinical = !self.transactions.is_empty() || self.acts_for_others;
        if self.rights.contains(&Right::Operator) && is_clinical {
            return Err(LedgerError::OperatorOnly);
        }
        if self
            .in_flight_max
            .is_some_and(|max| max == 0 || max > Self::IN_FLIGHT_MAX)
        {
            return Err(LedgerError::InFlight);
        }
        for oid in self.source_ids.iter().chain(&self.feeds) {
            oid.parse::<Oid>().map_err(|_| LedgerError::Oid(oid.clone()))?;
        }
        if let Some(user) = &self.default_user {
            key(&user.role)?;
            key(&user.purpose)?;
        }
        Ok(self)
    }

    /// The line of the list that authentication works with.
    pub fn enrolled(self, entity: EntityId) -> EnrolledNode {
        EnrolledNode {
            name: self.name,
            fingerprint: self.fingerprint,
            organisation: self.organisation,
            entity,
            transactions: self.transactions,
            rights: self.rights,
            allow_tls12: self.allow_tls12,
            acts_for_others: self.acts_for_others,
            in_flight_max: self.in_flight_max,
            source_ids: self.source_ids,
            feeds: self.feeds,
            default_user: self.default_user,
        }
    }
}

/// A value of the ledger with the time that it is, or was, in force.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct InForce<T> {
    /// The value.
    pub value: T,
    /// Counted from 1 for each key.
    pub version: i32,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// Until when; none while it is in force.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

/// A SHA-256 in hexadecimal digits, without colons and in lower case.
///
/// # Errors
/// When it is not 64 hexadecimal digits.
pub fn fingerprint(text: &str) -> Result<String, LedgerError> {
    let digits: String = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(digits)
    } else {
        Err(LedgerError::Fingerprint)
    }
}

/// Keys go into file names, logs and command lines: a short run of harmless characters.
fn key(text: &str) -> Result<(), LedgerError> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&text.len()) && text.chars().all(harmless) {
        Ok(())
    } else {
        Err(LedgerError::Key(text.chars().take(80).collect()))
    }
}

fn name(text: &str) -> Result<(), LedgerError> {
    let chars = text.chars().count();
    if (1..=200).contains(&chars) && text.trim() == text && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(LedgerError::Name)
    }
}

/// Prefecture 01-47, fee table or kind, institution: ten digits.
fn facility_code(code: &str) -> Result<(), LedgerError> {
    let digits = code.len() == 10 && code.bytes().all(|b| b.is_ascii_digit());
    let prefecture = code.get(..2).and_then(|text| text.parse::<u8>().ok());
    // Bodies without a facility code use 9 and the last nine digits of their telephone number.
    let known = code.starts_with('9') || prefecture.is_some_and(|number| (1..=47).contains(&number));
    if digits && known {
        Ok(())
    } else {
        Err(LedgerError::FacilityCode(code.chars().take(20).collect()))
    }
}

/// Why something cannot be entered into the ledger. It holds no patient data.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LedgerError {
    /// A key with other characters, empty or too long.
    #[error("\"{0}\" is no key: 1 to 64 letters, digits, hyphens, underscores or dots")]
    Key(String),
    /// A name that is empty, too long, or has control characters or blanks around it.
    #[error("a name has 1 to 200 characters, without control characters or blanks around it")]
    Name,
    /// Not ten digits of a prefecture.
    #[error(
        "\"{0}\" is no facility code: ten digits that begin with a prefecture number 01 to 47, or with 9"
    )]
    FacilityCode(String),
    /// Not an OID.
    #[error("\"{0}\" is no OID")]
    Oid(String),
    /// Not a SHA-256.
    #[error("a fingerprint is the SHA-256 of the certificate in 64 hexadecimal digits")]
    Fingerprint,
    /// A node that may send nothing.
    #[error("a node may send at least one transaction, or has a right")]
    NoTransaction,
    /// An operator's certificate that would serve for something else too.
    #[error(
        "the certificate of an operator is for nothing else: no transactions, and it acts for no other node"
    )]
    OperatorOnly,
    /// Out of range.
    #[error("requests in flight are 1 to 4096")]
    InFlight,
}

/// Who is who: organisations by what documents call them, and their legal entities.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    entities: HashMap<OrganisationId, EntityId>,
    institutions: HashMap<String, OrganisationId>,
}

impl Directory {
    /// The directory of these organisations, all in force.
    pub fn of<'a>(organisations: impl IntoIterator<Item = &'a Organisation>) -> Self {
        let mut directory = Self::default();
        for organisation in organisations {
            let id = &organisation.id;
            directory.entities.insert(id.clone(), organisation.entity.clone());
            let names = organisation.facility_codes.iter().chain(&organisation.oids);
            for name in names.chain([&id.0]) {
                directory.institutions.insert(name.clone(), id.clone());
            }
        }
        directory
    }

    /// The legal entity of an organisation; none when the ledger does not know it, or no longer.
    pub fn entity(&self, organisation: &OrganisationId) -> Option<&EntityId> {
        self.entity_of(&organisation.0)
    }

    /// The same by the organisation's key as text.
    pub fn entity_of(&self, organisation: &str) -> Option<&EntityId> {
        self.entities.get(organisation)
    }

    /// The organisation that an authorInstitution names by facility code, OID or key.
    ///
    /// The authority beside a facility code is not compared: there is no agreed OID for these codes, and
    /// a text that names a member of the network must not pass as a stranger's.
    pub fn organisation(&self, institution: &Institution) -> Option<&OrganisationId> {
        self.institutions.get(institution.id.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation() -> Organisation {
        Organisation {
            id: OrganisationId("1311234567".into()),
            name: "中央病院".into(),
            kana: Some("チュウオウビョウイン".into()),
            entity: EntityId("chuo".into()),
            entity_name: "医療法人中央会".into(),
            facility_codes: ["1311234567".to_owned(), "1331234567".to_owned()].into(),
            oids: ["1.2.392.9.1".to_owned()].into(),
        }
    }

    fn node() -> Node {
        Node {
            name: NodeName("h1".into()),
            fingerprint: "AB:".repeat(31) + "AB",
            organisation: OrganisationId("1311234567".into()),
            transactions: [Transaction::Iti41].into(),
            rights: BTreeSet::new(),
            allow_tls12: false,
            acts_for_others: false,
            in_flight_max: None,
            source_ids: BTreeSet::new(),
            feeds: BTreeSet::new(),
            default_user: None,
        }
    }

    #[test]
    fn organisations_are_checked() {
        assert!(organisation().checked().is_ok());
        let with = |change: fn(&mut Organisation)| {
            let mut organisation = organisation();
            change(&mut organisation);
            organisation.checked()
        };
        assert!(with(|o| o.id.0 = "a b".into()).is_err());
        assert!(with(|o| o.entity.0.clear()).is_err());
        assert!(with(|o| o.name = " x".into()).is_err());
        assert!(with(|o| o.oids = ["x".to_owned()].into()).is_err());
        for code in [
            "131123456",
            "4811234567",
            "0011234567",
            "13112345678",
            "13x1234567",
        ] {
            let mut organisation = organisation();
            organisation.facility_codes = [code.to_owned()].into();
            assert!(organisation.checked().is_err(), "{code}");
        }
    }

    #[test]
    fn nodes_are_checked_and_fingerprints_made_plain() {
        assert_eq!(node().checked().unwrap().fingerprint, "ab".repeat(32));
        let with = |change: fn(&mut Node)| {
            let mut node = node();
            change(&mut node);
            node.checked()
        };
        assert_eq!(with(|n| n.transactions.clear()), Err(LedgerError::NoTransaction));
        assert_eq!(
            with(|n| n.rights = [Right::Operator].into()),
            Err(LedgerError::OperatorOnly)
        );
        let operator = |acts_for_others| {
            let mut node = node();
            node.transactions.clear();
            node.rights = [Right::Operator].into();
            node.acts_for_others = acts_for_others;
            node.checked()
        };
        assert!(operator(false).is_ok());
        assert_eq!(operator(true), Err(LedgerError::OperatorOnly));
        assert!(with(|n| n.rights = [Right::AuditConsumer].into()).is_ok());
        assert_eq!(
            with(|n| n.fingerprint = "ab".into()),
            Err(LedgerError::Fingerprint)
        );
        assert_eq!(with(|n| n.in_flight_max = Some(0)), Err(LedgerError::InFlight));
        assert!(with(|n| n.in_flight_max = Some(4096)).is_ok());
        assert_eq!(with(|n| n.in_flight_max = Some(4097)), Err(LedgerError::InFlight));
        assert!(with(|n| n.feeds = ["x".to_owned()].into()).is_err());
    }

    #[test]
    fn institutions_are_found_by_any_of_their_names() {
        let directory = Directory::of([&organisation()]);
        for xon in [
            "X^^^^^&1.2.3&ISO^^^^1331234567",
            "X^^^^^^^^^1.2.392.9.1",
            "中央^^^^^&1.9.9&ISO^^^^1311234567",
        ] {
            let institution = Institution::parse(xon).unwrap();
            assert_eq!(
                directory.organisation(&institution),
                Some(&organisation().id),
                "{xon}"
            );
        }
        let stranger = Institution::parse("中央病院").unwrap();
        assert_eq!(directory.organisation(&stranger), None);
    }
}
