//! What was kept back and why. The role `operator` may ask; the registry asks for an author's organisation about
//! the objects that are its own.

use postgres_types::Type;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_audit::EventId;

use crate::error::TrailError;
use crate::keep::key;
use crate::question::Page;
use crate::search::get;
use crate::trail::Trail;

/// An object that was kept back from a caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WithheldObject {
    /// From which event.
    pub event: EventId,
    /// When.
    pub at: OffsetDateTime,
    /// entryUUID or uniqueId.
    pub object: String,
    /// The code of the reason.
    pub reason: String,
}

const WITHHELD_OF_EVENT: &str = "\
-- audit.withheld_of_event
SELECT j.journal, w.sequence, w.at, w.object, w.reason
  FROM audit.journal j
  JOIN audit.event_withheld w ON w.journal = j.number
 WHERE j.journal = $1 AND w.sequence = $2
 ORDER BY w.object, w.reason
 LIMIT 10000";

const WITHHELD_OBJECTS: &str = "\
-- audit.withheld_objects
SELECT j.journal, w.sequence, w.at, w.object, w.reason
  FROM audit.event_withheld w
  JOIN audit.journal j ON j.number = w.journal
 WHERE w.object = ANY ($1) AND w.at >= $2 AND w.at < $3
 ORDER BY w.at DESC, w.journal DESC, w.sequence DESC, w.object, w.reason
 LIMIT $4";

impl Trail {
    /// What was kept back in one event, for the operator.
    ///
    /// # Errors
    /// When the database fails, or the role may not see it.
    pub async fn withheld(&self, event: EventId) -> Result<Vec<WithheldObject>, TrailError> {
        let Ok(sequence) = i64::try_from(event.sequence) else {
            return Ok(Vec::new());
        };
        let connection = self.connection().await?;
        let rows = connection
            .query_typed(
                WITHHELD_OF_EVENT,
                &[(&event.journal, Type::UUID), (&sequence, Type::INT8)],
            )
            .await
            .map_err(TrailError::of("withheld_of_event"))?;
        rows.iter().map(withheld).collect()
    }

    /// When these objects were kept back, the latest first. For an author's organisation: the caller sees to it
    /// that the objects are that organisation's.
    ///
    /// # Errors
    /// When the database fails, or the role may not see it.
    pub async fn withheld_objects(
        &self,
        objects: &[String],
        from: OffsetDateTime,
        until: OffsetDateTime,
        rows: usize,
    ) -> Result<Vec<WithheldObject>, TrailError> {
        let objects: Vec<String> = objects.iter().map(|object| key(object)).collect();
        let limit = Page::first(rows).limit();
        let connection = self.connection().await?;
        let rows = connection
            .query_typed(
                WITHHELD_OBJECTS,
                &[
                    (&objects, Type::TEXT_ARRAY),
                    (&from, Type::TIMESTAMPTZ),
                    (&until, Type::TIMESTAMPTZ),
                    (&limit, Type::INT8),
                ],
            )
            .await
            .map_err(TrailError::of("withheld_objects"))?;
        rows.iter().map(withheld).collect()
    }
}

fn withheld(row: &Row) -> Result<WithheldObject, TrailError> {
    let journal: Uuid = get(row, 0)?;
    let sequence: i64 = get(row, 1)?;
    let sequence = u64::try_from(sequence).map_err(|_| TrailError::Row {
        table: "event_withheld",
    })?;
    Ok(WithheldObject {
        event: EventId { journal, sequence },
        at: get(row, 2)?,
        object: get(row, 3)?,
        reason: get(row, 4)?,
    })
}
