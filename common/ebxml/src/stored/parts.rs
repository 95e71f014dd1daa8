//! The parts of a body to ebRIM.

use uuid::Uuid;

use super::cursor::{BodyError, Cursor};
use super::pieces::PIECES;
use super::tags;
use super::template::{
    CLASSIFICATION_END, CODE, CODED_END, CODING_SCHEME, DISPLAY_NAME, IDENTIFIER_END, NAME, NAME_END,
    NEXT_VALUE, SLOT, SLOT_END, SLOT_VALUE, Template,
};
use crate::terms::{Schemes, slot};

impl Template<'_, '_> {
    /// All parts of a body. `node` labels a package.
    pub(super) fn parts(
        &mut self,
        cursor: &mut Cursor<'_>,
        schemes: &Schemes,
        node: &str,
    ) -> Result<(), BodyError> {
        while let Some(tag) = cursor.next()? {
            match tag {
                0..=tags::EXTRA_SLOT => self.slot_part(tag, cursor)?,
                tags::NAME => self.text_part("rim:Name", cursor)?,
                tags::DESCRIPTION => self.text_part("rim:Description", cursor)?,
                tags::VERSION_INFO => self.version_info(),
                tags::AUTHOR => self.author(schemes.author.ok_or(BodyError::Part(tag))?, cursor)?,
                tags::EXTRA_CLASSIFICATION => self.extra_classification(cursor)?,
                tags::LABEL => self.label(node),
                tags::LIMITED_METADATA if self.head.limited_metadata => self.label(schemes.limited_metadata),
                tags::LIMITED_METADATA => {}
                tags::PATIENT_ID => {
                    let id = cursor.byte().and_then(|flags| cursor.nested_id(flags))?;
                    let patient = self.head.patient_id;
                    self.known_identifier(schemes.patient_id, id, patient);
                }
                tags::UNIQUE_ID => self.identifier_part(schemes.unique_id, cursor)?,
                tags::SOURCE_ID => {
                    self.identifier_part(schemes.source_id.ok_or(BodyError::Part(tag))?, cursor)?;
                }
                tags::EXTRA_IDENTIFIER => self.extra_identifier(cursor)?,
                _ => self.coded(tag, cursor)?,
            }
        }
        Ok(())
    }

    fn slot_part(&mut self, tag: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let status = match tag {
            tags::ORIGINAL => "Original",
            tags::REFERENCE => "Reference",
            tags::LAST_UPDATE_TIME => {
                if let Some(time) = self.head.last_update_time {
                    self.slot(slot::LAST_UPDATE_TIME, time);
                }
                return Ok(());
            }
            tags::PREVIOUS_VERSION | tags::EXTRA_SLOT => return self.whole_slot(cursor),
            tags::SOURCE_PATIENT_INFO => return self.values(slot::SOURCE_PATIENT_INFO, cursor),
            tags::REFERENCE_ID_LIST => return self.values(slot::REFERENCE_ID_LIST, cursor),
            tags::INTENDED_RECIPIENT => return self.values(slot::INTENDED_RECIPIENT, cursor),
            _ => {
                let start = PIECES.slot(tag).ok_or(BodyError::Part(tag))?;
                self.push(start);
                self.push(cursor.text()?);
                self.push(SLOT_END);
                return Ok(());
            }
        };
        self.slot(slot::SUBMISSION_SET_STATUS, status);
        Ok(())
    }

    /// A slot of several values; none if there are none.
    fn values(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let count = cursor.count()?;
        if count == 0 {
            return Ok(());
        }
        self.push(SLOT);
        self.push(name);
        self.value_list(count, cursor)
    }

    fn value_list(&mut self, count: usize, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        if count == 0 {
            self.push("\"><rim:ValueList/></rim:Slot>");
            return Ok(());
        }
        for index in 0..count {
            self.push(if index == 0 { SLOT_VALUE } else { NEXT_VALUE });
            self.push(cursor.text()?);
        }
        self.push(SLOT_END);
        Ok(())
    }

    fn whole_slot(&mut self, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        self.push(SLOT);
        self.push(cursor.text()?);
        if flags & tags::HAS_TYPE != 0 {
            self.push("\" slotType=\"");
            self.push(cursor.text()?);
        }
        let count = cursor.count()?;
        self.value_list(count, cursor)
    }

