//! Writes ADT messages: what a Patient Identity Source sends (ITI TF-2, 3.8.4). For demo feeds and tests.

use time::OffsetDateTime;
use xds_model::PatientId;
use xds_model::time::Dtm;

use crate::adt::{Sex, Trigger};
use crate::charset::{Charset, Unencodable};
use crate::er7::escape;
use crate::header;
use crate::name::PersonName;
use crate::timestamp;

/// What goes into a message. The texts are plain, without ER7 escapes.
#[derive(Clone, Debug)]
pub struct AdtDraft<'a> {
    /// MSH-9.2 and EVN-1.
    pub trigger: Trigger,
    /// MSH-10.
    pub control_id: &'a str,
    /// MSH-12.
    pub version: &'a str,
    /// MSH-7 and EVN-2, written with its offset.
    pub time: OffsetDateTime,
    /// MSH-3.1 and MSH-4.1: application, facility.
    pub sender: (&'a str, &'a str),
    /// MSH-5.1 and MSH-6.1: application, facility.
    pub receiver: (&'a str, &'a str),
    /// PID-3.
    pub identifiers: &'a [PatientId],
    /// PID-5.
    pub names: &'a [PersonName],
    /// PID-7.
    pub birth_date: Option<Dtm>,
    /// PID-8.
    pub sex: Option<Sex>,
    /// MRG-1, for A40.
    pub merged: Option<&'a PatientId>,
    /// MSH-18, and what the message is encoded in.
    pub charset: Charset,
}

/// Writes the message, without MLLP framing.
///
/// # Errors
/// When a text has a character that the character set does not have.
pub fn build_adt(draft: &AdtDraft<'_>) -> Result<Vec<u8>, Unencodable> {
    let mut text = head(draft);
    text.push_str(&format!(
        "EVN|{}|{}\r",
        draft.trigger.code(),
        timestamp::write(draft.time)
    ));
    text.push_str(&patient(draft));
    if let Some(merged) = draft.merged {
        text.push_str(&format!("MRG|{}\r", cx(merged)));
    }
    text.push_str("PV1||O\r");
    draft.charset.encode(&text)
}

fn head(draft: &AdtDraft<'_>) -> String {
    let structure = if draft.trigger == Trigger::A40 {
        "ADT_A39"
    } else {
        "ADT_A01"
    };
    let fields = [
        escape(draft.sender.0),
        escape(draft.sender.1),
        escape(draft.receiver.0),
        escape(draft.receiver.1),
        timestamp::write(draft.time),
        String::new(),
        format!("ADT^{}^{structure}", draft.trigger.code()),
        escape(draft.control_id),
        "P".to_owned(),
        draft.version.to_owned(),
    ];
    let mut fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    fields.extend(["", "", "", "", "", draft.charset.msh18()]);
    if matches!(draft.charset, Charset::Iso2022Jp { .. }) {
        fields.extend(["", "ISO 2022-1994"]);
    }
    header::write(&fields)
}

fn patient(draft: &AdtDraft<'_>) -> String {
    let identifiers: Vec<_> = draft.identifiers.iter().map(cx).collect();
    let names: Vec<_> = draft.names.iter().map(PersonName::raw).collect();
    let birth_date = draft
        .birth_date
        .map(|date| date.as_str().to_owned())
        .unwrap_or_default();
    let sex = draft.sex.map(Sex::code).unwrap_or_default();
    format!(
        "PID|||{}||{}||{birth_date}|{sex}\r",
        identifiers.join("~"),
        names.join("~")
    )
}

fn cx(id: &PatientId) -> String {
    format!("{}^^^&{}&ISO", escape(id.id()), id.authority())
}
