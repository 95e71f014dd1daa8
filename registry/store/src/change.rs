//! Who changed the domain's data, when and why.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;
use crate::session::Session;
use crate::sql;

/// A change of the domain's data. Time and id are the caller's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// A fresh id, see `IdSource::ordered`.
    pub id: Uuid,
    /// Now.
    pub at: OffsetDateTime,
    /// Who does it.
    pub who: String,
    /// Why, when it is said.
    pub reason: Option<String>,
}

pub(crate) async fn record(
    session: Session<'_>,
    change: &Change,
    what: &str,
    subject: &str,
) -> Result<(), StoreError> {
    session
        .execute(
            &sql::RECORD_CHANGE,
            &[
                &change.id,
                &change.at,
                &change.who,
                &what,
                &subject,
                &change.reason,
            ],
        )
        .await?;
    Ok(())
}
