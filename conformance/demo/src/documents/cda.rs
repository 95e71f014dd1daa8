//! Clinical documents in HL7 CDA R2: referral 診療情報提供書 and discharge summary 退院時サマリー.

use xds_xml::write::Writer;

use super::{Sheet, date_and_time, in_japan};
use crate::network::FACILITY_AUTHORITY;

const LOINC: &str = "2.16.840.1.113883.6.1";

/// A section: LOINC code, title, text.
type Section<'a> = (&'static str, &'static str, &'a str);

/// LOINC 57133-1.
pub(super) fn referral(sheet: &Sheet) -> Vec<u8> {
    document(
        sheet,
        "57133-1",
        &[
            (
                "42349-1",
                "紹介目的",
                "糖尿病の継続管理をお願いいたします。次回は1か月後の受診を予定しています。",
            ),
            ("29548-5", "傷病名", "2型糖尿病、高血圧症"),
            (
                "10164-2",
                "現病歴",
                "5年前に健診で高血糖を指摘され、食事療法と内服で加療中。HbA1c 6.8%。",
            ),
            (
                "10160-0",
                "処方",
                "メトホルミン塩酸塩錠250mg 1回1錠 1日2回 朝夕食後、アムロジピン錠5mg 1回1錠 朝食後",
            ),
        ],
    )
}

/// LOINC 18842-5.
pub(super) fn discharge_summary(sheet: &Sheet) -> Vec<u8> {
    document(
        sheet,
        "18842-5",
        &[
            ("29548-5", "退院時診断", "市中肺炎"),
            (
                "8648-8",
                "入院経過",
                "発熱と咳嗽で入院。抗菌薬により第3病日に解熱し、画像所見も改善した。",
            ),
            (
                "10183-2",
                "退院時処方",
                "アモキシシリン・クラブラン酸配合錠 1回1錠 1日3回 毎食後 5日分",
            ),
            (
                "18776-5",
                "退院後の方針",
                "かかりつけ医で2週間後に胸部X線と血液検査をお願いいたします。",
            ),
        ],
    )
}

fn document(sheet: &Sheet, code: &'static str, sections: &[Section<'_>]) -> Vec<u8> {
    let mut xml = Writer::with_capacity(8 * 1024);
    xml.open("ClinicalDocument")
        .attribute("xmlns", "urn:hl7-org:v3")
        .attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    header(&mut xml, sheet, code);
    patient(&mut xml, sheet);
    author(&mut xml, sheet);
    custodian(&mut xml, sheet);
    encounter(&mut xml, sheet);
    xml.open("component").open("structuredBody");
    for (code, title, text) in sections {
        xml.open("component").open("section");
        loinc(&mut xml, code, title);
        xml.text_element("title", title).text_element("text", text);
        xml.close().close();
    }
    let xml = xml.finish();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n").into_bytes()
}

fn header(xml: &mut Writer, sheet: &Sheet, code: &str) {
    xml.open("realmCode").attribute("code", "JP").close();
    xml.open("typeId")
        .attribute("root", "2.16.840.1.113883.1.3")
        .attribute("extension", "POCD_HD000040")
        .close();
    xml.open("id").attribute("root", &sheet.unique_id).close();
    loinc(xml, code, sheet.kind.title());
    xml.text_element("title", &sheet.title);
    xml.open("effectiveTime")
        .attribute("value", &sheet.made_in_japan())
        .close();
    xml.open("confidentialityCode")
        .attribute("code", "N")
        .attribute("codeSystem", "2.16.840.1.113883.5.25")
        .close();
    xml.open("languageCode").attribute("code", "ja-JP").close();
}

fn loinc(xml: &mut Writer, code: &str, display: &str) {
    xml.open("code")
        .attribute("code", code)
        .attribute("codeSystem", LOINC)
        .attribute("codeSystemName", "LOINC")
        .attribute("displayName", display)
        .close();
}

