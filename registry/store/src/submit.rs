//! Registrations: facts, decision and changes in one transaction.

use registry_core::facts::{Facts, FactsWanted};
use registry_core::register::{Changes, Refusal};
use time::OffsetDateTime;

use crate::apply::{self, Write};
use crate::error::{Busy, StoreError};
use crate::facts;
use crate::instruments;
use crate::mark::AuditMark;
use crate::pool::Store;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

/// How often a registration starts anew without locks because another took its ids meanwhile.
const FREE_ATTEMPTS_MAX: u32 = 2;
/// The same with locks: then only a fresh uniqueId that two use at once can come between.
const LOCKED_ATTEMPTS_MAX: u32 = 4;

/// Facts to changes, with the audit event that is owed for them.
type Decide<'a> = dyn Fn(Facts) -> Result<(Changes, Option<AuditMark>), Refusal> + Sync + 'a;

impl Store {
    /// Registers a submission, or tells why not.
    ///
    /// `decide` turns facts into changes, with the audit event that is owed for them. It may be called
    /// again with newer facts, when another submission got in between; so it must not do anything but
    /// decide. A submission that refers to nothing registered is written by one statement; any other in a
    /// transaction that first locks the patients concerned.
    ///
    /// # Errors
    /// When the database cannot do it: then nothing is stored, except that after [`Busy::Lost`] it is
    /// unknown, and the same submission sent again gets the right answer.
    pub async fn register<D>(
        &self,
        wanted: &FactsWanted,
        at: OffsetDateTime,
        decide: D,
    ) -> Result<Result<Changes, Refusal>, StoreError>
    where
        D: Fn(Facts) -> Result<(Changes, Option<AuditMark>), Refusal> + Sync,
    {
        let decide: &Decide<'_> = &decide;
        if !wanted.touches_registered() {
            if let Some(facts) = self.patients.facts(wanted)
                && let Attempt::Done(outcome) = self
                    .run_tx("register_at_once", || {
                        self.register_at_once(facts.clone(), at, decide)
                    })
                    .await?
            {
                return Ok(*outcome);
            }
            for _ in 0..FREE_ATTEMPTS_MAX {
                match self
                    .run_tx("register", || self.register_freely(wanted, at, decide))
                    .await?
                {
                    Attempt::Done(outcome) => return Ok(*outcome),
                    Attempt::Overtaken => {}
                    Attempt::NeedsLocks => break,
                }
            }
        }
        for _ in 0..LOCKED_ATTEMPTS_MAX {
            let attempt = self.run_tx("register_locked", || self.register_locked(wanted, at, decide));
            if let Attempt::Done(outcome) = attempt.await? {
                return Ok(*outcome);
            }
        }
        Err(StoreError::Busy(Busy::Contention))
    }

    /// One round trip: its patient is known, and its ids are taken to be new, as nearly all are. If they are not, the
    /// statement says so. A submission that is turned down is looked at again with all facts: they may add reasons.
    async fn register_at_once(
        &self,
        facts: Facts,
        at: OffsetDateTime,
        decide: &Decide<'_>,
    ) -> Result<Attempt, StoreError> {
        let Ok((changes, mark)) = decide(facts) else {
            return Ok(Attempt::Overtaken);
        };
        if !changes.is_plain() {
            return Ok(Attempt::NeedsLocks);
        }
        let connection = self.connection().await?;
        self.write(self.session(&connection), changes, mark, at).await
    }

    /// Two round trips: facts, then the one statement that is its own transaction.
    async fn register_freely(
        &self,
        wanted: &FactsWanted,
        at: OffsetDateTime,
        decide: &Decide<'_>,
    ) -> Result<Attempt, StoreError> {
        let connection = self.connection().await?;
        let session = self.session(&connection);
        let facts = facts::load(session, wanted).await?;
        self.patients.learn(&facts);
        let (changes, mark) = match decide(facts) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Attempt::Done(Box::new(Err(refusal)))),
        };
        if !changes.is_plain() {
            return Ok(Attempt::NeedsLocks);
        }
        self.write(session, changes, mark, at).await
    }

    /// The one statement that writes a plain registration.
    async fn write(
        &self,
        session: Session<'_>,
        changes: Changes,
        mark: Option<AuditMark>,
        at: OffsetDateTime,
    ) -> Result<Attempt, StoreError> {
        let write = Write {
            changes: &changes,
            mark: mark.as_ref(),
            at,
        };
        match apply::insert(session, &[write]).await {
            Ok(()) => Ok(Attempt::Done(Box::new(Ok(changes)))),
            Err(error) if error.is_taken_id() => Ok(Attempt::Overtaken),
            Err(error) if error.is_merged_patient() => {
                self.patients.forget(changes.patient);
                Ok(Attempt::Overtaken)
            }
            Err(error) => Err(error),
        }
    }

    async fn register_locked(
        &self,
        wanted: &FactsWanted,
        at: OffsetDateTime,
        decide: &Decide<'_>,
    ) -> Result<Attempt, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        let referenced: Vec<_> = wanted.referenced.iter().copied().collect();
        let (ids, authorities) = facts::patients(wanted);
        session
            .query(&sql::LOCK_PATIENTS, &[&referenced, &ids, &authorities])
            .await?;
        let unique_ids: Vec<&str> = wanted.unique_ids.iter().map(String::as_str).collect();
        session.query(&sql::LOCK_UNIQUE_IDS, &[&unique_ids]).await?;
        // A statement sees what was committed before it began: these facts are from after the locks.
        let mut facts = facts::load(session, wanted).await?;
        facts.acknowledged = instruments::standing(session, wanted).await?;
        let (changes, mark) = match decide(facts) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Attempt::Done(Box::new(Err(refusal)))),
        };
        let write = Write {
            changes: &changes,
            mark: mark.as_ref(),
            at,
        };
        match apply::insert(session, &[write]).await {
            Ok(()) => {}
            Err(error) if error.is_taken_id() => return Ok(Attempt::Overtaken),
            Err(error) => return Err(error),
        }
        apply::extend(session, write).await?;
        instruments::enter(session, &changes, at).await?;
        commit(transaction).await?;
        Ok(Attempt::Done(Box::new(Ok(changes))))
    }
}

/// What came of one attempt.
enum Attempt {
    /// It is decided, and stored if it was let in.
    Done(Box<Result<Changes, Refusal>>),
    /// Another took an id that was free when it was looked up.
    Overtaken,
    /// It goes beyond what one statement writes.
    NeedsLocks,
}
