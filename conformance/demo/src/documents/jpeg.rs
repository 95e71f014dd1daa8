//! A picture: a drawn chest, baseline JPEG, with a comment that makes each file another one.

use super::Sheet;

const DRAWN: &[u8] = include_bytes!("../../data/chest.jpg");
/// Bytes of the start-of-image marker.
const START: usize = 2;

/// The picture with the uniqueId of the document in a comment segment.
pub(super) fn picture(sheet: &Sheet) -> Vec<u8> {
    let comment = format!("Renkei demo {}", sheet.unique_id);
    // The segment's length counts itself; a uniqueId of 128 characters leaves it far below its limit.
    let length = u16::try_from(comment.len() + 2).unwrap_or(u16::MAX);
    let (start, rest) = DRAWN.split_at(START.min(DRAWN.len()));
    let mut picture = start.to_vec();
    picture.extend([0xff, 0xfe]);
    picture.extend(length.to_be_bytes());
    picture.extend(comment.as_bytes());
    picture.extend(rest);
    picture
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::sheet;
    use super::*;

    /// The markers of the header, up to the start of the scan.
    fn markers(jpeg: &[u8]) -> Vec<u8> {
        let mut at = START;
        let mut markers = Vec::new();
        loop {
            assert_eq!(jpeg[at], 0xff);
            let marker = jpeg[at + 1];
            markers.push(marker);
            if marker == 0xda {
                return markers;
            }
            at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        }
    }

    #[test]
    fn is_a_baseline_jpeg_with_a_comment() {
        let jpeg = picture(&sheet(Kind::Picture));
        assert_eq!(jpeg[..2], [0xff, 0xd8]);
        assert_eq!(jpeg[jpeg.len() - 2..], [0xff, 0xd9]);
        // Comment, JFIF, quantisation, baseline frame, two Huffman tables, scan.
        assert_eq!(markers(&jpeg), [0xfe, 0xe0, 0xdb, 0xc0, 0xc4, 0xc4, 0xda]);
    }
}
