//! Where in a JSON document an error is: a path for a line and a column.

use std::fmt::Write as _;

/// The path of the value at a line and column, both from 1, as `consents[2].terms`; `.` for the whole.
pub(super) fn path(text: &str, line: usize, column: usize) -> String {
    let mut steps: Vec<Step> = Vec::new();
    let before = before(text, line, column).trim_end();
    // An error about a whole item is told after the comma that follows it.
    let before = before.strip_suffix(',').unwrap_or(before);
    let mut bytes = before.bytes();
    let mut last_text = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => last_text = string(&mut bytes),
            b':' => {
                if let Some(Step::Member(name)) = steps.last_mut() {
                    *name = Some(String::from_utf8_lossy(&last_text).into_owned());
                }
            }
            b'{' => steps.push(Step::Member(None)),
            b'[' => steps.push(Step::Item(0)),
            b'}' | b']' => {
                steps.pop();
            }
            b',' => match steps.last_mut() {
                Some(Step::Member(name)) => *name = None,
                Some(Step::Item(at)) => *at = at.saturating_add(1),
                None => {}
            },
            _ => {}
        }
    }
    written(&steps)
}

enum Step {
    Member(Option<String>),
    Item(usize),
}

/// The text before the last character of the error's place: what closes a value is not looked at, so that an
/// error about a whole value has the value's path.
fn before(text: &str, line: usize, column: usize) -> &str {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut end = start.saturating_add(column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or(text)
}

fn string(bytes: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => content.extend(bytes.next()),
            _ => content.push(byte),
        }
    }
    content
}

fn written(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        let written = match step {
            Step::Member(Some(name)) if path.is_empty() => write!(path, "{name}"),
            Step::Member(Some(name)) => write!(path, ".{name}"),
            Step::Member(None) => Ok(()),
            Step::Item(at) => write!(path, "[{at}]"),
        };
        if written.is_err() {
            break;
        }
    }
    if path.is_empty() {
        path.push('.');
    }
    path
}

/// What is wrong, without the place, which is told apart, and without the value, which may be a patient's.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rfind(" at line ")
        .and_then(|end| text.get(..end))
        .unwrap_or(&text);
    let about_value = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
    ];
    let kind = about_value.into_iter().find(|kind| text.starts_with(kind));
    match (kind, text.rfind(", expected")) {
        (Some(kind), Some(expected)) => format!("{kind}{}", text.get(expected..).unwrap_or_default()),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_path() {
        let text = "{\n \"a\": [1, {\"b\\\"]\": 2,\n  \"c\": \"x, {\"}]\n}";
        assert_eq!(path(text, 2, 8), "a[0]");
        assert_eq!(path(text, 2, 20), "a[1].b\"]");
        assert_eq!(path(text, 3, 10), "a[1].c");
        assert_eq!(path("[1,\n  2]", 2, 2), "[0]");
        assert_eq!(path(text, 1, 1), ".");
        assert_eq!(path(text, 99, 99), ".");
    }

    #[test]
    fn no_place_is_out_of_bounds() {
        for text in ["", "日本", "{\"é\": [", "\"\\", "]}"] {
            for line in 0..4 {
                for column in 0..12 {
                    let _ = path(text, line, column);
                }
            }
        }
    }
}
