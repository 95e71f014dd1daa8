//! Reading events back: for the shipper, the console and tests.

use std::ops::ControlFlow;
use std::path::Path;

use crate::content::Content;
use crate::error::JournalError;
use crate::place::list;
use crate::record::decode;
use crate::segment::Header;
use crate::verify::Fault;

/// Gives every record from number `from` on to `see`, in order, until it breaks off or the journal
/// ends. A record that is still being written ends it too. The number of the next record is returned.
///
/// It trusts the folder: [`crate::verify::verify`] is for those who do not.
///
/// # Errors
/// [`JournalError::Damaged`], [`JournalError::Content`], [`JournalError::Io`].
pub fn read(
    folder: &Path,
    from: u64,
    mut see: impl FnMut(u64, Content) -> ControlFlow<()>,
) -> Result<u64, JournalError> {
    let segments = list(folder).map_err(JournalError::io("cannot read", folder))?;
    let mut next = from;
    for (at, place) in segments.iter().enumerate() {
        let following = segments.get(at + 1).map(|place| place.first);
        if following.is_some_and(|following| following <= from) {
            continue;
        }
        let bytes = place
            .bytes_wherever(folder)
            .map_err(|unread| unread.in_journal(folder, &place.path))?;
        let damaged = |verdict| JournalError::Damaged {
            folder: folder.to_owned(),
            verdict,
        };
        let (_, mut records) = Header::decode(&bytes).ok_or_else(|| damaged(Fault::Header))?;
        while !records.is_empty() {
            let frame = match decode(records) {
                Ok(frame) => frame,
                Err(_) if following.is_none() => return Ok(next),
                Err(error) => return Err(damaged(error.into())),
            };
            records = records.get(frame.bytes..).unwrap_or_default();
            if frame.sequence < from {
                continue;
            }
            next = frame.sequence + 1;
            if see(frame.sequence, Content::read(&frame)?).is_break() {
                return Ok(next);
            }
        }
    }
    Ok(next)
}
