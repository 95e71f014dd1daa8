//! Messages of others that are no events of ours: kept as they came.

use aws_lc_rs::digest::{SHA256, digest};
use postgres_types::{ToSql, Type};
use time::OffsetDateTime;

use crate::delivered::Delivered;
use crate::error::TrailError;
use crate::trail::Trail;

const KEEP_UNREAD: &str = "\
-- audit.keep_unread
INSERT INTO audit.unread (received_at, node, sha256, message)
SELECT received_at, node, sha256, message
  FROM unnest($1::timestamptz[], $2::text[], $3::bytea[], $4::bytea[]) AS m (received_at, node, sha256, message)
    ON CONFLICT DO NOTHING";

impl Trail {
    /// Keeps messages, each of a node once.
    pub(crate) async fn keep_unread(&self, messages: &[&Delivered<'_>]) -> Result<(), TrailError> {
        if messages.is_empty() {
            return Ok(());
        }
        let received: Vec<OffsetDateTime> = messages.iter().map(|message| message.received).collect();
        let node: Vec<&str> = messages.iter().map(|message| message.from).collect();
        let hash: Vec<_> = messages
            .iter()
            .map(|message| digest(&SHA256, message.xml))
            .collect();
        let hash: Vec<&[u8]> = hash.iter().map(AsRef::as_ref).collect();
        let text: Vec<&[u8]> = messages.iter().map(|message| message.xml).collect();
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&received, Type::TIMESTAMPTZ_ARRAY),
            (&node, Type::TEXT_ARRAY),
            (&hash, Type::BYTEA_ARRAY),
            (&text, Type::BYTEA_ARRAY),
        ];
        let connection = self.connection().await?;
        connection
            .execute_typed(KEEP_UNREAD, &parameters)
            .await
            .map_err(TrailError::of("keep_unread"))?;
        Ok(())
    }
}
