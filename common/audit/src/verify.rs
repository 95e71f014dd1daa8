//! Whether a journal is as it was written.
//!
//! Needs the folder, or a copy of it, and for the signatures the public key: anybody can do it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use uuid::Uuid;

use crate::chain::{Link, hex};
use crate::checkpoint::{self, Checkpoint, PublicKey};
use crate::error::JournalError;
use crate::expire::{Removal, removals};
use crate::place::{Unread, cold_folder, list_with};
use crate::record::{Frame, Kind};
use crate::segment::{After, Cursor, Header};

/// What to compare the journal with, besides itself.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Whose signatures the checkpoints must carry; `None`: signatures are not looked at.
    pub public_key: Option<PublicKey>,
    /// Checkpoints that were kept elsewhere: each must still be in the journal.
    pub anchors: Vec<Checkpoint>,
    /// Where sealed segments were moved to; `None`: where the journal says.
    pub cold: Option<PathBuf>,
    /// The record that the journal may begin with although nothing says where the ones before are: for a copy of
    /// its later part.
    pub from: Option<u64>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The journal's id, from its first segment.
    pub journal: Option<Uuid>,
    /// Files read.
    pub segments: u64,
    /// The first record; over 1 if older ones were removed by policy, or left out of a copy.
    pub first: u64,
    /// Whether the signatures of checkpoints were checked.
    pub signatures: bool,
    /// Kept checkpoints that were found again, with the one beside the segments.
    pub anchored: u64,
    /// The last good record; 0 if there is none.
    pub last: u64,
    /// Checkpoints seen.
    pub checkpoints: u64,
    /// Records after the last checkpoint: nothing but the chain vouches for them.
    pub after_checkpoint: u64,
    /// Whether the process that wrote it ended in order.
    pub ended: bool,
    /// The link after the last good record, in hexadecimal.
    pub link: String,
    /// What is wrong first, if anything is.
    pub bad: Option<Bad>,
}

impl Report {
    /// Whether everything is as it was written, as far as can be told.
    pub fn is_whole(&self) -> bool {
        self.bad.is_none()
    }
}

/// The first thing that is not as it was written.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Bad {
    /// The number of the first record concerned.
    pub index: u64,
    /// The file, without its folder.
    pub file: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The file ends within it.
    #[error("the file ends within a record")]
    Incomplete,
    /// Its bytes were changed.
    #[error("a record was changed")]
    Damaged,
    /// Another record stands in its place: one was removed, inserted or moved.
    #[error("record {found} stands in another's place")]
    Sequence {
        /// The number found.
        found: u64,
    },
    /// It was changed together with its checksum.
    #[error("a record does not follow from the one before")]
    Chain,
    /// The header of its file was changed, or the file belongs to another journal.
    #[error("the header of a file was changed, or belongs to another journal")]
    Header,
    /// It lies in a sealed file that was changed.
    #[error("a sealed file was changed")]
    Sealed,
    /// The file that holds it is missing.
    #[error("a file is missing")]
    Missing,
    /// It is a checkpoint that vouches for something else: the records since the checkpoint before it
    /// were written anew.
    #[error("a checkpoint does not vouch for the records before it")]
    Checkpoint,
    /// It is a checkpoint that somebody else signed.
    #[error("a checkpoint was not signed with the given key")]
    Signature,
    /// A checkpoint that was kept elsewhere stands for more records than there are.
    #[error("records were cut off")]
    Cut,
    /// The note about removed records does not fit what is left.
    #[error("the note about removed records does not fit the first one that is left")]
    Removal,
    /// A checkpoint that was kept elsewhere is not the one in the journal.
    #[error("the journal is not the one that the kept checkpoint stands for")]
    Anchor,
}

