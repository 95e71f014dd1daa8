//! The proof that one event is in a journal, for somebody who has a checkpoint of it and nothing else.
//!
//! The link before the event's first part, the event's records, the leaf hashes of every other record up to the
//! checkpoint, and the checkpoint: whoever computes the chain over them arrives at the link that was signed. Of the
//! other records nothing can be read.

use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chain::{Link, hex, leaf, link, link_from_hex};
use crate::checkpoint::{Checkpoint, PublicKey};
use crate::content::{CloseContent, Content};
use crate::error::JournalError;
use crate::event::Event;
use crate::place::{Place, list_with};
use crate::record::{Frame, Kind};
use crate::segment::{After, Cursor, Header};
use crate::told::{EventId, Told};
use crate::verify::Fault;

/// What a proof of this form calls itself.
pub const FORMAT: &str = "renkei audit proof 1";

/// The proof of one event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// [`FORMAT`].
    pub format: String,
    /// The journal.
    pub journal: Uuid,
    /// The number of the event: of the record that ended it, or that it is.
    pub event: u64,
    /// The number of the first record in [`Proof::steps`].
    pub first: u64,
    /// The link before that record, in hexadecimal.
    pub before: String,
    /// Every record from the first one up to the checkpoint, by number.
    pub steps: Vec<Step>,
    /// The checkpoint that the chain leads to.
    pub checkpoint: Checkpoint,
}

/// One record on the way to the checkpoint.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Another record: its leaf hash, in hexadecimal.
    Leaf(String),
    /// The opening part of the event: its JSON, as in the journal.
    Open(String),
    /// The closing part of the event.
    Close(String),
    /// The event, if it is of one moment.
    Single(String),
}

/// Why there is no proof, or why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No such record.
    #[error("the journal does not hold record {0}")]
    NotThere(u64),
    /// The record is the opening part of a request, or a checkpoint.
    #[error("record {0} is no event: give the number of the record that ended it")]
    NoEvent(u64),
    /// No checkpoint stands for it yet; within a minute one will.
    #[error("no checkpoint stands for record {0} yet")]
    NoCheckpoint(u64),
    /// It is not a proof in the form that [`Proof::to_text`] writes.
    #[error("this is no proof, or it was changed")]
    Form,
    /// The chain over its records does not lead to its checkpoint.
    #[error("the event does not belong to the checkpoint: the proof was changed")]
    Chain,
    /// The checkpoint is not signed with the given key.
    #[error("the proof's checkpoint was not signed with the given key")]
    Signature,
    /// The checkpoint is not the one that was kept.
    #[error("the proof leads to another checkpoint than the given one")]
    OtherCheckpoint,
    /// Neither a key nor a checkpoint was given to check it with.
    #[error("a proof is checked with a public key, a checkpoint, or both")]
    NothingToCheckWith,
}

