//! One ledger, two sides: the rows of organisations and nodes say who may connect, and the instruments of legal entities
//! and organisations what they are in law. Both have the same keys. What is entered on the side of the rows is entered
//! on the side of the law too, in the same transaction; neither may name another legal entity than the other.

use std::collections::BTreeSet;

use registry_core::ledger::Organisation;
use time::OffsetDateTime;
use xds_model::principal::{EntityId, OrganisationId};
use xds_policy::instruments::organisation::{
    AppiStatus, LegalEntity, Organisation as OrganisationInLaw, OrganisationKind, Status,
};
use xds_policy::version::{Draft, InstrumentKind, SealError, Terms, Version};
use xds_policy::words::InstrumentId;

use super::check::fits;
use super::draft::DraftError;
use super::error::InstrumentError;
use super::kinds::Instrument;
use super::load::{gathered, history, of_domain, of_domain_kinds};
use super::rows::insert;
use crate::change::Change;
use crate::error::StoreError;
use crate::row::read;
use crate::session::Session;
use crate::sql;

/// What is said of an organisation in law beside what its row says. What is not given stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct InLaw {
    /// What it is; a hospital unless given.
    pub kind: Option<OrganisationKind>,
    /// The name of its legal entity.
    pub entity_name: Option<String>,
    /// The address of its legal entity.
    pub address: Option<String>,
    /// The representative of its legal entity.
    pub representative: Option<String>,
}

/// Enters what the law's side does not say yet of an organisation, and tells what. The domain is locked.
pub(crate) async fn enter(
    session: Session<'_>,
    organisation: &Organisation,
    in_law: &InLaw,
    change: &Change,
) -> Result<Vec<Instrument>, InstrumentError> {
    let mut known = of_domain(session, &of_domain_kinds(), None).await?;
    let entity = latest(&known, InstrumentKind::LegalEntity, &organisation.entity.0);
    let of_entity = next_entity(entity, organisation, in_law, change)?;
    let before = latest(&known, InstrumentKind::Organisation, &organisation.id.0);
    let of_organisation = next_organisation(before, organisation, in_law, change)?;
    let news: Vec<Instrument> = of_entity.into_iter().chain(of_organisation).collect();
    if !news.is_empty() {
        known.extend(news.iter().cloned());
        fits(&gathered(known))?;
    }
    Ok(news)
}

/// Ends the organisation in law, if it is in force.
pub(crate) async fn end(
    session: Session<'_>,
    id: &OrganisationId,
    change: &Change,
) -> Result<Option<Instrument>, InstrumentError> {
    let latest = latest_organisation(session, id).await?;
    match latest {
        Some(version) if version.in_force(change.at) => {
            let ended = Instrument::Organisation(version).ending(change.at, change, &[])?;
            Ok(Some(ended))
        }
        _ => Ok(None),
    }
}

/// Binds and looses certificates in law as its nodes come and go, if it is in force.
pub(crate) async fn certificates(
    session: Session<'_>,
    id: &OrganisationId,
    loosed: &BTreeSet<String>,
    bound: Option<&str>,
    change: &Change,
) -> Result<Option<Instrument>, InstrumentError> {
    let Some(version) = latest_organisation(session, id).await? else {
        return Ok(None);
    };
    let mut certificates = version.terms.certificates.clone();
    certificates.retain(|known| !loosed.contains(known));
    certificates.extend(bound.map(str::to_owned));
    if certificates == version.terms.certificates || !version.in_force(change.at) {
        return Ok(None);
    }
    let mut draft = following(&version, change);
    draft.terms.certificates = certificates;
    Ok(Some(Instrument::Organisation(sealed(draft)?)))
}

/// Writes what was made of it.
pub(crate) async fn write(
    session: Session<'_>,
    news: &[Instrument],
    change: &Change,
) -> Result<(), InstrumentError> {
    for instrument in news {
        insert(session, instrument, change.id).await?;
    }
    Ok(())
}

/// An organisation in law must not be of another legal entity than its row says, as long as both are in force.
pub(super) async fn agrees(session: Session<'_>, instrument: &Instrument) -> Result<(), InstrumentError> {
    let Instrument::Organisation(version) = instrument else {
        return Ok(());
    };
    let ended = version
        .effective_to
        .is_some_and(|to| version.entered_at.is_some_and(|entered| to <= entered));
    if ended {
        return Ok(());
    }
    let id = version.id.as_str();
    let rows = session.query(&sql::ORGANISATIONS, &[&Some(id), &false]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let entity: String = read(row, 4, "organisation", "entity")?;
    if version.terms.entity.0 == entity {
        return Ok(());
    }
    Err(contradiction(&version.id, EntityId(entity), version.terms.entity.clone()))
}

fn contradiction(id: &InstrumentId, ledger: EntityId, in_law: EntityId) -> InstrumentError {
    InstrumentError::Contradiction {
        id: id.clone(),
        ledger,
        in_law,
    }
}

fn latest<'a>(known: &'a [Instrument], kind: InstrumentKind, id: &str) -> Option<&'a Instrument> {
    let mut versions = known.iter().rev();
    versions.find(|version| {
        let reference = version.reference();
        reference.kind == kind && reference.id.as_str() == id
    })
}