fn patient(xml: &mut Writer, sheet: &Sheet) {
    let (patient, organisation) = (sheet.patient, sheet.sender.organisation);
    xml.open("recordTarget").open("patientRole");
    id(xml, &organisation.arc(51), &patient.chart());
    xml.open("patient");
    for (form, (family, given)) in patient.forms() {
        let usage = match form {
            xds_hl7::Representation::Ideographic => "IDE",
            xds_hl7::Representation::Phonetic => "SYL",
            xds_hl7::Representation::Alphabetic => "ABC",
        };
        name(xml, Some(usage), family, given);
    }
    xml.open("administrativeGenderCode")
        .attribute("code", if patient.female { "F" } else { "M" })
        .attribute("codeSystem", "2.16.840.1.113883.5.1")
        .close();
    xml.open("birthTime").attribute("value", patient.birth).close();
    xml.close().close().close();
}

fn author(xml: &mut Writer, sheet: &Sheet) {
    let organisation = sheet.sender.organisation;
    let (family, given) = sheet.sender.physician;
    xml.open("author");
    xml.open("time")
        .attribute("value", &sheet.made_in_japan())
        .close();
    xml.open("assignedAuthor");
    id(
        xml,
        &organisation.arc(41),
        &format!("D{:04}", sheet.sender.source),
    );
    xml.open("assignedPerson");
    name(xml, None, family, given);
    xml.close();
    xml.open("representedOrganization");
    id(xml, FACILITY_AUTHORITY, organisation.id);
    xml.text_element("name", organisation.name);
    xml.close().close().close();
}

fn custodian(xml: &mut Writer, sheet: &Sheet) {
    let organisation = sheet.sender.organisation;
    xml.open("custodian")
        .open("assignedCustodian")
        .open("representedCustodianOrganization");
    id(xml, FACILITY_AUTHORITY, organisation.id);
    xml.text_element("name", organisation.name);
    xml.close().close().close();
}

fn encounter(xml: &mut Writer, sheet: &Sheet) {
    xml.open("componentOf")
        .open("encompassingEncounter")
        .open("effectiveTime");
    xml.open("low")
        .attribute("value", &in_japan(sheet.care_began()))
        .close();
    xml.open("high")
        .attribute("value", &date_and_time(sheet.made).0)
        .close();
    xml.close().close().close();
}

fn id(xml: &mut Writer, root: &str, extension: &str) {
    xml.open("id")
        .attribute("root", root)
        .attribute("extension", extension)
        .close();
}

fn name(xml: &mut Writer, usage: Option<&str>, family: &str, given: &str) {
    xml.open("name");
    if let Some(usage) = usage {
        xml.attribute("use", usage);
    }
    xml.text_element("family", family)
        .text_element("given", given)
        .close();
}

#[cfg(test)]
mod tests {
    use xds_xml::{Document, Limits};

    use super::super::Kind;
    use super::super::tests::sheet;

    const V3: &str = "urn:hl7-org:v3";

    #[test]
    fn both_are_well_formed_and_name_patient_and_type() {
        for (kind, code) in [(Kind::Referral, "57133-1"), (Kind::Discharge, "18842-5")] {
            let content = sheet(kind).content();
            let document = Document::parse(&content, &Limits::default()).unwrap();
            let root = document.root();
            assert!(root.is(V3, "ClinicalDocument"));
            assert_eq!(root.child(V3, "code").unwrap().attribute("code"), Some(code));
            assert_eq!(
                root.child(V3, "id").unwrap().attribute("root"),
                Some("2.25.123456789")
            );
            let names: Vec<_> = root
                .descendants()
                .filter(|element| element.is(V3, "family"))
                .map(|family| family.text().unwrap())
                .collect();
            assert_eq!(names, ["𠮷田", "ヨシダ", "YOSHIDA", "鈴木"]);
            let order: Vec<_> = root.children().map(|child| child.local()).collect();
            assert_eq!(
                order[9..],
                ["author", "custodian", "componentOf", "component"],
                "the order of the schema"
            );
        }
    }
}
