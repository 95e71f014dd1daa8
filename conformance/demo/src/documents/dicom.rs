//! A key object selection of a CT study: a DICOM Part 10 file, explicit VR little endian (PS3.10 section 7).

use super::{Sheet, date_and_time};

/// SOP class of Key Object Selection Document Storage, and its formatCode (ITI TF-3; RAD TF-3 4.68).
pub(super) const KEY_OBJECT_SELECTION: &str = "1.2.840.10008.5.1.4.1.1.88.59";
const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
/// An OID under the demo's arc.
const IMPLEMENTATION: &str = "1.2.392.9.9.9.6";
/// Images that are selected.
const IMAGES: u8 = 3;

/// StudyInstanceUID of the study that the document is about.
pub(super) fn study(sheet: &Sheet) -> String {
    format!("{}.1", sheet.unique_id)
}

/// The file: preamble, meta information, dataset.
pub(super) fn key_object_selection(sheet: &Sheet) -> Vec<u8> {
    let mut meta = Dataset::default();
    meta.bytes(0x0002, 0x0001, "OB", &[0, 1]);
    meta.text(0x0002, 0x0002, "UI", KEY_OBJECT_SELECTION);
    meta.text(0x0002, 0x0003, "UI", &sheet.unique_id);
    meta.text(0x0002, 0x0010, "UI", EXPLICIT_LITTLE_ENDIAN);
    meta.text(0x0002, 0x0012, "UI", IMPLEMENTATION);
    let mut length = Dataset::default();
    length.bytes(0x0002, 0x0000, "UL", &four(meta.0.len()));
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    file.extend(length.0);
    file.extend(meta.0);
    file.extend(dataset(sheet).0);
    file
}

fn dataset(sheet: &Sheet) -> Dataset {
    let patient = sheet.patient;
    let (date, time) = date_and_time(sheet.made);
    let mut set = Dataset::default();
    set.text(0x0008, 0x0005, "CS", "ISO_IR 192");
    set.text(0x0008, 0x0016, "UI", KEY_OBJECT_SELECTION);
    set.text(0x0008, 0x0018, "UI", &sheet.unique_id);
    set.text(0x0008, 0x0020, "DA", &date);
    set.text(0x0008, 0x0023, "DA", &date);
    set.text(0x0008, 0x0030, "TM", &time);
    set.text(0x0008, 0x0033, "TM", &time);
    set.text(0x0008, 0x0050, "SH", &format!("A{}", patient.chart()));
    set.text(0x0008, 0x0060, "CS", "KO");
    set.text(0x0008, 0x0070, "LO", "Renkei demo");
    set.text(0x0008, 0x0080, "LO", sheet.sender.organisation.name);
    set.text(0x0008, 0x0090, "PN", "");
    set.sequence(0x0008, 0x1111, &[]);
    set.text(0x0010, 0x0010, "PN", &person_name(sheet));
    set.text(0x0010, 0x0020, "LO", &patient.chart());
    set.text(0x0010, 0x0030, "DA", patient.birth);
    set.text(0x0010, 0x0040, "CS", if patient.female { "F" } else { "M" });
    set.text(0x0020, 0x000d, "UI", &study(sheet));
    set.text(0x0020, 0x000e, "UI", &format!("{}.2", sheet.unique_id));
    set.text(0x0020, 0x0010, "SH", "1");
    set.text(0x0020, 0x0011, "IS", "99");
    set.text(0x0020, 0x0013, "IS", "1");
    set.text(0x0040, 0xa040, "CS", "CONTAINER");
    set.sequence(0x0040, 0xa043, &[code("113030", "DCM", "Manifest")]);
    set.text(0x0040, 0xa050, "CS", "SEPARATE");
    set.sequence(0x0040, 0xa375, &[evidence(sheet)]);
    set.sequence(0x0040, 0xa504, &[template()]);
    let images: Vec<Dataset> = (1..=IMAGES).map(|number| content_item(sheet, number)).collect();
    set.sequence(0x0040, 0xa730, &images);
    set
}

/// Alphabetic, ideographic, phonetic (PS3.5 section 6.2.1).
fn person_name(sheet: &Sheet) -> String {
    let joined = |(family, given): (&str, &str)| format!("{family}^{given}");
    let patient = sheet.patient;
    [patient.latin, patient.kanji, patient.kana].map(joined).join("=")
}

fn code(value: &str, scheme: &str, meaning: &str) -> Dataset {
    let mut item = Dataset::default();
    item.text(0x0008, 0x0100, "SH", value);
    item.text(0x0008, 0x0102, "SH", scheme);
    item.text(0x0008, 0x0104, "LO", meaning);
    item
}

