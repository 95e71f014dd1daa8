//! Adding events.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::{GenericClient as _, Transaction};
use postgres_types::{ToSql, Type};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_audit::Told;

use crate::delivered::{Delivered, Taken};
use crate::entry::Entry;
use crate::error::TrailError;
use crate::trail::Trail;

/// Events and bytes of one database transaction.
const BATCH_EVENTS_MAX: usize = 2_000;
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

const CURSOR: &str = "\
-- audit.cursor
SELECT COALESCE(max(e.sequence), 0)
  FROM audit.event e
 WHERE e.journal = (SELECT number FROM audit.journal WHERE journal = $1)";

const ADD_JOURNALS: &str = "\
-- audit.add_journals
INSERT INTO audit.journal (journal)
SELECT j.journal FROM unnest($1::uuid[]) AS j (journal)
 WHERE NOT EXISTS (SELECT FROM audit.journal known WHERE known.journal = j.journal)
    ON CONFLICT (journal) DO NOTHING";

const JOURNALS: &str = "\
-- audit.journals
SELECT journal, number FROM audit.journal WHERE journal = ANY ($1)";

const ENSURE_MONTH: &str = "-- audit.ensure_month\nSELECT audit.ensure_month($1)";

const ADD_EVENTS: &str = "\
-- audit.add_events
INSERT INTO audit.event
       (at, journal, sequence, part, ended, kind, direction, action, outcome, node, organisation, via, user_id,
        user_issuer, roles, purposes, bases, decisions, instruments, errors, correlation, endpoint, peer, body)
SELECT at, journal, sequence, part, ended, kind, direction, action, outcome, node, organisation, via, user_id,
       user_issuer, string_to_array(roles, E'\\x1f'), string_to_array(purposes, E'\\x1f'),
       string_to_array(bases, E'\\x1f'), string_to_array(decisions, E'\\x1f'),
       string_to_array(instruments, E'\\x1f'), string_to_array(errors, E'\\x1f'), correlation, endpoint, peer, body
  FROM unnest($1::timestamptz[], $2::integer[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[],
              $7::text[], $8::smallint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
              $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
              $21::text[], $22::text[], $23::bytea[], $24::integer[])
    AS e (at, journal, sequence, ended, kind, direction, action, outcome, node, organisation, via, user_id,
          user_issuer, roles, purposes, bases, decisions, instruments, errors, correlation, endpoint, peer, body,
          part)
    ON CONFLICT DO NOTHING";

const ADD_PATIENTS: &str = "\
-- audit.add_patients
INSERT INTO audit.event_patient (patient, at, journal, sequence, part)
SELECT patient, at, journal, sequence, part
  FROM unnest($1::text[], $2::timestamptz[], $3::integer[], $4::bigint[], $5::integer[])
    AS e (patient, at, journal, sequence, part)
    ON CONFLICT DO NOTHING";

const ADD_DOCUMENTS: &str = "\
-- audit.add_documents
INSERT INTO audit.event_document (document, at, journal, sequence, part)
SELECT document, at, journal, sequence, part
  FROM unnest($1::text[], $2::timestamptz[], $3::integer[], $4::bigint[], $5::integer[])
    AS e (document, at, journal, sequence, part)
    ON CONFLICT DO NOTHING";

const ADD_WITHHELD: &str = "\
-- audit.add_withheld
INSERT INTO audit.event_withheld (object, reason, at, journal, sequence, part)
SELECT object, reason, at, journal, sequence, part
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::integer[], $5::bigint[], $6::integer[])
    AS e (object, reason, at, journal, sequence, part)
    ON CONFLICT DO NOTHING";

impl Trail {
    /// Adds events, each once: those that are there are left as they are. How many were new.
    ///
    /// Events of one journal come in the order of their numbers, by one indexer, so that after a failure or a
    /// restart it goes on from [`Trail::cursor`]: batches are kept whole and in order.
    ///
    /// # Errors
    /// When the database fails; the batches before are kept.
    pub async fn index(&self, events: &[Told]) -> Result<u64, TrailError> {
        self.add_all(events.iter().map(Entry::of)).await
    }

