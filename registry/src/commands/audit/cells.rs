//! Texts that others told, fit for a terminal.

/// Without what would move the cursor or turn the direction of writing: a caller chooses names and codes.
pub(in crate::commands) fn clean(text: &str) -> String {
    text.chars()
        .map(|char| if is_unsafe(char) { '\u{FFFD}' } else { char })
        .collect()
}

/// The same, cut to so many characters.
pub(super) fn short(text: &str, chars_max: usize) -> String {
    let clean = clean(text);
    match clean.char_indices().nth(chars_max) {
        Some((end, _)) => clean.get(..end).unwrap_or_default().to_owned() + "…",
        None => clean,
    }
}

fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_told_by_others_steers_the_terminal() {
        let hostile = "a\u{1b}[2J\r\n\u{9b}31m\u{202E}b患";
        let shown = clean(hostile);
        assert!(!shown.chars().any(is_unsafe) && shown.starts_with('a') && shown.ends_with("b患"));
        assert_eq!(short("患者の記録", 2), "患者…");
        assert_eq!(short("患者", 2), "患者");
    }
}
