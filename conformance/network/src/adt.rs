//! Messages of the patient identity feed.

use time::UtcOffset;
use xds_hl7::charset::Charset;
use xds_hl7::{AdtDraft, PersonName, Representation, Sex, Trigger, build_adt};
use xds_model::time::System;
use xds_model::{Clock, IdSource, PatientId};

/// An A04 with the patient's name in three forms, in UTF-8.
pub(crate) fn registration(patient: &PatientId, kanji: (&str, &str)) -> Option<Vec<u8>> {
    let control_id: String = System.random().simple().to_string().chars().take(20).collect();
    let names = [
        PersonName::new(kanji.0, kanji.1, Some(Representation::Ideographic)),
        PersonName::new("ケンサ", "タロウ", Some(Representation::Phonetic)),
        PersonName::new("KENSA", "TARO", Some(Representation::Alphabetic)),
    ];
    let draft = AdtDraft {
        trigger: Trigger::A04,
        control_id: &control_id,
        version: "2.3.1",
        time: System.now().to_offset(UtcOffset::UTC),
        sender: ("FEED", "h1"),
        receiver: ("RENKEI", "registry"),
        identifiers: std::slice::from_ref(patient),
        names: &names,
        birth_date: "19560312".parse().ok(),
        sex: Some(Sex::Male),
        merged: None,
        charset: Charset::Utf8,
    };
    build_adt(&draft).ok()
}