    /// Adds messages that others delivered: each once, however often it came. A message that is none, or that tells
    /// of nothing the trail knows, is counted and kept as it came, for the operator.
    ///
    /// # Errors
    /// When the database fails; the batches before are kept.
    pub async fn index_messages(&self, messages: &[Delivered<'_>]) -> Result<Taken, TrailError> {
        let mut told = Vec::with_capacity(messages.len());
        let mut unread = Vec::new();
        for message in messages {
            match message.read() {
                Some(read) => told.push(read),
                None => unread.push(message),
            }
        }
        let entries = told
            .iter()
            .map(|(told, part, xml)| Entry::delivered(told, *part, xml));
        let new = self.add_all(entries).await?;
        self.keep_unread(&unread).await?;
        Ok(Taken {
            new,
            unread: unread.len() as u64,
        })
    }

    async fn add_all(
        &self,
        entries: impl Iterator<Item = Result<Entry, TrailError>>,
    ) -> Result<u64, TrailError> {
        let mut new = 0;
        let mut batch = Vec::new();
        let mut bytes = 0_usize;
        for entry in entries {
            let entry = entry?;
            bytes = bytes.saturating_add(entry.body.len());
            batch.push(entry);
            if batch.len() >= BATCH_EVENTS_MAX || bytes >= BATCH_BYTES_MAX {
                new += self.add(&batch).await?;
                batch.clear();
                bytes = 0;
            }
        }
        if !batch.is_empty() {
            new += self.add(&batch).await?;
        }
        Ok(new)
    }

    /// The number of the last event of the journal that is here; 0 for none. Follow the journal after it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cursor(&self, journal: Uuid) -> Result<u64, TrailError> {
        let connection = self.connection().await?;
        let row = connection
            .query_one(CURSOR, &[&journal])
            .await
            .map_err(TrailError::of("cursor"))?;
        let last: i64 = row.try_get(0).map_err(|_| TrailError::Row { table: "event" })?;
        u64::try_from(last).map_err(|_| TrailError::Row { table: "event" })
    }

    /// Makes the partitions of the month of `at` ahead of its first event, as the indexer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ensure_month(&self, at: OffsetDateTime) -> Result<(), TrailError> {
        let connection = self.connection().await?;
        connection
            .query_one(ENSURE_MONTH, &[&at])
            .await
            .map_err(TrailError::of("ensure_month"))?;
        Ok(())
    }

    async fn add(&self, batch: &[Entry]) -> Result<u64, TrailError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await.map_err(TrailError::of("add"))?;
        let journals = journals(&transaction, batch).await?;
        ensure_months(&transaction, batch).await?;
        let number = |entry: &Entry| journals.get(&entry.journal).copied().unwrap_or_default();
        let new = add_events(&transaction, batch, &number).await?;
        add_keys(
            &transaction,
            "add_patients",
            ADD_PATIENTS,
            batch,
            &number,
            |entry| &entry.patients,
        )
        .await?;
        add_keys(
            &transaction,
            "add_documents",
            ADD_DOCUMENTS,
            batch,
            &number,
            |entry| &entry.documents,
        )
        .await?;
        add_withheld(&transaction, batch, &number).await?;
        transaction.commit().await.map_err(TrailError::of("add"))?;
        Ok(new)
    }
}

async fn journals(transaction: &Transaction<'_>, batch: &[Entry]) -> Result<BTreeMap<Uuid, i32>, TrailError> {
    let journals: BTreeSet<Uuid> = batch.iter().map(|entry| entry.journal).collect();
    let journals: Vec<Uuid> = journals.into_iter().collect();
    transaction
        .execute_typed(ADD_JOURNALS, &[(&journals, Type::UUID_ARRAY)])
        .await
        .map_err(TrailError::of("add_journals"))?;
    let rows = transaction
        .query_typed(JOURNALS, &[(&journals, Type::UUID_ARRAY)])
        .await
        .map_err(TrailError::of("journals"))?;
    let damaged = |_| TrailError::Row { table: "journal" };
    rows.iter()
        .map(|row| Ok((row.try_get(0).map_err(damaged)?, row.try_get(1).map_err(damaged)?)))
        .collect()
}

/// The months of the events; the month after is made by [`Trail::ensure_month`] ahead, or here when it comes.
async fn ensure_months(transaction: &Transaction<'_>, batch: &[Entry]) -> Result<(), TrailError> {
    let months: BTreeMap<_, _> = batch
        .iter()
        .map(|entry| {
            let at = entry.at.to_offset(time::UtcOffset::UTC);
            ((at.year(), u8::from(at.month())), at)
        })
        .collect();
    for at in months.values() {
        transaction
            .query_typed(ENSURE_MONTH, &[(at, Type::TIMESTAMPTZ)])
            .await
            .map_err(TrailError::of("ensure_month"))?;
    }
    Ok(())
}

