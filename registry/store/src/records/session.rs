//! Entering the break-glass session that a declaration opens, before it is decided.

use registry_core::records::{Task, TaskKind};
use xds_model::PatientId;
use xds_policy::instruments::session::BreakGlassSession;
use xds_policy::ledger::{Ledger, PatientInstruments};
use xds_policy::version::{Draft, Version};

use super::add::{NewTask, add_tasks};
use crate::change::{Change, Telling};
use crate::error::StoreError;
use crate::instruments::{Instrument, InstrumentError, apart, gathered};
use crate::pool::Store;
use crate::sql;
use crate::tx::commit;

/// What a declaration came to.
#[derive(Debug)]
pub struct Opened {
    /// The session that was entered; none when one was open already, or nothing may be.
    pub session: Option<Version<BreakGlassSession>>,
    /// What is known of the patient then, with it.
    pub patient: PatientInstruments,
    /// Whom it has to be told, and its review.
    pub tasks: Vec<NewTask>,
}

impl Store {
    /// Enters a break-glass session, or its renewal, in a transaction of its own. `wanted` says which from what is known of
    /// the patient at `change.at`; of two requests at once the second sees what the first entered. The journal is told.
    ///
    /// # Errors
    /// When the session does not fit the domain, the patient is not known, or the database cannot do it; then nothing is
    /// entered.
    pub async fn open_session(
        &self,
        patient: &PatientId,
        ledger: &Ledger,
        change: &Change,
        wanted: impl Fn(&PatientInstruments) -> Option<Draft<BreakGlassSession>>,
    ) -> Result<Opened, InstrumentError> {
        self.run_tx("open_session", || async {
            apart(self.open_once(patient, ledger, change, &wanted).await)
        })
        .await?
    }

    async fn open_once(
        &self,
        patient: &PatientId,
        ledger: &Ledger,
        change: &Change,
        wanted: &impl Fn(&PatientInstruments) -> Option<Draft<BreakGlassSession>>,
    ) -> Result<Opened, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        let (id, authority) = (patient.id(), patient.authority().as_str());
        session.query(&sql::LOCK_PATIENT, &[&id, &authority]).await?;
        let known = self.of_patient_in(session, patient, Some(change.at)).await?;
        let instruments = gathered(known.clone()).into_facts().1;
        let Some(draft) = wanted(&instruments) else {
            return Ok(Opened {
                session: None,
                patient: instruments,
                tasks: Vec::new(),
            });
        };
        let sealed = Version::seal(draft).map_err(|_| StoreError::row("instrument_version", "content"))?;
        let instrument = Instrument::BreakGlassSession(sealed.clone());
        self.add_in(session, "emergency open", &instrument, change, Telling::Owed)
            .await?;
        let tasks = add_tasks(session, &Task::of_session(ledger, &sealed)).await?;
        commit(transaction).await?;
        let patient = gathered(known.into_iter().chain([instrument])).into_facts().1;
        Ok(Opened {
            session: Some(sealed),
            patient,
            tasks,
        })
    }

    /// Enters the next version of a session, as its review and what the patient is told make one, and says that tasks
    /// are done: `done` names their kind, and whose they are when it is not everybody's.
    ///
    /// # Errors
    /// When it may not follow, does not fit the domain, or the database cannot do it.
    pub async fn close_tasks(
        &self,
        verb: &str,
        next: &Instrument,
        done: (TaskKind, Option<&str>),
        change: &Change,
    ) -> Result<u64, InstrumentError> {
        self.run_tx("close_tasks", || async {
            apart(self.close_once(verb, next, done, change).await)
        })
        .await?
    }

    async fn close_once(
        &self,
        verb: &str,
        next: &Instrument,
        done: (TaskKind, Option<&str>),
        change: &Change,
    ) -> Result<u64, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        self.add_in(session, verb, next, change, Telling::Owed).await?;
        let closed = super::task::close(session, next.reference(), done, change).await?;
        commit(transaction).await?;
        Ok(closed)
    }
}