/// Current Requested Procedure Evidence: study, series, images.
fn evidence(sheet: &Sheet) -> Dataset {
    let images: Vec<Dataset> = (1..=IMAGES).map(|number| image(sheet, number)).collect();
    let mut series = Dataset::default();
    series.sequence(0x0008, 0x1199, &images);
    series.text(0x0020, 0x000e, "UI", &format!("{}.3", sheet.unique_id));
    let mut item = Dataset::default();
    item.sequence(0x0008, 0x1115, &[series]);
    item.text(0x0020, 0x000d, "UI", &study(sheet));
    item
}

fn image(sheet: &Sheet, number: u8) -> Dataset {
    let mut item = Dataset::default();
    item.text(0x0008, 0x1150, "UI", CT_IMAGE);
    item.text(0x0008, 0x1155, "UI", &format!("{}.3.{number}", sheet.unique_id));
    item
}

/// TID 2010.
fn template() -> Dataset {
    let mut item = Dataset::default();
    item.text(0x0008, 0x0105, "CS", "DCMR");
    item.text(0x0040, 0xdb00, "CS", "2010");
    item
}

fn content_item(sheet: &Sheet, number: u8) -> Dataset {
    let mut item = Dataset::default();
    item.sequence(0x0008, 0x1199, &[image(sheet, number)]);
    item.text(0x0040, 0xa010, "CS", "CONTAINS");
    item.text(0x0040, 0xa040, "CS", "IMAGE");
    item
}

/// Data elements, in the order of their tags.
#[derive(Debug, Default)]
struct Dataset(Vec<u8>);

impl Dataset {
    /// A text, padded to an even length: UIDs by a zero byte, the others by a blank.
    fn text(&mut self, group: u16, element: u16, vr: &str, text: &str) {
        let mut value = text.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == "UI" { 0 } else { b' ' });
        }
        self.bytes(group, element, vr, &value);
    }

    fn sequence(&mut self, group: u16, element: u16, items: &[Dataset]) {
        let mut value = Vec::new();
        for item in items {
            value.extend(tag(0xfffe, 0xe000));
            value.extend(four(item.0.len()));
            value.extend(&item.0);
        }
        self.bytes(group, element, "SQ", &value);
    }

    fn bytes(&mut self, group: u16, element: u16, vr: &str, value: &[u8]) {
        self.0.extend(tag(group, element));
        self.0.extend(vr.as_bytes());
        if matches!(vr, "OB" | "SQ") {
            self.0.extend([0, 0]);
            self.0.extend(four(value.len()));
        } else {
            // Values of these elements are far below the limit of two bytes.
            self.0
                .extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        }
        self.0.extend(value);
    }
}

fn tag(group: u16, element: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (group.to_le_bytes(), element.to_le_bytes());
    [a, b, c, d]
}

fn four(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::sheet;
    use super::*;

    /// Tags and values of a dataset.
    fn elements(mut data: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let mut found = Vec::new();
        while !data.is_empty() {
            let two = |at: usize| u16::from_le_bytes([data[at], data[at + 1]]);
            let tag = u32::from(two(0)) << 16 | u32::from(two(2));
            let (head, length) = match &data[4..6] {
                b"OB" | b"SQ" => (12, u32::from_le_bytes(data[8..12].try_into().unwrap()) as usize),
                _ => (8, usize::from(two(6))),
            };
            found.push((tag, data[head..head + length].to_vec()));
            data = &data[head + length..];
        }
        found
    }

    #[test]
    fn is_a_part_10_file_with_ascending_tags_and_even_lengths() {
        let file = key_object_selection(&sheet(Kind::KeyImages));
        assert_eq!(&file[128..132], b"DICM");
        let elements = elements(&file[132..]);
        assert!(elements.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(elements.iter().all(|(_, value)| value.len() % 2 == 0));
        let value = |tag: u32| {
            let (_, value) = elements.iter().find(|(found, _)| *found == tag).unwrap();
            String::from_utf8_lossy(value)
                .trim_end_matches(['\0', ' '])
                .to_owned()
        };
        assert_eq!(value(0x0002_0002), KEY_OBJECT_SELECTION);
        assert_eq!(value(0x0008_0018), "2.25.123456789");
        assert_eq!(value(0x0010_0010), "YOSHIDA^SAKURA=𠮷田^さくら=ヨシダ^サクラ");
        // The meta information ends where its length says.
        let meta = u32::from_le_bytes(elements[0].1[..].try_into().unwrap()) as usize;
        assert_eq!(&file[132 + 12 + meta..][..4], tag(0x0008, 0x0005));
    }
}
