//! CX, an identifier and the authority that gave it (ITI TF-2, Table 3.8-2 and 3.8.4.1.2.3).

use std::collections::BTreeMap;
use std::fmt;

use xds_model::{Oid, PatientId};

use crate::adt::AdtError;
use crate::er7::{Component, Repetition, ValueError};
use crate::refusal::Place;

/// Who gave an identifier: CX.4.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Authority {
    /// Known by its OID: sent as universal id, or as a namespace that the configuration resolves.
    Oid(Oid),
    /// Nothing that leads to an OID: an unknown namespace, a universal id of another type.
    Foreign,
    /// None was sent.
    Absent,
}

/// One repetition of PID-3 or MRG-1.
#[derive(Clone, Eq, PartialEq)]
pub struct Cx {
    /// CX.1, compared byte by byte.
    pub id: String,
    /// CX.4.
    pub authority: Authority,
    /// CX.5 as sent: `PI`, `MR` ...
    pub id_type: String,
    /// The repetition of the field, for errors.
    pub(crate) place: Place,
}

impl Cx {
    pub(crate) fn parse(
        cx: Repetition<'_>,
        place: Place,
        namespaces: &BTreeMap<String, Oid>,
    ) -> Result<Self, AdtError> {
        let malformed = |place: Place| move |_: ValueError| AdtError::Malformed { place };
        let id = cx
            .component(1)
            .text()
            .map_err(malformed(place.component(1)))?
            .into_owned();
        let id_type = cx
            .component(5)
            .text()
            .map_err(malformed(place.component(5)))?
            .into_owned();
        let authority = authority(cx.component(4), place.component(4), namespaces)?;
        Ok(Self {
            id,
            authority,
            id_type,
            place,
        })
    }

    /// The identifier in the form of the metadata.
    pub(crate) fn patient_id(&self, authority: &Oid) -> Result<PatientId, AdtError> {
        let place = self.place.component(1);
        if self.id.is_empty() || self.id == "\"\"" {
            return Err(AdtError::FieldMissing { place });
        }
        PatientId::new(&self.id, authority.clone()).map_err(|_| AdtError::Malformed { place })
    }
}

/// Reads CX.4, an HD: namespace, universal id, type of the universal id.
///
/// Where both are sent the OID counts, and a namespace that the configuration gives to another OID is an error:
/// one of the two is wrong, and nobody can say which.
fn authority(
    hd: Component<'_>,
    place: Place,
    namespaces: &BTreeMap<String, Oid>,
) -> Result<Authority, AdtError> {
    let part = |n| {
        hd.subcomponent(n).map_err(|_| AdtError::Malformed {
            place: place.subcomponent(n),
        })
    };
    let (namespace, universal, kind) = (part(1)?, part(2)?, part(3)?);
    let named = namespaces.get(namespace.as_ref());
    if universal.is_empty() {
        return Ok(match named {
            Some(oid) => Authority::Oid(oid.clone()),
            None if namespace.is_empty() => Authority::Absent,
            None => Authority::Foreign,
        });
    }
    // Some senders leave the type out; a universal id of another type (DNS) is no OID to compare with.
    if !matches!(kind.as_ref(), "ISO" | "") {
        return Ok(named.cloned().map_or(Authority::Foreign, Authority::Oid));
    }
    match (named, universal.parse::<Oid>().ok()) {
        (Some(named), Some(oid)) if *named == oid => Ok(Authority::Oid(oid)),
        (Some(_), _) => Err(AdtError::DisagreeingAuthority { place }),
        (None, Some(oid)) => Ok(Authority::Oid(oid)),
        (None, None) => Ok(Authority::Foreign),
    }
}

/// The one identifier of this authority; others are passed over.
pub(crate) fn of_domain(identifiers: &[Cx], domain: &Oid) -> Result<Option<PatientId>, AdtError> {
    let mut found: Option<PatientId> = None;
    for cx in identifiers
        .iter()
        .filter(|cx| cx.authority == Authority::Oid(domain.clone()))
    {
        let id = cx.patient_id(domain)?;
        match &found {
            Some(first) if *first != id => return Err(AdtError::AmbiguousIdentifier { place: cx.place }),
            Some(_) => {}
            None => found = Some(id),
        }
    }
    Ok(found)
}

/// Shows the authority only: an identifier must not slip into a log.
impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
