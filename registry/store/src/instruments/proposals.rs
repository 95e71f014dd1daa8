//! Versions that wait for a second operator.

use time::{Duration, OffsetDateTime};
use tokio_postgres::Row;
use uuid::Uuid;
use xds_policy::hash::ContentHash;
use xds_policy::version::InstrumentKind;

use super::add::{apart, entered};
use super::error::InstrumentError;
use super::kinds::Instrument;
use crate::change::{Change, Telling};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::sql;
use crate::tx::commit;

/// Versions that may wait at a time.
pub const PROPOSALS_MAX: usize = 200;

const TABLE: &str = "instrument_proposal";

/// A version that one operator wrote, and that a second has to approve before it is entered.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Names it: by nothing that tells of a patient.
    pub id: Uuid,
    /// When it was written.
    pub at: OffsetDateTime,
    /// Who wrote it.
    pub by: String,
    /// Why, when it is said.
    pub reason: Option<String>,
    /// The version as its writer would have entered it.
    pub instrument: Instrument,
    /// Of the text of the version: who approves says by it what was seen.
    pub sha256: ContentHash,
}

impl Proposal {
    /// How long it may be approved. After that it can be withdrawn only: its writer looks at it again.
    pub const LIFE: Duration = Duration::days(30);

    /// What an operator writes.
    ///
    /// # Errors
    /// When the version cannot be written down.
    pub fn new(id: Uuid, instrument: Instrument, change: &Change) -> Result<Self, serde_json::Error> {
        let sha256 = ContentHash::of_bytes(instrument.content()?.as_bytes());
        Ok(Self {
            id,
            at: change.at,
            by: change.who.clone(),
            reason: change.reason.clone(),
            instrument,
            sha256,
        })
    }

    /// The version as it is entered when this operator approves what was seen. Who wrote it has entered it, and both
    /// have approved it.
    ///
    /// # Errors
    /// When it is the writer, something else was seen, or its time is over.
    pub fn approved(
        &self,
        approver: &str,
        seen: &ContentHash,
        change: &Change,
    ) -> Result<Instrument, InstrumentError> {
        if self.by == approver {
            return Err(InstrumentError::OwnProposal);
        }
        if *seen != self.sha256 {
            return Err(InstrumentError::ProposalDiffers);
        }
        if self.at.checked_add(Self::LIFE).is_none_or(|end| end <= change.at) {
            return Err(InstrumentError::ProposalOld);
        }
        let kind = self.instrument.reference().kind;
        let text = self.content()?;
        let approvers = [self.by.clone(), approver.to_owned()];
        Ok(Instrument::draft(kind, &text, change, &approvers)?)
    }

    fn content(&self) -> Result<String, StoreError> {
        self.instrument
            .content()
            .map_err(|_| StoreError::row(TABLE, "draft"))
    }
}

impl Instrument {
    /// Whether versions of a kind are entered by two operators: orders that open what a patient did not agree to, and
    /// the rules that everything is decided by.
    pub fn takes_two_operators(kind: InstrumentKind) -> bool {
        matches!(kind, InstrumentKind::LegalOrder | InstrumentKind::DomainPolicy)
    }
}

impl Store {
    /// Keeps a version for the second operator.
    ///
    /// # Errors
    /// When too many wait, or the database cannot do it.
    pub async fn propose_instrument(&self, proposal: &Proposal) -> Result<(), InstrumentError> {
        let reference = proposal.instrument.reference();
        let version = i32::try_from(reference.version).map_err(|_| StoreError::row(TABLE, "version"))?;
        let max = i64::try_from(PROPOSALS_MAX).unwrap_or(i64::MAX);
        let connection = self.connection().await?;
        let added = self
            .session(&connection)
            .execute(
                &sql::ADD_PROPOSAL,
                &[
                    &proposal.id,
                    &reference.kind.name(),
                    &reference.id.as_str(),
                    &version,
                    &proposal.at,
                    &proposal.by,
                    &proposal.reason,
                    &proposal.content()?,
                    &proposal.sha256.as_bytes().as_slice(),
                    &max,
                ],
            )
            .await?;
        if added == 0 {
            return Err(InstrumentError::ProposalsFull);
        }
        Ok(())
    }

    /// Every version that waits, the oldest first.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn proposals(&self) -> Result<Vec<Proposal>, StoreError> {
        self.proposals_named(None).await
    }

    /// One version that waits.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn proposal(&self, id: Uuid) -> Result<Option<Proposal>, StoreError> {
        Ok(self.proposals_named(Some(id)).await?.pop())
    }

    async fn proposals_named(&self, id: Option<Uuid>) -> Result<Vec<Proposal>, StoreError> {
        let connection = self.connection().await?;
        let rows = self.session(&connection).query(&sql::PROPOSALS, &[&id]).await?;
        rows.iter().map(proposal).collect()
    }

    /// Takes a version back that waits; whether there was one.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn withdraw_proposal(&self, id: Uuid) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let gone = self
            .session(&connection)
            .execute(&sql::REMOVE_PROPOSAL, &[&id])
            .await?;
        Ok(gone > 0)
    }

    /// Enters a version that waited, as [`Proposal::approved`] made it, once: of two who approve it one is refused. The
    /// caller has opened an event about it.
    ///
    /// # Errors
    /// When it waits no more, may not follow, does not fit the domain, or the database cannot do it.
    pub async fn approve_proposal(
        &self,
        verb: &str,
        id: Uuid,
        instrument: &Instrument,
        change: &Change,
    ) -> Result<(), InstrumentError> {
        self.run_tx("approve_proposal", || async {
            apart(self.approve_once(verb, id, instrument, change).await)
        })
        .await?
    }

    async fn approve_once(
        &self,
        verb: &str,
        id: Uuid,
        instrument: &Instrument,
        change: &Change,
    ) -> Result<(), InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        if instrument.patient().is_none() {
            session.query(&sql::LOCK_DOMAIN, &[]).await?;
        }
        if session.execute(&sql::REMOVE_PROPOSAL, &[&id]).await? == 0 {
            return Err(InstrumentError::ProposalGone);
        }
        entered(session, verb, instrument, change, Telling::Opened).await?;
        commit(transaction).await?;
        Ok(())
    }
}

fn proposal(row: &Row) -> Result<Proposal, StoreError> {
    let damaged = |column| StoreError::row(TABLE, column);
    let kind: &str = read(row, 1, TABLE, "kind")?;
    let draft: &str = read(row, 5, TABLE, "draft")?;
    let kind = Instrument::kind_named(kind).ok_or(damaged("kind"))?;
    let value = serde_json::from_str(draft).map_err(|_| damaged("draft"))?;
    Ok(Proposal {
        id: read(row, 0, TABLE, "id")?,
        at: read(row, 2, TABLE, "proposed_at")?,
        by: read(row, 3, TABLE, "proposed_by")?,
        reason: read(row, 4, TABLE, "reason")?,
        instrument: Instrument::sealed(kind, value).map_err(|_| damaged("draft"))?,
        sha256: ContentHash::of_bytes(draft.as_bytes()),
    })
}
