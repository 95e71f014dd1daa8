//! The text that a name is looked up by: width, kana, case, long marks and blanks do not matter.

/// The search key of a name. What is stored and shown is never changed by this.
///
/// Hiragana and half-width katakana become full-width katakana, full-width letters and digits plain ones
/// in lower case; small kana become large; long marks, blanks and middle dots fall away.
pub fn search_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            'ﾞ' | '゛' | '\u{3099}' => voice(&mut key, voiced),
            'ﾟ' | '゜' | '\u{309a}' => voice(&mut key, half_voiced),
            _ => key.extend(fold(c)),
        }
    }
    key
}

/// Puts a sound mark that follows as a character of its own onto the kana before it.
fn voice(key: &mut String, with_mark: fn(char) -> Option<char>) {
    if let Some(kana) = key.pop() {
        key.push(with_mark(kana).unwrap_or(kana));
    }
}

fn fold(c: char) -> Option<char> {
    let c = match c {
        'ぁ'..='ゖ' => shift(c, 0x60)?,
        'ｦ'..='ﾝ' => half_width(c)?,
        '！'..='～' => char::from_u32(u32::from(c).checked_sub(0xfee0)?)?,
        _ => c,
    };
    match c {
        'ー' | '－' | '-' | '‐' | 'ｰ' | '・' | '･' | '^' | ',' => None,
        c if c.is_whitespace() => None,
        'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => shift(c, 1),
        'ヵ' => Some('カ'),
        'ヶ' => Some('ケ'),
        c => c.to_lowercase().next(),
    }
}

fn shift(c: char, by: u32) -> Option<char> {
    char::from_u32(u32::from(c) + by)
}

fn half_width(c: char) -> Option<char> {
    const FULL: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    let position = u32::from(c).checked_sub(u32::from('ｦ'))?;
    FULL.chars().nth(usize::try_from(position).ok()?)
}

/// In the katakana block a voiced kana stands right behind its plain one, a half-voiced one behind that.
fn voiced(kana: char) -> Option<char> {
    match kana {
        'ウ' => Some('ヴ'),
        'カ'..='ト' | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => shift(kana, 1),
        _ => None,
    }
}

fn half_voiced(kana: char) -> Option<char> {
    matches!(kana, 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ')
        .then(|| shift(kana, 2))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::search_key;

    #[test]
    fn forms_of_one_name_have_one_key() {
        for name in [
            "ヤマダ タロウ",
            "ﾔﾏﾀﾞ　ﾀﾛｳ",
            "やまだ たろう",
            "ヤマタ\u{3099}タロウ",
        ] {
            assert_eq!(search_key(name), "ヤマダタロウ", "{name}");
        }
        assert_eq!(search_key("ﾊﾟｰﾍﾞｷｭｰ"), search_key("ぱーべきゅー"));
        assert_eq!(search_key("ＹＡＭＡＤＡ Taro"), "yamadataro");
        assert_eq!(search_key("ｦﾝ"), "ヲン");
        assert_eq!(search_key("きょうこ"), search_key("キヨウコ"));
    }

    #[test]
    fn different_names_stay_different() {
        assert_ne!(search_key("ハヤシ"), search_key("バヤシ"));
        assert_ne!(search_key("福田"), search_key("副田"));
        assert_ne!(search_key("𠮷田"), search_key("吉田"));
    }
}
