//! What to do with a submission that a crash or a lost answer left unfinished.

use std::time::Duration;

/// What the registry said about it, asked by the uniqueId of its SubmissionSet and by the uniqueIds
/// of its documents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RegistryKnows {
    /// It has the SubmissionSet, or an entry for one of the documents.
    Something,
    /// It has none of them.
    Nothing,
    /// It could not be asked, or its answer was no answer.
    NotAsked,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recovery {
    /// It is registered: the documents stay.
    Finish,
    /// It is not, and cannot become so any more: the documents go.
    Remove,
    /// It is not known yet: ask again later.
    Wait,
}

/// Decides by what the registry knows and the time since the submission's state was written.
///
/// A registry that knows nothing *yet* may still be at work on the request that the repository sent
/// before it died. So nothing is removed before `settled_after`, which has to be longer than a
/// repository takes from writing the state to giving up on ITI-42, and a registry works on any
/// request, together.
pub fn recovery(registry: RegistryKnows, age: Duration, settled_after: Duration) -> Recovery {
    match registry {
        RegistryKnows::Something => Recovery::Finish,
        RegistryKnows::Nothing if age >= settled_after => Recovery::Remove,
        RegistryKnows::Nothing | RegistryKnows::NotAsked => Recovery::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sto_05_only_a_settled_absence_removes() {
        let settled = Duration::from_secs(60);
        let young = settled - Duration::from_millis(1);
        for (registry, age, expected) in [
            (RegistryKnows::Something, Duration::ZERO, Recovery::Finish),
            (RegistryKnows::Something, settled, Recovery::Finish),
            (RegistryKnows::Nothing, young, Recovery::Wait),
            (RegistryKnows::Nothing, settled, Recovery::Remove),
            (RegistryKnows::NotAsked, young, Recovery::Wait),
            (RegistryKnows::NotAsked, settled * 1000, Recovery::Wait),
        ] {
            assert_eq!(recovery(registry, age, settled), expected, "{registry:?} {age:?}");
        }
    }
}