impl Proof {
    /// Proves the event with this number, up to `kept` if it is given, else up to the next checkpoint. The
    /// segments are in `folder`, and in `cold` if they were moved.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn make(
        folder: &Path,
        cold: Option<&Path>,
        event: u64,
        kept: Option<&Checkpoint>,
    ) -> Result<Self, ProofError> {
        let places = list_with(folder, cold).map_err(JournalError::io("cannot read", folder))?;
        let first = first_part(folder, &places, event)?;
        let mut maker = Maker {
            event,
            first,
            kept,
            journal: Uuid::nil(),
            before: None,
            steps: Vec::new(),
            checkpoint: None,
        };
        walk(folder, &places, first, |header, frame, before| {
            maker.journal = header.journal;
            maker.see(frame, before)
        })?;
        maker.finish()
    }

    /// The proof as a file.
    pub fn to_text(&self) -> String {
        // Nothing in it can fail to be written.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads what [`Proof::to_text`] wrote, and nothing else: not a byte of a proof may differ.
    ///
    /// # Errors
    /// [`ProofError::Form`].
    pub fn from_text(text: &[u8]) -> Result<Self, ProofError> {
        let proof: Self = serde_json::from_slice(text).map_err(|_| ProofError::Form)?;
        if proof.to_text().as_bytes() == text {
            Ok(proof)
        } else {
            Err(ProofError::Form)
        }
    }

    /// The event, if it belongs to the checkpoint, and the checkpoint is signed with `key` or is `kept` itself.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn check(&self, key: Option<&PublicKey>, kept: Option<&Checkpoint>) -> Result<Told, ProofError> {
        if key.is_none() && kept.is_none() {
            return Err(ProofError::NothingToCheckWith);
        }
        if key.is_some_and(|key| !key.signed(&self.checkpoint)) {
            return Err(ProofError::Signature);
        }
        if kept.is_some_and(|kept| *kept != self.checkpoint) {
            return Err(ProofError::OtherCheckpoint);
        }
        if !self.leads_to_checkpoint() {
            return Err(ProofError::Chain);
        }
        self.told().ok_or(ProofError::Form)
    }

    fn leads_to_checkpoint(&self) -> bool {
        let own = self.format == FORMAT && self.journal == self.checkpoint.journal;
        let numbers = self.first.checked_add(self.steps.len() as u64) == Some(self.checkpoint.sequence);
        let Some(before) = link_from_hex(&self.before) else {
            return false;
        };
        let end = (self.first..)
            .zip(&self.steps)
            .try_fold(before, |before, (sequence, step)| {
                step.leaf(sequence).map(|leaf| link(&before, &leaf))
            });
        own && numbers && end.is_some() && end == self.checkpoint.link()
    }

    /// The event in the records that are shown: one of one moment, or both parts of a request.
    fn told(&self) -> Option<Told> {
        let mut shown = (self.first..)
            .zip(&self.steps)
            .filter(|(_, step)| !matches!(step, Step::Leaf(_)));
        let (first, last) = (shown.next()?, shown.next());
        let id = EventId {
            journal: self.journal,
            sequence: self.event,
        };
        let told = match (first, last, shown.next()) {
            ((number, single @ Step::Single(_)), None, None) if number == self.event => {
                let Content::Single(single) = single.content(number)? else {
                    return None;
                };
                Told {
                    id,
                    began: single.stamp,
                    ended: single.stamp,
                    event: single.event,
                }
            }
            ((opened, open @ Step::Open(_)), Some((number, close @ Step::Close(_))), None)
                if number == self.event =>
            {
                let (Content::Open(open), Content::Close(close)) =
                    (open.content(opened)?, close.content(number)?)
                else {
                    return None;
                };
                (close.opened == opened).then_some(())?;
                Told {
                    id,
                    began: open.stamp,
                    ended: close.stamp,
                    event: Event {
                        opening: open.opening,
                        closing: close.closing,
                    },
                }
            }
            _ => return None,
        };
        Some(told)
    }
}

impl Step {
    /// An event's record whole, any other as its leaf.
    fn of(frame: &Frame<'_>, shown: bool) -> Option<Self> {
        let leaf_of = || hex(&leaf(frame.sequence, frame.kind, frame.payload));
        if !shown {
            return Some(Self::Leaf(leaf_of()));
        }
        let text = String::from_utf8(frame.payload.to_vec()).ok()?;
        match frame.kind {
            Kind::Open => Some(Self::Open(text)),
            Kind::Close => Some(Self::Close(text)),
            Kind::Single => Some(Self::Single(text)),
            Kind::Checkpoint => None,
        }
    }

    fn leaf(&self, sequence: u64) -> Option<Link> {
        match (self, self.record()) {
            (Self::Leaf(text), _) => link_from_hex(text),
            (_, Some((kind, text))) => Some(leaf(sequence, kind, text.as_bytes())),
            _ => None,
        }
    }

    fn record(&self) -> Option<(Kind, &str)> {
        match self {
            Self::Leaf(_) => None,
            Self::Open(text) => Some((Kind::Open, text)),
            Self::Close(text) => Some((Kind::Close, text)),
            Self::Single(text) => Some((Kind::Single, text)),
        }
    }

    fn content(&self, sequence: u64) -> Option<Content> {
        let (kind, text) = self.record()?;
        let frame = Frame {
            sequence,
            kind,
            payload: text.as_bytes(),
            link: [0; 32],
            bytes: 0,
        };
        Content::read(&frame).ok()
    }
}

