//! From tokens to the tree. Iterative: depth costs no stack.

use crate::{
    Limits,
    chars::is_blank,
    document::{ElementData, Tree},
    error::XmlError,
    scan::{Run, Scanner, Tag, Token},
    store::{Span, expected, small, wide},
};

/// Reads a whole document.
pub(crate) fn build<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Tree<'a>, XmlError> {
    let mut scanner = Scanner::new(bytes, limits)?;
    let mut builder = Builder {
        elements: Vec::with_capacity(expected(bytes.len())),
        open: Vec::new(),
        run: Run::default(),
    };
    loop {
        match scanner.next()? {
            Token::Start(tag) => builder.start(&scanner, &tag),
            Token::Text(piece) => builder.run.push(&mut scanner.store, piece),
            Token::Comment => builder.run.commented = true,
            Token::End(span) => builder.end(&scanner, span),
            Token::Eof => {
                return Ok(Tree {
                    store: scanner.store,
                    elements: builder.elements,
                });
            }
        }
    }
}

struct Open {
    index: u32,
    last_child: Option<u32>,
}

struct Builder {
    elements: Vec<ElementData>,
    open: Vec<Open>,
    run: Run,
}

impl Builder {
    fn start(&mut self, scanner: &Scanner<'_>, tag: &Tag) {
        self.end_run(scanner);
        let index = small(self.elements.len());
        let parent = self.open.last().map(|open| open.index);
        self.elements.push(ElementData::new(tag, parent));
        if let Some(open) = self.open.last_mut() {
            let previous = open.last_child.replace(index);
            let (element, is_first) = (previous.unwrap_or(open.index), previous.is_none());
            if let Some(data) = self.elements.get_mut(wide(element)) {
                let link = if is_first {
                    &mut data.first_child
                } else {
                    &mut data.next_sibling
                };
                *link = Some(index);
            }
        }
        self.open.push(Open {
            index,
            last_child: None,
        });
    }

    fn end(&mut self, scanner: &Scanner<'_>, end: Span) {
        self.end_run(scanner);
        if let Some(data) = self
            .open
            .pop()
            .and_then(|open| self.elements.get_mut(wide(open.index)))
        {
            data.end = end;
        }
    }

    /// Gives what was gathered between two tags to the innermost open element.
    fn end_run(&mut self, scanner: &Scanner<'_>) {
        let run = std::mem::take(&mut self.run);
        let Some(open) = self.open.last() else { return };
        let Some(data) = self.elements.get_mut(wide(open.index)) else {
            return;
        };
        data.has_comment |= run.commented;
        let Some(value) = run.value() else { return };
        data.has_text = data.has_text || !is_blank(scanner.store.value(value));
        // If a child follows, there is no text to take, and what is kept here is never asked for.
        if open.last_child.is_none() {
            data.text = value;
        }
    }
}
