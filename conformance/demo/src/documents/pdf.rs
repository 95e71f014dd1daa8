//! A report as PDF 1.5, written by hand. Its Japanese text names a font that readers bring along (Adobe-Japan1).

use super::Sheet;

/// A page with the title, the patient and some results.
pub(super) fn report(sheet: &Sheet) -> Vec<u8> {
    let lines = [
        sheet.title.clone(),
        format!("{}　{}", sheet.sender.organisation.name, sheet.made.date()),
        format!("患者　{}　様", sheet.patient.full_name()),
        "白血球数　6.1　10^3/µL".to_owned(),
        "血色素量　13.2　g/dL".to_owned(),
        "HbA1c　6.8　%　（高値）".to_owned(),
        "クレアチニン　0.81　mg/dL".to_owned(),
        format!("文書番号　{}", sheet.unique_id),
    ];
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (ja-JP) >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 7 0 R >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type0 /BaseFont /KozMinPr6N-Regular-UniJIS-UTF16-H /Encoding /UniJIS-UTF16-H /DescendantFonts [5 0 R] >>"
            .to_owned(),
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /KozMinPr6N-Regular /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 6 >> /FontDescriptor 6 0 R /DW 1000 >>"
            .to_owned(),
        "<< /Type /FontDescriptor /FontName /KozMinPr6N-Regular /Flags 4 /FontBBox [-437 -340 1147 1317] /ItalicAngle 0 /Ascent 1137 /Descent -349 /CapHeight 742 /StemV 80 >>"
            .to_owned(),
        stream(&page(&lines)),
        format!("<< /Title <FEFF{}> /Producer (Renkei demo) >>", utf16(&sheet.title)),
    ];
    assemble(&objects)
}

fn page(lines: &[String]) -> String {
    let mut page = String::from("BT /F1 14 Tf 24 TL 72 760 Td\n");
    for line in lines {
        page.push_str(&format!("<{}> Tj T*\n", utf16(line)));
    }
    page.push_str("ET\n");
    page
}

fn stream(content: &str) -> String {
    format!("<< /Length {} >>\nstream\n{content}endstream", content.len())
}

/// UTF-16BE in hexadecimal digits.
fn utf16(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04X}")).collect()
}

/// Objects 1, 2, ... (the first is the catalog, the last the information), with the table of where they begin.
fn assemble(objects: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let (size, table_at) = (objects.len() + 1, file.len());
    let last = objects.len();
    file.extend(
        format!(
            "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R /Info {last} 0 R >>\nstartxref\n{table_at}\n%%EOF\n"
        )
        .bytes(),
    );
    file
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::sheet;
    use super::*;

    /// The position of a part in the file.
    fn find(file: &[u8], part: &str) -> usize {
        file.windows(part.len())
            .position(|window| window == part.as_bytes())
            .unwrap()
    }

    #[test]
    fn opens_at_the_positions_that_its_table_names() {
        let file = report(&sheet(Kind::Laboratory));
        assert!(file.starts_with(b"%PDF-1.5\n") && file.ends_with(b"%%EOF\n"));
        let after = |label: &str| {
            let text = String::from_utf8_lossy(&file[find(&file, label) + label.len()..]).into_owned();
            text.lines().next().unwrap().trim().to_owned()
        };
        let table_at: usize = after("startxref\n").parse().unwrap();
        let table = std::str::from_utf8(&file[table_at..]).unwrap();
        let mut lines = table.lines();
        assert_eq!((lines.next(), lines.next()), (Some("xref"), Some("0 9")));
        for (number, entry) in lines.take(9).enumerate().skip(1) {
            let at: usize = entry[..10].parse().unwrap();
            assert!(
                file[at..].starts_with(format!("{number} 0 obj\n").as_bytes()),
                "{number}"
            );
        }
    }

    #[test]
    fn the_stream_has_the_length_that_it_says() {
        let file = report(&sheet(Kind::Laboratory));
        let (start, end) = (find(&file, "stream\n") + 7, find(&file, "endstream"));
        assert!(find(&file, &format!("/Length {} ", end - start)) > 0);
        // Outside the Basic Multilingual Plane a character is two units.
        assert_eq!(utf16("𠮷"), "D842DFB7");
    }
}