/// What is gathered on the way.
struct Maker<'a> {
    event: u64,
    first: u64,
    kept: Option<&'a Checkpoint>,
    journal: Uuid,
    before: Option<Link>,
    steps: Vec<Step>,
    checkpoint: Option<Checkpoint>,
}

impl Maker<'_> {
    /// False when there is enough.
    fn see(&mut self, frame: &Frame<'_>, before: &Link) -> Result<bool, ProofError> {
        if frame.sequence < self.first {
            return Ok(true);
        }
        self.before.get_or_insert(*before);
        let wanted = self.kept.is_none_or(|kept| kept.sequence == frame.sequence);
        if frame.kind == Kind::Checkpoint && frame.sequence > self.event && wanted {
            let own = serde_json::from_slice(frame.payload).map_err(|_| ProofError::Form)?;
            self.checkpoint = Some(own);
            return Ok(false);
        }
        let shown = frame.sequence == self.first || frame.sequence == self.event;
        let step = Step::of(frame, shown).ok_or(ProofError::NoEvent(self.event))?;
        self.steps.push(step);
        Ok(true)
    }

    fn finish(self) -> Result<Proof, ProofError> {
        let (Some(before), Some(checkpoint)) = (self.before, self.checkpoint) else {
            return Err(ProofError::NoCheckpoint(self.event));
        };
        if self.kept.is_some_and(|kept| *kept != checkpoint) {
            return Err(ProofError::OtherCheckpoint);
        }
        let proof = Proof {
            format: FORMAT.to_owned(),
            journal: self.journal,
            event: self.event,
            first: self.first,
            before: hex(&before),
            steps: self.steps,
            checkpoint,
        };
        if proof.leads_to_checkpoint() {
            Ok(proof)
        } else {
            Err(ProofError::Chain)
        }
    }
}

/// The number of the record that the event begins with.
fn first_part(folder: &Path, places: &[Place], event: u64) -> Result<u64, ProofError> {
    let mut first = Err(ProofError::NotThere(event));
    walk(folder, places, event, |_, frame, _| {
        if frame.sequence < event {
            return Ok(true);
        }
        first = match frame.kind {
            Kind::Single => Ok(event),
            Kind::Close => serde_json::from_slice::<CloseContent>(frame.payload)
                .map(|close| close.opened)
                .map_err(|_| JournalError::Content { sequence: event }.into()),
            Kind::Open | Kind::Checkpoint => Err(ProofError::NoEvent(event)),
        };
        Ok(false)
    })?;
    first
}

/// Goes over the records from the segment that holds `from` on, until `see` has enough.
fn walk(
    folder: &Path,
    places: &[Place],
    from: u64,
    mut see: impl FnMut(&Header, &Frame<'_>, &Link) -> Result<bool, ProofError>,
) -> Result<(), ProofError> {
    let start = places.iter().rposition(|place| place.first <= from);
    let start = start.ok_or(ProofError::NotThere(from))?;
    for (at, place) in places.iter().enumerate().skip(start) {
        let after = After::of(place, at + 1 == places.len());
        let bytes = place
            .bytes_wherever(folder)
            .map_err(|unread| unread.in_journal(folder, &place.path))?;
        let damaged = |verdict| {
            ProofError::from(JournalError::Damaged {
                folder: folder.to_owned(),
                verdict,
            })
        };
        let (header, records) = Header::decode(&bytes).ok_or_else(|| damaged(Fault::Header))?;
        let mut cursor = Cursor {
            next: place.first,
            link: header.link,
        };
        let mut stopped = None;
        let walked = cursor.walk(records, after, |frame, before| {
            match see(&header, frame, before) {
                Ok(true) => Ok(()),
                other => {
                    stopped = Some(other);
                    // Only breaks off; what counts is above.
                    Err(Fault::Cut)
                }
            }
        });
        match (stopped, walked) {
            (Some(stopped), _) => return stopped.map(|_| ()),
            (None, Err((_, fault))) => return Err(damaged(fault)),
            (None, Ok(_)) => {}
        }
    }
    Ok(())
}
