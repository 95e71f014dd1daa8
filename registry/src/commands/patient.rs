//! `patient`: patients that the identity feed told of, or that are entered by hand.

use registry_core::patient::{Demographics, PatientChanges};
use registry_store::{Deed, KnownPatient};
use serde_json::{Value, json};
use xds_model::patient::PatientIdError;
use xds_model::time::System;
use xds_model::{Clock, PatientId};
use xds_server::lang::Say;

use super::Done;
use super::arguments::{By, PatientArguments, PatientCommand};
use super::output::{NotThere, Output};
use super::session::{change, with_store};
use crate::config::Config;

pub(super) async fn run(config: &Config, command: PatientCommand, by: &By, output: Output) -> Done {
    with_store(config, async |store| match command {
        PatientCommand::Add(arguments) => {
            let id = patient_id(config, &arguments.id)?;
            let demographics = demographics(arguments);
            let deed = Deed {
                after: Some(names(&demographics)),
                ..of_patient("patient add", &id)
            };
            let changes = PatientChanges::Add(vec![id.clone()], demographics);
            let fed = store
                .feed(&changes, &System, System.now(), Some((&change(by), &deed)))
                .await?;
            let (ja, en) = if fed.added > 0 {
                ("患者を登録しました", "patient entered")
            } else {
                ("登録済みの患者です", "the patient is known already")
            };
            let say = Say::new(format!("{ja}: {id}"), format!("{en}: {id}"));
            Ok(output.result(
                &say,
                &json!({ "patient": id.to_string(), "added": fed.added > 0 }),
            ))
        }
        PatientCommand::List { name, max } => {
            // The journal tells of the look before it is taken.
            let subject = format!("{} max {max}", name.as_deref().unwrap_or("all"));
            store
                .owe_act(&change(by), &Deed::new("patient list", &subject))
                .await?;
            let patients = store.patients(name.as_deref(), max).await?;
            let values: Vec<Value> = patients.iter().map(value).collect();
            Ok(output.list(&headings(), patients.iter().map(row).collect(), &values))
        }
        PatientCommand::Show { id } => {
            let id = patient_id(config, &id)?;
            store
                .owe_act(&change(by), &of_patient("patient show", &id))
                .await?;
            let Some(patient) = store.patient(&id).await? else {
                let say = Say::new(
                    format!("患者 {id} は登録されていません。"),
                    format!("patient {id} is not known"),
                );
                return Err(NotThere::new(output, &say).into());
            };
            Ok(output.list(&headings(), vec![row(&patient)], &value(&patient)))
        }
    })
    .await
}

fn of_patient(verb: &str, id: &PatientId) -> Deed {
    Deed {
        patients: vec![id.to_string()],
        ..Deed::new(verb, &id.to_string())
    }
}

/// CX text, or an id under the domain's authority.
pub(super) fn patient_id(config: &Config, text: &str) -> Result<PatientId, PatientIdError> {
    match config.authority() {
        Some(authority) if !text.contains('^') => PatientId::new(text, authority),
        _ => text.parse(),
    }
}

fn demographics(arguments: PatientArguments) -> Demographics {
    Demographics {
        ideographic: arguments.kanji,
        phonetic: arguments.kana,
        alphabetic: arguments.roman,
        plain: None,
        birth_date: arguments.birth_date,
        sex: arguments.sex,
    }
}

fn headings() -> [Say; 5] {
    [
        Say::new("患者ID", "patient id"),
        Say::new("氏名", "name"),
        Say::new("カナ", "kana"),
        Say::new("ローマ字", "letters"),
        Say::new("生年月日", "date of birth"),
    ]
}

fn row(patient: &KnownPatient) -> Vec<String> {
    let known = &patient.demographics;
    let name = known.ideographic.clone().or_else(|| known.plain.clone());
    let columns = [
        name,
        known.phonetic.clone(),
        known.alphabetic.clone(),
        known.birth_date.clone(),
    ];
    std::iter::once(patient.patient.to_string())
        .chain(columns.into_iter().map(Option::unwrap_or_default))
        .collect()
}

fn value(patient: &KnownPatient) -> Value {
    let mut value = names(&patient.demographics);
    if let Value::Object(members) = &mut value {
        let surviving = patient.surviving.as_ref().map(ToString::to_string);
        members.insert("patient".to_owned(), patient.patient.to_string().into());
        members.insert("surviving".to_owned(), surviving.into());
    }
    value
}

fn names(known: &Demographics) -> Value {
    json!({
        "ideographic": known.ideographic,
        "phonetic": known.phonetic,
        "alphabetic": known.alphabetic,
        "plain": known.plain,
        "birth_date": known.birth_date,
        "sex": known.sex,
    })
}