/// Reads every record in `folder` and names the first that is not as it was written.
///
/// # Errors
/// [`JournalError::Io`] if the folder or a file cannot be read.
pub fn verify(folder: &Path, options: &VerifyOptions) -> Result<Report, JournalError> {
    let cold = match &options.cold {
        Some(cold) => Some(cold.clone()),
        None => cold_folder(folder).map_err(JournalError::io("cannot read", folder))?,
    };
    // Before the segments: in a folder that is being written they hold at least as much.
    let beside = checkpoint::read(folder).map_err(JournalError::io("cannot read", folder))?;
    let segments = list_with(folder, cold.as_deref()).map_err(JournalError::io("cannot read", folder))?;
    let mut check = Check::new(options.public_key);
    check.from = options.from;
    check.removals = removals(folder)?;
    check.anchors = options.anchors.iter().cloned().chain(beside).collect();
    let newest = segments.last().map(|place| place.first);
    for place in segments {
        check.file = place.file();
        let after = After::of(&place, Some(place.first) == newest);
        let checked = match place.bytes_wherever(folder) {
            Ok(bytes) => check.segment(place.first, &bytes, after),
            Err(Unread::Fault(fault)) => Err(check.bad(place.first, fault)),
            Err(Unread::Io(source)) => return Err(JournalError::io("cannot read", &place.path)(source)),
        };
        if let Err(bad) = checked {
            return Ok(check.report(Some(bad)));
        }
    }
    if !checkpoint::is_as_written(folder).map_err(JournalError::io("cannot read", folder))? {
        checkpoint::FILE.clone_into(&mut check.file);
        let bad = check.bad(check.cursor.next, Fault::Checkpoint);
        return Ok(check.report(Some(bad)));
    }
    let bad = check.signed_anchors().err().or_else(|| check.cut());
    Ok(check.report(bad))
}

#[derive(Clone)]
struct Check {
    key: Option<PublicKey>,
    anchors: Vec<Checkpoint>,
    removals: Vec<Removal>,
    from: Option<u64>,
    anchored: u64,
    file: String,
    journal: Option<Uuid>,
    segments: u64,
    first: u64,
    cursor: Cursor,
    checkpoints: u64,
    last_checkpoint: u64,
    ended: bool,
}

impl Check {
    fn new(key: Option<PublicKey>) -> Self {
        Self {
            key,
            anchors: Vec::new(),
            removals: Vec::new(),
            from: None,
            anchored: 0,
            file: String::new(),
            journal: None,
            segments: 0,
            first: 1,
            cursor: Cursor::START,
            checkpoints: 0,
            last_checkpoint: 0,
            ended: false,
        }
    }

    fn segment(&mut self, first: u64, bytes: &[u8], after: After) -> Result<(), Bad> {
        let records = self.header(first, bytes)?;
        self.records(records, after)
    }

    fn records(&mut self, records: &[u8], after: After) -> Result<(), Bad> {
        let mut cursor = self.cursor;
        let walked = cursor.walk(records, after, |frame, before| self.record(frame, before));
        self.cursor = cursor;
        walked
            .map(|_| ())
            .map_err(|(_, fault)| self.bad(self.blamed(fault), fault))
    }

