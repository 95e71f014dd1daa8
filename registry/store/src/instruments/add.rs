//! Entering the next version of an instrument.

use xds_policy::version::InstrumentKind;

use super::check::{fits, follows, not_next};
use super::error::InstrumentError;
use super::kinds::Instrument;
use super::load::{gathered, history, of_domain, of_domain_kinds};
use super::rows::insert;
use super::two_sides::agrees;
use crate::change::{self, Change, Deed, Telling};
use crate::error::StoreError;
use crate::pool::Store;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

impl Store {
    /// Enters a version. It follows the latest one there is: of two who enter the same number one is refused. The
    /// journal is told with the versions before and after; `verb` is what was asked for, `instrument add`.
    ///
    /// Its evidence is kept before (see [`super::EvidenceFolder`]).
    ///
    /// # Errors
    /// When it may not follow, does not fit the domain, or the database cannot do it.
    pub async fn add_instrument(
        &self,
        verb: &str,
        instrument: &Instrument,
        change: &Change,
    ) -> Result<(), InstrumentError> {
        self.enter(verb, instrument, change, Telling::Owed).await
    }

    /// The same, when the caller has opened an event about it, with the version before as
    /// [`Store::judge_instrument`] said it.
    ///
    /// # Errors
    /// As [`Store::add_instrument`].
    pub async fn add_opened_instrument(
        &self,
        verb: &str,
        instrument: &Instrument,
        change: &Change,
    ) -> Result<(), InstrumentError> {
        self.enter(verb, instrument, change, Telling::Opened).await
    }

    async fn enter(
        &self,
        verb: &str,
        instrument: &Instrument,
        change: &Change,
        telling: Telling,
    ) -> Result<(), InstrumentError> {
        if instrument.entered_at() != Some(change.at) || instrument.entered_by() != change.who {
            return Err(InstrumentError::EnteredOtherwise);
        }
        self.run_tx("add_instrument", || async {
            apart(self.add_once(verb, instrument, change, telling).await)
        })
        .await?
    }

    /// Whether a version could be entered now; nothing is. The version that it would follow, if there is one.
    ///
    /// # Errors
    /// Why it could not, or when the database cannot say.
    pub async fn judge_instrument(
        &self,
        instrument: &Instrument,
    ) -> Result<Option<Instrument>, InstrumentError> {
        let connection = self.connection().await?;
        judged(self.session(&connection), instrument).await
    }

    async fn add_once(
        &self,
        verb: &str,
        instrument: &Instrument,
        change: &Change,
        telling: Telling,
    ) -> Result<(), InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        self.add_in(self.within(&transaction), verb, instrument, change, telling)
            .await?;
        commit(transaction).await?;
        Ok(())
    }

    /// The same within a transaction that does more.
    pub(crate) async fn add_in(
        &self,
        session: Session<'_>,
        verb: &str,
        instrument: &Instrument,
        change: &Change,
        telling: Telling,
    ) -> Result<(), InstrumentError> {
        // Instruments of patients meet at their keys; there are too many of them to come one by one.
        if instrument.patient().is_none() {
            session.query(&sql::LOCK_DOMAIN, &[]).await?;
        }
        entered(session, verb, instrument, change, telling).await
    }
}

/// Enters a version within a transaction that holds the lock of its domain.
pub(super) async fn entered(
    session: Session<'_>,
    verb: &str,
    instrument: &Instrument,
    change: &Change,
    telling: Telling,
) -> Result<(), InstrumentError> {
    let before = judged(session, instrument).await?;
    let deed = deed(verb, before.as_ref(), instrument)?;
    change::put(session, change, &deed, telling).await?;
    insert(session, instrument, change.id)
        .await
        .map_err(|error| raced(error, instrument))
}

/// Whether a version may follow what is there; the one before it.
async fn judged(
    session: Session<'_>,
    instrument: &Instrument,
) -> Result<Option<Instrument>, InstrumentError> {
    let reference = instrument.reference();
    let before = history(session, reference.kind, &reference.id).await?;
    let latest = before.last().cloned();
    follows(latest.as_ref(), instrument)?;
    agrees(session, instrument).await?;
    check_domain(session, before, instrument).await?;
    Ok(latest)
}

/// Whether it fits what is there of the domain that its kind names.
async fn check_domain(
    session: Session<'_>,
    before: Vec<Instrument>,
    instrument: &Instrument,
) -> Result<(), InstrumentError> {
    let is_of_patient = instrument.patient().is_some();
    let kinds = if is_of_patient {
        // What these name, and what that names in turn.
        vec![
            InstrumentKind::LegalEntity,
            InstrumentKind::Organisation,
            InstrumentKind::ConsentText,
        ]
    } else {
        of_domain_kinds()
    };
    let mut known = of_domain(session, &kinds, None).await?;
    if is_of_patient {
        known.extend(before);
    }
    known.push(instrument.clone());
    fits(&gathered(known))
}

/// What the journal is told.
fn deed(verb: &str, before: Option<&Instrument>, after: &Instrument) -> Result<Deed, StoreError> {
    let value = |instrument: &Instrument| {
        instrument
            .value()
            .map_err(|_| StoreError::row("owed_act", "after"))
    };
    let reference = after.reference();
    let subject = format!("{} {}", reference.kind.name(), reference.id);
    Ok(Deed {
        before: before.map(value).transpose()?,
        after: Some(value(after)?),
        patients: after
            .patient()
            .map(|patient| patient.0.clone())
            .into_iter()
            .collect(),
        ..Deed::new(verb, &subject)
    })
}

/// Who was a moment later than another finds the number, or the name, taken.
pub(super) fn raced(error: InstrumentError, instrument: &Instrument) -> InstrumentError {
    const KEYS: [&str; 3] = [
        "instrument_version_pkey",
        "patient_instrument_version_pkey",
        "instrument_patient_pkey",
    ];
    match &error {
        InstrumentError::Store(StoreError::Constraint { constraint, .. })
            if KEYS.contains(&constraint.as_str()) =>
        {
            not_next(instrument, instrument.reference().version)
        }
        _ => error,
    }
}

/// Keeps what the database could not do, and may be asked again, apart from refusals.
pub(crate) fn apart<T>(result: Result<T, InstrumentError>) -> Result<Result<T, InstrumentError>, StoreError> {
    match result {
        Err(InstrumentError::Store(error)) => Err(error),
        other => Ok(other),
    }
}
