//! SAML attributes: statements, attributes and values may repeat at all three levels and are merged by Name
//! (ITI TF-2 3.40.4.1.3).

use std::collections::BTreeMap;
use std::str::FromStr;

use xds_xml::Element;

use crate::limits::Limits;
use crate::ns;
use crate::refused::Reason;

/// A coded value of HL7 version 3 (CE): a role or a purpose of use.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Coded {
    /// `@code`.
    pub code: String,
    /// `@codeSystem`, an OID.
    pub code_system: String,
    /// `@codeSystemName`.
    pub code_system_name: Option<String>,
    /// `@displayName`.
    pub display_name: Option<String>,
}

/// An instance identifier of HL7 version 3 (II).
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct InstanceIdentifier {
    /// `@root`, an OID.
    pub root: String,
    /// `@extension`.
    pub extension: String,
}

/// Says nothing of the user.
impl std::fmt::Debug for Coded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coded").finish_non_exhaustive()
    }
}

/// Says nothing of the user.
impl std::fmt::Debug for InstanceIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstanceIdentifier").finish_non_exhaustive()
    }
}

/// One AttributeValue.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Value {
    Text(String),
    /// Its local name, and what it holds.
    Coded(String, Coded),
    Id(InstanceIdentifier),
    /// Something that no attribute known here has.
    Other,
}

/// All values by the Name of their attribute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(BTreeMap<String, Vec<Value>>);

impl Attributes {
    pub(crate) fn read(assertion: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        let mut all = Self::default();
        for statement in assertion.children_named(ns::SAML2, "AttributeStatement") {
            for attribute in statement.children() {
                if !attribute.is(ns::SAML2, "Attribute") {
                    return Err(Reason::AttributeForm);
                }
                all.add(attribute, limits)?;
            }
        }
        Ok(all)
    }

    fn add(&mut self, attribute: Element<'_>, limits: &Limits) -> Result<(), Reason> {
        let name = attribute
            .attribute("Name")
            .filter(|name| !name.is_empty())
            .ok_or(Reason::AttributeForm)?;
        if name.len() > limits.value_bytes_max {
            return Err(Reason::TooLarge);
        }
        let values = self.0.entry(name.to_owned()).or_default();
        for value in attribute.children() {
            if !value.is(ns::SAML2, "AttributeValue") {
                return Err(Reason::AttributeForm);
            }
            let value = Value::read(value, limits)?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.len() > limits.values_max || self.0.len() > limits.attributes_max {
            return Err(Reason::TooLarge);
        }
        Ok(())
    }

    fn values(&self, name: &str) -> &[Value] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The values of an attribute that holds texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Reason> {
        self.values(name)
            .iter()
            .map(|value| match value {
                Value::Text(text) if !text.is_empty() && text.trim() == text => Ok(text.clone()),
                Value::Text(_) | Value::Coded(..) | Value::Id(_) | Value::Other => Err(Reason::AttributeForm),
            })
            .collect()
    }

    /// The only value of an attribute that may have one.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Reason> {
        let mut texts = self.texts(name)?;
        let last = texts.pop();
        if texts.is_empty() {
            Ok(last)
        } else {
            Err(Reason::Contradiction)
        }
    }

    /// The values of an attribute that holds texts of a certain form.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str, reason: Reason) -> Result<Vec<T>, Reason> {
        self.texts(name)?
            .iter()
            .map(|text| text.parse().map_err(|_| reason))
            .collect()
    }

    /// The values of an attribute that holds an HL7 element with this local name.
    pub(crate) fn coded(&self, name: &str, local: &str) -> Result<Vec<Coded>, Reason> {
        self.values(name)
            .iter()
            .map(|value| match value {
                Value::Coded(found, coded) if found == local => Ok(coded.clone()),
                Value::Text(_) | Value::Coded(..) | Value::Id(_) | Value::Other => Err(Reason::AttributeForm),
            })
            .collect()
    }

    /// The values of an attribute that holds HL7 instance identifiers.
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<InstanceIdentifier>, Reason> {
        self.values(name)
            .iter()
            .map(|value| match value {
                Value::Id(id) => Ok(id.clone()),
                Value::Text(_) | Value::Coded(..) | Value::Other => Err(Reason::AttributeForm),
            })
            .collect()
    }
}

impl Value {
    fn read(value: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        let mut children = value.children();
        let Some(child) = children.next() else {
            let text = value.text().map_err(|_| Reason::AttributeForm)?;
            return Ok(Self::Text(short(text, limits)?));
        };
        let is_alone = children.next().is_none() && !value.has_text();
        if !is_alone || child.namespace() != ns::HL7 {
            return Ok(Self::Other);
        }
        let attribute = |local| child.attribute(local).map(|text| short(text, limits)).transpose();
        Ok(match child.local() {
            "id" => match (attribute("root")?, attribute("extension")?) {
                (Some(root), Some(extension)) => Self::Id(InstanceIdentifier { root, extension }),
                _ => Self::Other,
            },
            local => match (attribute("code")?, attribute("codeSystem")?) {
                (Some(code), Some(code_system)) if !code.is_empty() && !code_system.is_empty() => {
                    Self::Coded(
                        local.to_owned(),
                        Coded {
                            code,
                            code_system,
                            code_system_name: attribute("codeSystemName")?,
                            display_name: attribute("displayName")?,
                        },
                    )
                }
                _ => Self::Other,
            },
        })
    }
}

fn short(text: &str, limits: &Limits) -> Result<String, Reason> {
    if text.len() > limits.value_bytes_max {
        Err(Reason::TooLarge)
    } else {
        Ok(text.to_owned())
    }
}
