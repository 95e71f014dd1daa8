//! The value syntax of stored queries (ITI TF-2, 3.18.4.1.2.3.5): numbers, quoted texts, lists of them.

/// One `rim:Value` of a parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Scanned {
    /// Whether it stood in parentheses.
    pub(super) is_list: bool,
    /// Its items; a list has one at least.
    pub(super) items: Vec<Item>,
}

/// A number or a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Item {
    /// Digits without quotes.
    Number(String),
    /// The text between the quotes, with doubled quotes made single.
    Text(String),
}

/// The text is no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NoValue;

/// Reads one value. Blanks between tokens mean nothing; commas and parentheses inside quotes are text.
pub(super) fn scan(text: &str) -> Result<Scanned, NoValue> {
    let mut rest = Rest(text);
    let is_list = rest.take('(');
    let mut items = vec![rest.item()?];
    if is_list {
        while rest.take(',') {
            items.push(rest.item()?);
        }
        if !rest.take(')') {
            return Err(NoValue);
        }
    }
    rest.skip_blanks();
    if rest.0.is_empty() {
        Ok(Scanned { is_list, items })
    } else {
        Err(NoValue)
    }
}

struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn take(&mut self, token: char) -> bool {
        self.skip_blanks();
        match self.0.strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn item(&mut self) -> Result<Item, NoValue> {
        if self.take('\'') {
            self.quoted()
        } else {
            self.number()
        }
    }

    fn quoted(&mut self) -> Result<Item, NoValue> {
        let mut text = String::new();
        loop {
            let (piece, rest) = self.0.split_once('\'').ok_or(NoValue)?;
            text.push_str(piece);
            self.0 = rest;
            match rest.strip_prefix('\'') {
                Some(rest) => {
                    text.push('\'');
                    self.0 = rest;
                }
                None => return Ok(Item::Text(text)),
            }
        }
    }

    fn number(&mut self) -> Result<Item, NoValue> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at_checked(end).ok_or(NoValue)?;
        if digits.is_empty() {
            return Err(NoValue);
        }
        self.0 = rest;
        Ok(Item::Number(digits.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Item {
        Item::Text(value.to_owned())
    }

    fn one(item: Item) -> Result<Scanned, NoValue> {
        Ok(Scanned {
            is_list: false,
            items: vec![item],
        })
    }

    fn list(items: &[&str]) -> Result<Scanned, NoValue> {
        Ok(Scanned {
            is_list: true,
            items: items.iter().map(|item| text(item)).collect(),
        })
    }

    #[test]
    fn every_row_of_the_syntax() {
        assert_eq!(scan("20041225"), one(Item::Number("20041225".into())));
        assert_eq!(scan("'text'"), one(text("text")));
        assert_eq!(scan("'Children''s Hospital'"), one(text("Children's Hospital")));
        assert_eq!(scan("('a','b')"), list(&["a", "b"]));
        assert_eq!(scan("('a')"), list(&["a"]));
        assert_eq!(
            scan("('34133-9^^2.16.840.1.113883.6.1')"),
            list(&["34133-9^^2.16.840.1.113883.6.1"])
        );
        assert_eq!(scan("'id^^^&1.2&ISO'"), one(text("id^^^&1.2&ISO")));
        assert_eq!(scan("('%Welby%')"), list(&["%Welby%"]));
    }

    #[test]
    fn blanks_separators_and_quotes_inside_quotes_are_text() {
        assert_eq!(scan(" ( 'a' ,\n'b' ) "), list(&["a", "b"]));
        assert_eq!(scan("('a,b','(c)')"), list(&["a,b", "(c)"]));
        assert_eq!(scan("'  a  '"), one(text("  a  ")));
        assert_eq!(scan("''"), one(text("")));
        assert_eq!(scan("''''"), one(text("'")));
        assert_eq!(scan("'診療情報'"), one(text("診療情報")));
        assert_eq!(scan(r"'\'"), one(text(r"\")));
    }

    #[test]
    fn xds_21_anything_else_is_no_value() {
        for value in [
            "",
            " ",
            "'",
            "'a",
            "a'",
            "a",
            "\"a\"",
            "(\"a\")",
            "()",
            "('a'",
            "'a')",
            "('a',)",
            "(,'a')",
            "('a' 'b')",
            "('a'),('b')",
            "(('a'))",
            "'a','b'",
            "'a''",
            "12a",
            "-12",
            "1.5",
            "１２",
            "'a' x",
        ] {
            assert_eq!(scan(value), Err(NoValue), "{value:?}");
        }
    }
}
