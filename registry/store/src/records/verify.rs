//! Following the chains of all ledgers.

use registry_core::records::chain::{Break, Follower, Kept, Place};
use registry_core::records::{Record, Side};
use time::OffsetDateTime;
use tokio_postgres::Row;
use xds_policy::hash::ContentHash;

use super::look::{TABLE, name};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

/// Records that are read at once.
const PAGE: i64 = 1_000;

/// Names a strand: whose ledger, which side, which other party.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StrandName {
    /// Whose ledger.
    pub organisation: String,
    /// Which side.
    pub side: Side,
    /// The other party.
    pub counterparty: String,
}

/// A strand that is not what was written.
#[derive(Clone, Debug)]
pub struct FaultyStrand {
    /// Which.
    pub strand: StrandName,
    /// What is wrong with it, up to [`Follower::BREAKS_MAX`].
    pub breaks: Vec<Break>,
}

/// What following the chains came to.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Strands that were followed.
    pub strands: u64,
    /// Records that were read.
    pub records: u64,
    /// The hash over the ends of all strands, in order: two that are the same name the same records. It belongs somewhere
    /// that who can change the database cannot.
    pub ends: String,
    /// What is wrong.
    pub faulty: Vec<FaultyStrand>,
}

impl Store {
    /// Follows the chains of one ledger or of all, as they are at one moment: whether a record was changed, removed or put
    /// in.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn verify_records(&self, organisation: Option<&str>) -> Result<Verified, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin_reading(&mut connection).await?;
        let session = self.within(&transaction);
        let mut verified = Verified {
            strands: 0,
            records: 0,
            ends: String::new(),
            faulty: Vec::new(),
        };
        let mut ends = Vec::new();
        let mut after = (String::new(), 0_i16, String::new());
        loop {
            let strands = strands(session, organisation, &after).await?;
            let Some(last) = strands.last() else { break };
            let name = last.name.clone();
            after = (name.organisation, name.side.number(), name.counterparty);
            for strand in strands {
                ends.extend_from_slice(&strand.head.hash);
                verified.add(session, strand).await?;
            }
        }
        verified.ends = ContentHash::of_bytes(&ends).to_string();
        commit(transaction).await?;
        Ok(verified)
    }
}

impl Verified {
    async fn add(&mut self, session: Session<'_>, strand: Strand) -> Result<(), StoreError> {
        let mut follower = Follower::after(strand.expired);
        let mut after = 0_i64;
        loop {
            let rows = page(session, &strand.name, after).await?;
            for row in &rows {
                after = read(row, 3, TABLE, "position")?;
                follower.follow(&link_of(row, after)?);
                self.records += 1;
            }
            if i64::try_from(rows.len()) != Ok(PAGE) {
                break;
            }
        }
        self.strands += 1;
        let breaks = follower.end(&strand.head);
        if !breaks.is_empty() {
            self.faulty.push(FaultyStrand {
                strand: strand.name,
                breaks,
            });
        }
        Ok(())
    }
}

async fn strands(
    session: Session<'_>,
    organisation: Option<&str>,
    after: &(String, i16, String),
) -> Result<Vec<Strand>, StoreError> {
    let rows = session
        .query(
            &sql::RECORD_STRANDS,
            &[&organisation, &after.0, &after.1, &after.2],
        )
        .await?;
    rows.iter().map(strand).collect()
}

struct Strand {
    name: StrandName,
    head: Place,
    expired: Place,
}

fn strand(row: &Row) -> Result<Strand, StoreError> {
    const TABLE: &str = "record_strand";
    let side = Side::from_number(read(row, 1, TABLE, "side")?);
    Ok(Strand {
        name: StrandName {
            organisation: read(row, 0, TABLE, "organisation")?,
            side: side.ok_or(StoreError::row(TABLE, "side"))?,
            counterparty: read(row, 2, TABLE, "counterparty")?,
        },
        head: Place {
            position: read(row, 3, TABLE, "position")?,
            hash: read(row, 4, TABLE, "chain")?,
        },
        expired: Place {
            position: read(row, 5, TABLE, "expired")?,
            hash: read(row, 6, TABLE, "expired_hash")?,
        },
    })
}

async fn page(session: Session<'_>, strand: &StrandName, after: i64) -> Result<Vec<Row>, StoreError> {
    session
        .query(
            &sql::RECORDS_OF_STRAND,
            &[
                &strand.organisation,
                &strand.side.number(),
                &strand.counterparty,
                &after,
                &PAGE,
            ],
        )
        .await
}

/// The link that a row is.
fn link_of(row: &Row, position: i64) -> Result<Kept<'_>, StoreError> {
    let content: &str = read(row, 5, TABLE, "content")?;
    Ok(Kept {
        position,
        content,
        person: read(row, 4, TABLE, "person")?,
        previous: read(row, 6, TABLE, "previous")?,
        hash: read(row, 7, TABLE, "sha256")?,
        columns_agree: tells_its_text(row, content)?,
    })
}

fn tells_its_text(row: &Row, content: &str) -> Result<bool, StoreError> {
    let Ok(record) = Record::from_text(content) else {
        return Ok(false);
    };
    let named = name(row)?;
    let at: OffsetDateTime = read(row, 9, TABLE, "at")?;
    let basis: &str = read(row, 10, TABLE, "basis")?;
    let legally_required: bool = read(row, 11, TABLE, "legally_required")?;
    let decision: &str = read(row, 12, TABLE, "decision")?;
    Ok(named.organisation == record.ledger().0
        && named.side == record.side
        && named.counterparty == record.counterparty().organisation.0
        && (at - record.at).abs() < time::Duration::microseconds(1)
        && basis == record.basis.code()
        && legally_required == record.legally_required
        && decision == record.decision)
}