    fn header<'a>(&mut self, first: u64, bytes: &'a [u8]) -> Result<&'a [u8], Bad> {
        let begins = self.segments == 0;
        if !begins && first != self.cursor.next {
            return Err(self.bad(self.cursor.next, Fault::Missing));
        }
        let Some((header, records)) = Header::decode(bytes) else {
            return Err(self.bad(first, Fault::Header));
        };
        if begins && header.first == first {
            self.begins_whole(&header)?;
        }
        let starts_whole = first != 1 || header.link == Cursor::START.link;
        let follows = begins || header.link == self.cursor.link;
        let same = self.journal.is_none_or(|journal| journal == header.journal);
        if header.first != first || !starts_whole || !follows || !same {
            return Err(self.bad(first, Fault::Header));
        }
        if begins {
            self.first = first;
            self.last_checkpoint = first.saturating_sub(1);
            self.cursor = Cursor {
                next: first,
                link: header.link,
            };
        }
        self.journal = Some(header.journal);
        self.segments += 1;
        Ok(records)
    }

    /// What stood before the first record was removed by policy, or left out on purpose.
    fn begins_whole(&self, header: &Header) -> Result<(), Bad> {
        if header.first == 1 || self.from == Some(header.first) {
            return Ok(());
        }
        // The note is written before the segments go: some of them may still be there.
        let Some(removal) = self
            .removals
            .last()
            .filter(|removal| removal.kept >= header.first)
        else {
            return Err(self.bad(1, Fault::Missing));
        };
        let earlier = self.removals.iter().any(|removal| removal.allows(header));
        if removal.kept == header.first && !earlier {
            return Err(self.bad(header.first, Fault::Removal));
        }
        let signed = |key: PublicKey| self.removals.iter().all(|removal| removal.is_signed_by(&key));
        if self.key.is_some_and(|key| !signed(key)) {
            return Err(self.bad(header.first, Fault::Signature));
        }
        Ok(())
    }

    fn signed_anchors(&self) -> Result<(), Bad> {
        let Some(key) = self.key else {
            return Ok(());
        };
        match self.anchors.iter().find(|anchor| !key.signed(anchor)) {
            Some(anchor) => Err(self.bad(anchor.sequence, Fault::Signature)),
            None => Ok(()),
        }
    }

    fn record(&mut self, frame: &Frame<'_>, before: &Link) -> Result<(), Fault> {
        self.ended = false;
        self.anchored(frame, before)?;
        if frame.kind == Kind::Checkpoint {
            self.checkpoint(frame, before)?;
        }
        Ok(())
    }

    fn checkpoint(&mut self, frame: &Frame<'_>, before: &Link) -> Result<(), Fault> {
        let checkpoint: Checkpoint = serde_json::from_slice(frame.payload).map_err(|_| Fault::Checkpoint)?;
        let own = checkpoint.sequence == frame.sequence && Some(checkpoint.journal) == self.journal;
        if !own || checkpoint.link() != Some(*before) {
            return Err(Fault::Checkpoint);
        }
        if self.key.is_some_and(|key| !key.signed(&checkpoint)) {
            return Err(Fault::Signature);
        }
        self.checkpoints += 1;
        self.last_checkpoint = frame.sequence;
        self.ended = checkpoint.end;
        Ok(())
    }

    fn anchored(&mut self, frame: &Frame<'_>, before: &Link) -> Result<(), Fault> {
        for anchor in self
            .anchors
            .iter()
            .filter(|anchor| anchor.sequence == frame.sequence)
        {
            let own = frame.kind == Kind::Checkpoint && Some(anchor.journal) == self.journal;
            if !own || anchor.link() != Some(*before) {
                return Err(Fault::Anchor);
            }
            self.anchored += 1;
        }
        Ok(())
    }

    /// Rewritten records all fit; what is known is that they come after the last checkpoint that holds.
    fn blamed(&self, fault: Fault) -> u64 {
        match fault {
            Fault::Checkpoint | Fault::Anchor => self.last_checkpoint + 1,
            _ => self.cursor.next,
        }
    }

    fn cut(&self) -> Option<Bad> {
        let owed = self
            .anchors
            .iter()
            .any(|anchor| anchor.sequence >= self.cursor.next);
        owed.then(|| self.bad(self.cursor.next, Fault::Cut))
    }

    fn bad(&self, index: u64, fault: Fault) -> Bad {
        Bad {
            index,
            file: self.file.clone(),
            fault,
        }
    }

    fn report(self, bad: Option<Bad>) -> Report {
        let last = self.cursor.next.saturating_sub(1);
        Report {
            journal: self.journal,
            segments: self.segments,
            first: self.first,
            signatures: self.key.is_some(),
            anchored: self.anchored,
            last,
            checkpoints: self.checkpoints,
            after_checkpoint: last.saturating_sub(self.last_checkpoint),
            ended: self.ended,
            link: hex(&self.cursor.link),
            bad,
        }
    }
}

#[cfg(test)]
mod tests;