    fn slots(&mut self, flags: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        if flags & tags::HAS_SLOTS != 0 {
            for _ in 0..cursor.count()? {
                self.whole_slot(cursor)?;
            }
        }
        Ok(())
    }

    fn text_part(&mut self, element: &str, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let count = cursor.count()?;
        for piece in ["<", element, ">"] {
            self.push(piece);
        }
        for _ in 0..count {
            let flags = cursor.byte()?;
            self.push("<rim:LocalizedString");
            if flags & tags::HAS_LANG != 0 {
                self.attribute("xml:lang", cursor.text()?);
            }
            if flags & tags::HAS_CHARSET != 0 {
                self.attribute("charset", cursor.text()?);
            }
            self.attribute("value", cursor.text()?);
            self.push("/>");
        }
        for piece in ["</", element, ">"] {
            self.push(piece);
        }
        Ok(())
    }

    fn name(&mut self, flags: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        if flags & tags::HAS_LONG_NAME != 0 {
            return self.text_part("rim:Name", cursor);
        }
        self.push(NAME);
        self.push(cursor.text()?);
        self.push(NAME_END);
        Ok(())
    }

    fn coded(&mut self, tag: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let start = PIECES.coded(tag).ok_or(BodyError::Part(tag))?;
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        self.push(start);
        self.classified(id);
        self.push(CODE);
        self.push(cursor.text()?);
        self.push(CODING_SCHEME);
        self.push(cursor.text()?);
        if flags & (tags::HAS_SLOTS | tags::HAS_LONG_NAME) == 0 {
            self.push(DISPLAY_NAME);
            self.push(cursor.text()?);
            self.push(CODED_END);
            return Ok(());
        }
        self.push(SLOT_END);
        self.slots(flags, cursor)?;
        self.name(flags, cursor)?;
        self.push(CLASSIFICATION_END);
        Ok(())
    }

    fn author(&mut self, scheme: &str, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        self.classification(scheme, id);
        self.push(" nodeRepresentation=\"\">");
        if flags & tags::HAS_PERSON != 0 {
            self.slot(slot::AUTHOR_PERSON, cursor.text()?);
        }
        for name in [
            slot::AUTHOR_INSTITUTION,
            slot::AUTHOR_ROLE,
            slot::AUTHOR_SPECIALTY,
            slot::AUTHOR_TELECOMMUNICATION,
        ] {
            self.values(name, cursor)?;
        }
        self.slots(flags, cursor)?;
        self.push(CLASSIFICATION_END);
        Ok(())
    }

    fn extra_classification(&mut self, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        let mut given = |flag: u8| match flags & flag {
            0 => Ok(None),
            _ => cursor.text().map(Some),
        };
        let (scheme, node) = (given(tags::HAS_SCHEME)?, given(tags::HAS_NODE)?);
        let representation = given(tags::HAS_REPRESENTATION)?;
        self.push("<rim:Classification");
        if let Some(scheme) = scheme {
            self.attribute("classificationScheme", scheme);
        }
        if let Some(node) = node {
            self.attribute("classificationNode", node);
        }
        if let Some(representation) = representation {
            self.attribute("nodeRepresentation", representation);
        }
        self.classified(id);
        self.push(">");
        self.slots(flags, cursor)?;
        self.name(flags, cursor)?;
        self.push(CLASSIFICATION_END);
        Ok(())
    }

    fn known_identifier(&mut self, (scheme, name): (&str, &str), id: Option<Uuid>, value: &str) {
        self.identifier(scheme, id, value);
        self.push(NAME);
        self.push(name);
        self.push(IDENTIFIER_END);
    }

    fn identifier_part(&mut self, scheme: (&str, &str), cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        self.known_identifier(scheme, id, cursor.text()?);
        Ok(())
    }

    fn extra_identifier(&mut self, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        let scheme = cursor.text()?;
        self.identifier(scheme, id, cursor.text()?);
        self.name(flags, cursor)?;
        self.push("</rim:ExternalIdentifier>");
        Ok(())
    }
}
