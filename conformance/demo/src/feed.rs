//! Step 5: the patients, told to the registry by ITI-8 over MLLP and TLS.

use time::macros::offset;
use xds_client::mllp::{MllpClient, MllpError};
use xds_hl7::{AdtDraft, Charset, PersonName, Sex, Trigger, build_adt};
use xds_model::time::System;
use xds_model::{Clock, Dtm, PatientId};
use xds_server::lang::Say;

use crate::caller::Caller;
use crate::network::{FIRST, PATIENTS, Patient};
use crate::show::Running;

/// Feeds every patient, each in one ADT^A04.
pub(crate) async fn feed(caller: &Caller, step: &mut Running<'_>) {
    let mut connection = match caller.feed().await {
        Ok(connection) => connection,
        Err(error) => {
            let expected = Say::new("MLLP/TLSで接続できること", "a connection by MLLP over TLS");
            return step.wrong(expected, error);
        }
    };
    for patient in &PATIENTS {
        let control_id = format!("DEMO{:04}", patient.number);
        let acknowledgment = match message(patient, &control_id) {
            Ok(message) => step.timed(send(&mut connection, &message)).await,
            Err(error) => Err(error),
        };
        let expected = || {
            let id = patient.local();
            Say::new(
                format!("患者 {id} の ADT^A04 に MSA|AA"),
                format!("MSA|AA for ADT^A04 of patient {id}"),
            )
        };
        match acknowledgment {
            Ok(msa) => step.check(msa == format!("MSA|AA|{control_id}"), expected, msa),
            Err(error) => return step.wrong(expected(), error),
        }
    }
    // Everything was acknowledged; how the connection ends says nothing more.
    let _ = connection.close().await;
}

/// Sends a message; the MSA segment of the acknowledgment.
async fn send(connection: &mut MllpClient, message: &[u8]) -> Result<String, String> {
    let acknowledgment = connection
        .send(message)
        .await
        .map_err(|error: MllpError| error.to_string())?;
    let msa = acknowledgment
        .split(|byte| *byte == b'\r')
        .find(|segment| segment.starts_with(b"MSA|"))
        .unwrap_or_default();
    Ok(String::from_utf8_lossy(msa).into_owned())
}

/// The message, in ISO-2022-JP where that can hold the name, else in UTF-8.
fn message(patient: &Patient, control_id: &str) -> Result<Vec<u8>, String> {
    let ids = [patient.id(), patient.source_id(FIRST.organisation)]
        .iter()
        .map(|id| id.parse::<PatientId>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let names = patient
        .forms()
        .map(|(form, (family, given))| PersonName::new(family, given, Some(form)));
    let draft = AdtDraft {
        trigger: Trigger::A04,
        control_id,
        version: "2.5",
        time: System.now().to_offset(offset!(+9)),
        sender: ("HIS", FIRST.node),
        receiver: ("RENKEI", "REGISTRY"),
        identifiers: &ids,
        names: &names,
        birth_date: patient.birth.parse::<Dtm>().ok(),
        sex: Some(if patient.female { Sex::Female } else { Sex::Male }),
        merged: None,
        charset: charset(patient),
    };
    build_adt(&draft).map_err(|error| error.to_string())
}

fn charset(patient: &Patient) -> Charset {
    match patient.jis {
        true => Charset::Iso2022Jp { katakana_8bit: false },
        false => Charset::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use xds_hl7::{FeedSettings, receive};

    use super::*;

    #[test]
    fn every_patient_can_be_told_in_three_forms_and_two_character_sets() {
        let mut declared = std::collections::BTreeSet::new();
        for patient in &PATIENTS {
            let message = message(patient, "C1").unwrap();
            let received = receive(&message, &FeedSettings::default());
            declared.insert(received.header.unwrap().declared_charset);
            let names = received.message.unwrap().names;
            let families: Vec<&str> = names.iter().map(|name| name.family.as_str()).collect();
            assert_eq!(families, [patient.kanji.0, patient.kana.0, patient.latin.0]);
        }
        assert_eq!(declared.len(), 2, "{declared:?}");
    }
}
