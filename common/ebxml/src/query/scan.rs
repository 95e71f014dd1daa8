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

/// Reads the values of one slot. Blanks between tokens mean nothing; commas and parentheses inside quotes are
/// text. Each value is an item or a list; a list may go on in the next `rim:Value`, a quoted text may not.
pub(super) fn scan(values: &[&str]) -> Result<Vec<Scanned>, NoValue> {
    let joined = values.join(BOUNDARY);
    let mut rest = Rest(&joined);
    let mut scanned = vec![rest.value()?];
    while let Some(more) = rest.0.strip_prefix(BOUNDARY) {
        rest.0 = more;
        scanned.push(rest.value()?);
    }
    if rest.0.is_empty() {
        Ok(scanned)
    } else {
        Err(NoValue)
    }
}

/// Where one `rim:Value` ends and the next begins. No XML document can hold it.
const BOUNDARY: &str = "\0";

struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn value(&mut self) -> Result<Scanned, NoValue> {
        self.skip_spaces();
        let is_list = self.0.starts_with('(');
        let items = if is_list { self.list()? } else { vec![self.item()?] };
        self.skip_spaces();
        Ok(Scanned { is_list, items })
    }

    fn list(&mut self) -> Result<Vec<Item>, NoValue> {
        self.take('(');
        let mut items = vec![self.item()?];
        while self.take(',') {
            items.push(self.item()?);
        }
        if self.take(')') { Ok(items) } else { Err(NoValue) }
    }

    fn skip_spaces(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n', '\0']);
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
            if piece.contains(BOUNDARY) {
                return Err(NoValue);
            }
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

    fn one(item: Item) -> Result<Vec<Scanned>, NoValue> {
        Ok(vec![Scanned {
            is_list: false,
            items: vec![item],
        }])
    }

    fn list(items: &[&str]) -> Result<Vec<Scanned>, NoValue> {
        Ok(vec![Scanned {
            is_list: true,
            items: items.iter().map(|item| text(item)).collect(),
        }])
    }

    #[test]
    fn every_row_of_the_syntax() {
        assert_eq!(scan(&["20041225"]), one(Item::Number("20041225".into())));
        assert_eq!(scan(&["'text'"]), one(text("text")));
        assert_eq!(
            scan(&["'Children''s Hospital'"]),
            one(text("Children's Hospital"))
        );
        assert_eq!(scan(&["('a','b')"]), list(&["a", "b"]));
        assert_eq!(scan(&["('a')"]), list(&["a"]));
        assert_eq!(
            scan(&["('34133-9^^2.16.840.1.113883.6.1')"]),
            list(&["34133-9^^2.16.840.1.113883.6.1"])
        );
        assert_eq!(scan(&["'id^^^&1.2&ISO'"]), one(text("id^^^&1.2&ISO")));
        assert_eq!(scan(&["('%Welby%')"]), list(&["%Welby%"]));
    }

    #[test]
    fn blanks_separators_and_quotes_inside_quotes_are_text() {
        assert_eq!(scan(&[" ( 'a' ,\n'b' ) "]), list(&["a", "b"]));
        assert_eq!(scan(&["('a,b','(c)')"]), list(&["a,b", "(c)"]));
        assert_eq!(scan(&["'  a  '"]), one(text("  a  ")));
        assert_eq!(scan(&["''"]), one(text("")));
        assert_eq!(scan(&["''''"]), one(text("'")));
        assert_eq!(scan(&["'診療情報'"]), one(text("診療情報")));
        assert_eq!(scan(&[r"'\'"]), one(text(r"\")));
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
            assert_eq!(scan(&[value]), Err(NoValue), "{value:?}");
        }
    }

    #[test]
    fn a_list_may_stand_in_several_values() {
        let two =
            |first: &[&str], second: &[&str]| [list(first), list(second)].map(|it| it.unwrap()[0].clone());
        assert_eq!(scan(&["('a')", "('b','c')"]).unwrap(), two(&["a"], &["b", "c"]));
        assert_eq!(scan(&["('a',", "'b')"]), list(&["a", "b"]));
        assert_eq!(scan(&["('a'", ",'b')"]), list(&["a", "b"]));
        for split in [
            ["('a", "b')"],
            ["('a'", "'b')"],
            ["('a'", ""],
            ["'a'", ""],
            ["('a''", "'')"],
        ] {
            assert_eq!(scan(&split), Err(NoValue), "{split:?}");
        }
        assert_eq!(scan(&["'a'", "'b'"]).map(|values| values.len()), Ok(2));
        assert_eq!(scan(&[]), Err(NoValue));
    }
}