async fn add_events(
    transaction: &Transaction<'_>,
    batch: &[Entry],
    number: &impl Fn(&Entry) -> i32,
) -> Result<u64, TrailError> {
    let at = column(batch, |entry| entry.at);
    let journal = column(batch, number);
    let sequence = column(batch, |entry| entry.sequence);
    let ended = column(batch, |entry| entry.ended);
    let kind = column(batch, |entry| entry.kind);
    let direction = column(batch, |entry| entry.direction);
    let action = column(batch, |entry| entry.action);
    let outcome = column(batch, |entry| entry.outcome);
    let node = column(batch, |entry| entry.node.as_deref());
    let organisation = column(batch, |entry| entry.organisation.as_deref());
    let via = column(batch, |entry| entry.via.as_deref());
    let user_id = column(batch, |entry| entry.user_id.as_deref());
    let user_issuer = column(batch, |entry| entry.user_issuer.as_deref());
    let roles = column(batch, |entry| entry.roles.as_str());
    let purposes = column(batch, |entry| entry.purposes.as_str());
    let bases = column(batch, |entry| entry.bases.as_str());
    let decisions = column(batch, |entry| entry.decisions.as_str());
    let instruments = column(batch, |entry| entry.instruments.as_str());
    let errors = column(batch, |entry| entry.errors.as_str());
    let correlation = column(batch, |entry| entry.correlation.as_deref());
    let endpoint = column(batch, |entry| entry.endpoint.as_deref());
    let peer = column(batch, |entry| entry.peer.as_deref());
    let body = column(batch, |entry| entry.body.as_slice());
    let part = column(batch, |entry| entry.part);
    let texts = Type::TEXT_ARRAY;
    let parameters: [(&(dyn ToSql + Sync), Type); 24] = [
        (&at, Type::TIMESTAMPTZ_ARRAY),
        (&journal, Type::INT4_ARRAY),
        (&sequence, Type::INT8_ARRAY),
        (&ended, Type::TIMESTAMPTZ_ARRAY),
        (&kind, texts.clone()),
        (&direction, texts.clone()),
        (&action, texts.clone()),
        (&outcome, Type::INT2_ARRAY),
        (&node, texts.clone()),
        (&organisation, texts.clone()),
        (&via, texts.clone()),
        (&user_id, texts.clone()),
        (&user_issuer, texts.clone()),
        (&roles, texts.clone()),
        (&purposes, texts.clone()),
        (&bases, texts.clone()),
        (&decisions, texts.clone()),
        (&instruments, texts.clone()),
        (&errors, texts.clone()),
        (&correlation, texts.clone()),
        (&endpoint, texts.clone()),
        (&peer, texts),
        (&body, Type::BYTEA_ARRAY),
        (&part, Type::INT4_ARRAY),
    ];
    transaction
        .execute_typed(ADD_EVENTS, &parameters)
        .await
        .map_err(TrailError::of("add_events"))
}

fn column<'a, T>(batch: &'a [Entry], of: impl Fn(&'a Entry) -> T) -> Vec<T> {
    batch.iter().map(of).collect()
}

async fn add_keys(
    transaction: &Transaction<'_>,
    name: &'static str,
    statement: &str,
    batch: &[Entry],
    number: &impl Fn(&Entry) -> i32,
    keys: impl Fn(&Entry) -> &BTreeSet<String>,
) -> Result<(), TrailError> {
    let (mut key, mut at, mut journal) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sequence, mut part) = (Vec::new(), Vec::new());
    for entry in batch {
        for text in keys(entry) {
            key.push(text.as_str());
            at.push(entry.at);
            journal.push(number(entry));
            sequence.push(entry.sequence);
            part.push(entry.part);
        }
    }
    if key.is_empty() {
        return Ok(());
    }
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&key, Type::TEXT_ARRAY),
        (&at, Type::TIMESTAMPTZ_ARRAY),
        (&journal, Type::INT4_ARRAY),
        (&sequence, Type::INT8_ARRAY),
        (&part, Type::INT4_ARRAY),
    ];
    transaction
        .execute_typed(statement, &parameters)
        .await
        .map_err(TrailError::of(name))?;
    Ok(())
}

async fn add_withheld(
    transaction: &Transaction<'_>,
    batch: &[Entry],
    number: &impl Fn(&Entry) -> i32,
) -> Result<(), TrailError> {
    let rows: Vec<_> = batch
        .iter()
        .flat_map(|entry| entry.withheld.iter().map(move |withheld| (entry, withheld)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let object: Vec<&str> = rows.iter().map(|(_, (object, _))| object.as_str()).collect();
    let reason: Vec<&str> = rows.iter().map(|(_, (_, reason))| reason.as_str()).collect();
    let at: Vec<OffsetDateTime> = rows.iter().map(|(entry, _)| entry.at).collect();
    let journal: Vec<i32> = rows.iter().map(|(entry, _)| number(entry)).collect();
    let sequence: Vec<i64> = rows.iter().map(|(entry, _)| entry.sequence).collect();
    let part: Vec<i32> = rows.iter().map(|(entry, _)| entry.part).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&object, Type::TEXT_ARRAY),
        (&reason, Type::TEXT_ARRAY),
        (&at, Type::TIMESTAMPTZ_ARRAY),
        (&journal, Type::INT4_ARRAY),
        (&sequence, Type::INT8_ARRAY),
        (&part, Type::INT4_ARRAY),
    ];
    transaction
        .execute_typed(ADD_WITHHELD, &parameters)
        .await
        .map_err(TrailError::of("add_withheld"))?;
    Ok(())
}
