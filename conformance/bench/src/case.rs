//! What is measured.

use renkei_network::Program;

use crate::floor::Work;

/// Results of a FindDocuments query.
pub(crate) const RESULTS: u64 = 20;

/// One case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Case {
    /// ITI-42, one full document.
    Register,
    /// ITI-18 FindDocuments, 20 results, LeafClass.
    FindLeaves,
    /// ITI-18 FindDocuments, 20 results, ObjectRef.
    FindReferences,
    /// ITI-18 GetDocuments by one uniqueId, LeafClass.
    GetDocuments,
    /// ITI-41, one document.
    Provide(Size),
    /// ITI-43, one document.
    Retrieve(Size),
}

/// How long a document is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Size {
    /// 10 kB.
    Small,
    /// 1 MB.
    Medium,
    /// 50 MB.
    Large,
}

impl Size {
    /// Every size.
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// In bytes.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Small => 10_000,
            Self::Medium => 1_000_000,
            Self::Large => 50_000_000,
        }
    }

    /// How many documents there are to be retrieved.
    pub(crate) fn pool(self) -> u64 {
        match self {
            Self::Small => 200,
            Self::Medium => 40,
            Self::Large => 4,
        }
    }

    /// Requests of one measurement at most, so that the disk does not fill.
    fn requests_max(self) -> u64 {
        match self {
            Self::Small => 50_000,
            Self::Medium => 500,
            Self::Large => 16,
        }
    }
}

impl Case {
    /// Every case, in the order of the table.
    pub(crate) const ALL: [Self; 10] = [
        Self::Register,
        Self::FindLeaves,
        Self::FindReferences,
        Self::GetDocuments,
        Self::Provide(Size::Small),
        Self::Provide(Size::Medium),
        Self::Provide(Size::Large),
        Self::Retrieve(Size::Small),
        Self::Retrieve(Size::Medium),
        Self::Retrieve(Size::Large),
    ];

    /// Its name in the table, on the command line and in `docs/performance.md`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Register => "iti-42",
            Self::FindLeaves => "iti-18-leaf",
            Self::FindReferences => "iti-18-ref",
            Self::GetDocuments => "iti-18-get",
            Self::Provide(Size::Small) => "iti-41-10k",
            Self::Provide(Size::Medium) => "iti-41-1m",
            Self::Provide(Size::Large) => "iti-41-50m",
            Self::Retrieve(Size::Small) => "iti-43-10k",
            Self::Retrieve(Size::Medium) => "iti-43-1m",
            Self::Retrieve(Size::Large) => "iti-43-50m",
        }
    }

    /// The program that is asked.
    pub(crate) fn program(self) -> Program {
        match self {
            Self::Provide(_) | Self::Retrieve(_) => Program::Repository,
            _ => Program::Registry,
        }
    }

    /// Whether it reads what was published before.
    pub(crate) fn reads(self) -> bool {
        !matches!(self, Self::Register | Self::Provide(_))
    }

    /// The document that goes with it.
    pub(crate) fn size(self) -> Option<Size> {
        match self {
            Self::Provide(size) | Self::Retrieve(size) => Some(size),
            _ => None,
        }
    }

    /// What any implementation has to do in the store. The echo of its bytes is the other part of its floor.
    pub(crate) fn work(self) -> Vec<Work> {
        match self {
            Self::Register => vec![Work::WriteRows],
            Self::FindLeaves => vec![Work::ReadBodies],
            Self::FindReferences => vec![Work::ReadKeys],
            Self::GetDocuments => vec![Work::ReadOne],
            Self::Provide(size) => vec![Work::WriteRows, Work::WriteFile { bytes: size.bytes() }],
            // The registry is asked whether the caller may have it, which needs its row.
            Self::Retrieve(size) => vec![Work::ReadOne, Work::ReadFile { bytes: size.bytes() }],
        }
    }

    /// Connections, of those asked for.
    pub(crate) fn connections(self, asked: u64) -> u64 {
        match self.size() {
            Some(Size::Large) => asked.min(2),
            _ => asked,
        }
    }

    /// Requests of one measurement at most.
    pub(crate) fn requests_max(self) -> u64 {
        self.size().unwrap_or(Size::Small).requests_max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_none_begins_another() {
        for (index, case) in Case::ALL.iter().enumerate() {
            for (other, name) in Case::ALL.iter().map(|case| case.name()).enumerate() {
                assert_eq!(name.starts_with(case.name()), index == other, "{name}");
            }
        }
    }

    #[test]
    fn large_documents_are_few() {
        let large = Case::Provide(Size::Large);
        assert_eq!(large.connections(8), 2);
        assert_eq!(large.connections(1), 1);
        assert_eq!(Case::Register.connections(8), 8);
        assert!(large.requests_max() * Size::Large.bytes() <= 1_000_000_000);
    }
}
