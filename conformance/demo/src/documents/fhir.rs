//! A prescription as an HL7 FHIR R4 document: a Bundle that begins with its Composition.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::offset;
use uuid::Uuid;

use super::Sheet;
use crate::network::FACILITY_AUTHORITY;

const REPRESENTATION: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";

/// The Bundle as JSON.
pub(super) fn prescription(sheet: &Sheet) -> Vec<u8> {
    let [patient, author, organisation, medication] =
        ["patient", "author", "organisation", "medication"].map(|what| reference(sheet, what));
    let entry = |url: &str, resource: Value| json!({ "fullUrl": url, "resource": resource });
    let bundle = json!({
        "resourceType": "Bundle",
        "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:oid:{}", sheet.unique_id) },
        "type": "document",
        "timestamp": instant(sheet),
        "entry": [
            entry(&reference(sheet, "composition"), composition(sheet, &patient, &author, &organisation, &medication)),
            entry(&patient, patient_resource(sheet)),
            entry(&author, practitioner(sheet)),
            entry(&organisation, organisation_resource(sheet)),
            entry(&medication, medication_request(sheet, &patient)),
        ],
    });
    serde_json::to_vec_pretty(&bundle).unwrap_or_default()
}

/// The same each time for the same document.
fn reference(sheet: &Sheet, what: &str) -> String {
    let name = format!("{}/{what}", sheet.unique_id);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
        .urn()
        .to_string()
}

fn instant(sheet: &Sheet) -> String {
    sheet
        .made
        .to_offset(offset!(+9))
        .format(&Rfc3339)
        .unwrap_or_default()
}

fn composition(sheet: &Sheet, patient: &str, author: &str, organisation: &str, medication: &str) -> Value {
    json!({
        "resourceType": "Composition",
        "status": "final",
        "type": { "coding": [{
            "system": "http://jpfhir.jp/fhir/Common/CodeSystem/doc-typecodes",
            "code": "57833-6",
            "display": "処方箋",
        }] },
        "subject": { "reference": patient },
        "date": instant(sheet),
        "author": [{ "reference": author }, { "reference": organisation }],
        "title": sheet.title,
        "custodian": { "reference": organisation },
        "section": [{ "title": "処方情報", "entry": [{ "reference": medication }] }],
    })
}

fn patient_resource(sheet: &Sheet) -> Value {
    let patient = sheet.patient;
    let names: Vec<Value> = patient
        .forms()
        .into_iter()
        .map(|(form, (family, given))| {
            let code = match form {
                xds_hl7::Representation::Ideographic => "IDE",
                xds_hl7::Representation::Phonetic => "SYL",
                xds_hl7::Representation::Alphabetic => "ABC",
            };
            json!({
                "extension": [{ "url": REPRESENTATION, "valueCode": code }],
                "use": "official",
                "text": format!("{family} {given}"),
                "family": family,
                "given": [given],
            })
        })
        .collect();
    let birth = patient.birth;
    let part = |range: std::ops::Range<usize>| birth.get(range).unwrap_or_default();
    json!({
        "resourceType": "Patient",
        "identifier": [{
            "system": format!("urn:oid:{}", sheet.sender.organisation.arc(51)),
            "value": patient.chart(),
        }],
        "name": names,
        "gender": if patient.female { "female" } else { "male" },
        "birthDate": format!("{}-{}-{}", part(0..4), part(4..6), part(6..8)),
    })
}

fn practitioner(sheet: &Sheet) -> Value {
    let (family, given) = sheet.sender.physician;
    json!({
        "resourceType": "Practitioner",
        "name": [{ "text": format!("{family} {given}"), "family": family, "given": [given] }],
    })
}

fn organisation_resource(sheet: &Sheet) -> Value {
    let organisation = sheet.sender.organisation;
    json!({
        "resourceType": "Organization",
        "identifier": [{ "system": format!("urn:oid:{FACILITY_AUTHORITY}"), "value": organisation.id }],
        "name": organisation.name,
    })
}

fn medication_request(sheet: &Sheet, patient: &str) -> Value {
    json!({
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": { "text": "メトホルミン塩酸塩錠250mg" },
        "subject": { "reference": patient },
        "authoredOn": instant(sheet),
        "dosageInstruction": [{ "text": "1日2回 朝夕食後 1回1錠" }],
        "dispenseRequest": { "expectedSupplyDuration": { "value": 28, "unit": "日" } },
    })
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::sheet;
    use super::*;

    #[test]
    fn is_a_document_bundle_whose_references_resolve() {
        let content = prescription(&sheet(Kind::Prescription));
        let bundle: Value = serde_json::from_slice(&content).unwrap();
        assert_eq!(
            (bundle["resourceType"].as_str(), bundle["type"].as_str()),
            (Some("Bundle"), Some("document"))
        );
        let entries = bundle["entry"].as_array().unwrap();
        assert_eq!(entries[0]["resource"]["resourceType"], "Composition");
        let urls: Vec<&Value> = entries.iter().map(|entry| &entry["fullUrl"]).collect();
        let composition = &entries[0]["resource"];
        for named in [
            &composition["subject"],
            &composition["author"][0],
            &composition["section"][0]["entry"][0],
        ] {
            assert!(urls.contains(&&named["reference"]), "{named}");
        }
        assert_eq!(entries[1]["resource"]["birthDate"], "2019-04-01");
        assert_eq!(composition["date"], "2026-11-20T09:30:00+09:00");
    }
}
