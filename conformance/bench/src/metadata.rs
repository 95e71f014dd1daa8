//! Metadata of the messages: one DocumentEntry with every attribute that a hospital fills in.

use renkei_network::{AUTHORITY, Draft, Form, NODES, Organisation, Paper, coded};
use xds_ebxml::stored::{encode_association, encode_document_entry, encode_submission_set};
use xds_model::code::CodedAttribute;
use xds_model::slot::Slot;
use xds_model::{Author, DocumentHash, LocalizedString, PatientId, Text};

use crate::content::Content;

/// The sender: a node that may send everything.
pub(crate) const SENDER: &str = "h1";

/// A clinic of another legal entity, which reads by joint use.
pub(crate) const READER: &str = "c1";

/// The organisation of the sender.
pub(crate) fn sender() -> Option<Organisation> {
    let node = NODES.iter().find(|node| node.name == SENDER)?;
    Some(node.organisation())
}

/// A submission of one full document. Ids are those given, so that they can be found again in the message.
pub(crate) fn draft(
    organisation: &Organisation,
    patient: &PatientId,
    content: &Content,
    document: &str,
    set: &str,
) -> Option<Draft> {
    let paper = Paper {
        unique_id: document.parse().ok()?,
        ..Paper::new(Vec::new())
    };
    let mut draft = Draft::new(organisation, patient, &[paper]);
    draft.set.unique_id = set.parse().ok()?;
    draft.set.comments = japanese("地域医療連携室より送付。返書は診療情報提供書の様式でお願いします。");
    draft.set.authors.push(colleague(organisation));
    let entry = draft.entries.first_mut()?;
    entry.hash = Some(DocumentHash::from_digest(&content.sha1));
    entry.size = Some(content.bytes);
    entry.authors.push(colleague(organisation));
    entry.legal_authenticator = Some(format!("D0002^佐藤^美咲^^^^^^&{}&ISO", organisation.patients));
    entry.comments = japanese("外来初診時の所見と検査結果を含みます。画像は別に送付しました。");
    entry.service_start_time = "20260401090000".parse().ok();
    entry.service_stop_time = "20260401103000".parse().ok();
    entry.event_codes = [Form::Referral, Form::Summary]
        .into_iter()
        .filter_map(|form| coded(CodedAttribute::EventCodeList, form))
        .collect();
    entry.reference_ids = (1..=2)
        .map(|number| format!("2026040100{number}^^^&{AUTHORITY}&ISO^urn:ihe:iti:xds:2013:accession"))
        .collect();
    entry.extras.slots = (1..=3).map(local_slot).collect();
    Some(draft)
}

/// A second author.
fn colleague(organisation: &Organisation) -> Author {
    Author {
        person: Some(format!("D0002^佐藤^美咲^^^^^^&{}&ISO", organisation.patients)),
        institutions: vec![organisation.xon()],
        roles: vec!["担当医".to_owned()],
        specialties: vec!["循環器内科".to_owned()],
        telecommunications: vec!["^^Internet^renkei@hospital.example.jp".to_owned()],
        ..Author::default()
    }
}

fn local_slot(number: u32) -> Slot {
    Slot {
        name: format!("urn:example:jp:renkei:local-attribute-{number}"),
        slot_type: None,
        values: vec![format!("院内で使う値 {number}")],
    }
}

fn japanese(text: &str) -> Text {
    Text {
        strings: vec![LocalizedString {
            lang: Some("ja-JP".to_owned()),
            charset: Some("UTF-8".to_owned()),
            value: text.to_owned(),
        }],
    }
}

/// The bodies that a registry keeps of a submission.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    /// Of the DocumentEntry.
    pub(crate) entry: Vec<u8>,
    /// Of the SubmissionSet.
    pub(crate) set: Vec<u8>,
    /// Of the Association.
    pub(crate) association: Vec<u8>,
}

impl Bodies {
    /// Those of a submission of one document.
    pub(crate) fn of(draft: &Draft) -> Option<Self> {
        Some(Self {
            entry: encode_document_entry(draft.entries.first()?),
            set: encode_submission_set(&draft.set),
            association: encode_association(draft.associations.first()?),
        })
    }
}
