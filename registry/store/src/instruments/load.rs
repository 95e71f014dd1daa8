//! What is there: histories, and what decisions are made from.

use time::OffsetDateTime;
use tokio_postgres::Row;
use xds_model::PatientId;
use xds_policy::format::DomainFile;
use xds_policy::instruments::consent::Consent;
use xds_policy::instruments::order::LegalOrder;
use xds_policy::instruments::refusal::Refusal;
use xds_policy::instruments::session::BreakGlassSession;
use xds_policy::ledger::{Ledger, PatientInstruments};
use xds_policy::version::{InstrumentKind, Version};
use xds_policy::words::InstrumentId;

use super::kinds::Instrument;
use super::rows::instrument;
use crate::error::StoreError;
use crate::pool::Store;
use crate::session::Session;
use crate::sql;

impl Store {
    /// All versions of one instrument, oldest first; none if there is no such.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn instrument_history(
        &self,
        kind: InstrumentKind,
        id: &InstrumentId,
    ) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        history(self.session(&connection), kind, id).await
    }

    /// All versions of all instruments of a kind that concerns the whole domain, by id. None of a kind that concerns
    /// patients: see [`Store::patient_instruments`].
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn instruments(&self, kind: InstrumentKind) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        of_domain(self.session(&connection), &[kind], None).await
    }

    /// The latest version of each instrument of a kind that concerns the whole domain, by id: those after an id, so many
    /// at most.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn latest_instruments(
        &self,
        kind: InstrumentKind,
        after: &str,
        rows_max: i64,
    ) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::LATEST_INSTRUMENTS, &[&kind.name(), &after, &rows_max])
            .await?;
        read_all(&rows)
    }

    /// All versions of all instruments of a patient, by kind and id: also of those that were merged into the patient,
    /// or that the patient was merged into.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn patient_instruments(&self, patient: &PatientId) -> Result<Vec<Instrument>, StoreError> {
        self.of_patient(patient, None).await
    }

    /// What decisions are made from, of the whole domain: everything that was ever entered; a decision looks at what had
    /// been by its instant. One call serves many decisions; [`Store::domain_version`] says when it has to be made again.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn law(&self) -> Result<Ledger, StoreError> {
        let connection = self.connection().await?;
        let versions = of_domain(self.session(&connection), &of_domain_kinds(), None).await?;
        Ok(gathered(versions).into_facts().0)
    }

    /// The same as far as it had been entered by an instant.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn load_domain(&self, at: OffsetDateTime) -> Result<Ledger, StoreError> {
        let connection = self.connection().await?;
        let kinds = of_domain_kinds();
        let versions = of_domain(self.session(&connection), &kinds, Some(at)).await?;
        Ok(gathered(versions).into_facts().0)
    }

    /// The same of one patient, under any identifier that the patient has or had before a merge. Instruments keep the
    /// identifier that they name: [`PatientInstruments::under`] gives them the surviving one.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn load_patient(
        &self,
        patient: &PatientId,
        at: OffsetDateTime,
    ) -> Result<PatientInstruments, StoreError> {
        let versions = self.of_patient(patient, Some(at)).await?;
        Ok(gathered(versions).into_facts().1)
    }

    async fn of_patient(
        &self,
        patient: &PatientId,
        at: Option<OffsetDateTime>,
    ) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        self.of_patient_in(self.session(&connection), patient, at).await
    }

    /// The same within a transaction that does more.
    pub(crate) async fn of_patient_in(
        &self,
        session: Session<'_>,
        patient: &PatientId,
        at: Option<OffsetDateTime>,
    ) -> Result<Vec<Instrument>, StoreError> {
        let rows = session
            .query(
                &sql::PATIENT_INSTRUMENTS,
                &[&patient.id(), &patient.authority().as_str(), &at],
            )
            .await?;
        read_all(&rows)
    }
}

/// Versions of instruments of one patient, kind by kind.
#[derive(Default)]
pub(crate) struct PatientVersions {
    consents: Vec<Version<Consent>>,
    refusals: Vec<Version<Refusal>>,
    orders: Vec<Version<LegalOrder>>,
    sessions: Vec<Version<BreakGlassSession>>,
}

impl PatientVersions {
    /// Adds a version. One that concerns no patient is not among them.
    pub(crate) fn add(&mut self, instrument: Instrument) {
        match instrument {
            Instrument::Consent(version) => self.consents.push(version),
            Instrument::Refusal(version) => self.refusals.push(version),
            Instrument::LegalOrder(version) => self.orders.push(version),
            Instrument::BreakGlassSession(version) => self.sessions.push(version),
            _ => {}
        }
    }

    pub(crate) fn into_facts(self) -> PatientInstruments {
        PatientInstruments::new(self.consents, self.refusals, self.orders, self.sessions)
    }
}

impl Instrument {
    /// The version in a row of one of the statements that read versions.
    pub(crate) fn of_row(row: &Row) -> Result<Self, StoreError> {
        instrument(row)
    }
}

pub(super) fn of_domain_kinds() -> Vec<InstrumentKind> {
    let kinds = Instrument::KINDS.into_iter();
    kinds.filter(|kind| !Instrument::is_of_patient(*kind)).collect()
}

/// All versions of some kinds of the domain, as entered by an instant or ever.
pub(super) async fn of_domain(
    session: Session<'_>,
    kinds: &[InstrumentKind],
    at: Option<OffsetDateTime>,
) -> Result<Vec<Instrument>, StoreError> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let id: Option<&str> = None;
    let rows = session.query(&sql::INSTRUMENTS, &[&names, &id, &at]).await?;
    read_all(&rows)
}

pub(super) async fn history(
    session: Session<'_>,
    kind: InstrumentKind,
    id: &InstrumentId,
) -> Result<Vec<Instrument>, StoreError> {
    let rows = if Instrument::is_of_patient(kind) {
        session
            .query(&sql::PATIENT_INSTRUMENT, &[&kind.name(), &id.as_str()])
            .await?
    } else {
        let at: Option<OffsetDateTime> = None;
        let (kinds, id) = (vec![kind.name()], Some(id.as_str()));
        session.query(&sql::INSTRUMENTS, &[&kinds, &id, &at]).await?
    };
    read_all(&rows)
}

pub(super) fn read_all(rows: &[Row]) -> Result<Vec<Instrument>, StoreError> {
    rows.iter().map(instrument).collect()
}

pub(crate) fn gathered(versions: impl IntoIterator<Item = Instrument>) -> DomainFile {
    let mut file = DomainFile::empty();
    for version in versions {
        version.add_to(&mut file);
    }
    file
}