async fn latest_organisation(
    session: Session<'_>,
    id: &OrganisationId,
) -> Result<Option<Version<OrganisationInLaw>>, StoreError> {
    let versions = history(
        session,
        InstrumentKind::Organisation,
        &InstrumentId(id.0.clone()),
    )
    .await?;
    Ok(versions.into_iter().next_back().and_then(|version| match version {
        Instrument::Organisation(version) => Some(version),
        _ => None,
    }))
}

fn next_entity(
    before: Option<&Instrument>,
    organisation: &Organisation,
    in_law: &InLaw,
    change: &Change,
) -> Result<Option<Instrument>, InstrumentError> {
    let before = match before {
        Some(Instrument::LegalEntity(version)) => Some(version),
        _ => None,
    };
    let known = before.map(|version| version.terms.clone());
    let known = known.unwrap_or_else(|| LegalEntity {
        name: organisation.entity_name.clone(),
        address: String::new(),
        representative: String::new(),
    });
    let terms = LegalEntity {
        name: in_law.entity_name.clone().unwrap_or(known.name),
        address: in_law.address.clone().unwrap_or(known.address),
        representative: in_law.representative.clone().unwrap_or(known.representative),
    };
    let version = next(before, &organisation.entity.0, terms, change)?;
    Ok(version.map(Instrument::LegalEntity))
}

fn next_organisation(
    before: Option<&Instrument>,
    organisation: &Organisation,
    in_law: &InLaw,
    change: &Change,
) -> Result<Option<Instrument>, InstrumentError> {
    let before = match before {
        Some(Instrument::Organisation(version)) => Some(version),
        _ => None,
    };
    let in_force = before.filter(|version| version.in_force(change.at));
    if let Some(version) = in_force
        && version.terms.entity != organisation.entity
    {
        let (ledger, in_law) = (organisation.entity.clone(), version.terms.entity.clone());
        return Err(contradiction(&version.id, ledger, in_law));
    }
    let mut terms = match in_force {
        Some(version) => version.terms.clone(),
        None => new_organisation(organisation, change.at),
    };
    terms.name.clone_from(&organisation.name);
    terms.kind = in_law.kind.unwrap_or(terms.kind);
    let version = next(before, &organisation.id.0, terms, change)?;
    Ok(version.map(Instrument::Organisation))
}

fn new_organisation(organisation: &Organisation, joined: OffsetDateTime) -> OrganisationInLaw {
    OrganisationInLaw {
        name: organisation.name.clone(),
        kind: OrganisationKind::Hospital,
        entity: organisation.entity.clone(),
        appi_status: AppiStatus::Private,
        status: Status::Active,
        joined,
        joining_notified: None,
        certificates: BTreeSet::new(),
        gateways: BTreeSet::new(),
        country: "JP".to_owned(),
        storage_countries: BTreeSet::new(),
        notices: Vec::new(),
    }
}

/// The first version, or the next one; none if the one in force says the same.
fn next<T: Terms>(
    before: Option<&Version<T>>,
    id: &str,
    terms: T,
    change: &Change,
) -> Result<Option<Version<T>>, InstrumentError> {
    let draft = match before {
        Some(version) if version.in_force(change.at) && version.terms == terms => return Ok(None),
        Some(version) => Draft {
            terms,
            ..following(version, change)
        },
        None => Draft {
            id: InstrumentId(id.to_owned()),
            version: 1,
            entered_at: Some(change.at),
            entered_by: change.who.clone(),
            approved_by: Vec::new(),
            effective_from: change.at,
            effective_to: None,
            evidence: None,
            evidence_found: None,
            terms,
            hash: None,
        },
    };
    Ok(Some(sealed(draft)?))
}

/// The next version, from now on; it ends when the one before was to end, unless that is over.
fn following<T: Terms>(version: &Version<T>, change: &Change) -> Draft<T> {
    Draft {
        entered_at: Some(change.at),
        entered_by: change.who.clone(),
        approved_by: Vec::new(),
        effective_from: change.at,
        effective_to: version.effective_to.filter(|to| change.at < *to),
        ..version.next()
    }
}

fn sealed<T: Terms>(draft: Draft<T>) -> Result<Version<T>, InstrumentError> {
    Version::seal(draft).map_err(|error: SealError| {
        let content = DraftError::Content {
            path: ".".to_owned(),
            message: error.to_string(),
        };
        content.into()
    })
}
