//! The chain that shows when a record was changed, removed or put in.
//!
//! Each organisation's ledger is made of strands, one for each other party and side, and each strand is a chain of its
//! own: two requests meet only if they are of one receiver for documents of one author. A record's hash is over the hash
//! of the record before it and the digest of its own text; the ledger keeps the number and the hash of the last one.
//!
//! ```text
//! digest   = SHA-256( content LF person )      person: the name at that time, empty if there was none
//! hash[n]  = SHA-256( hash[n-1] digest[n] )    hash[0] is empty
//! ```
//!
//! The database computes the same when it stores them (`record_chain` of migration 0009).

use xds_policy::hash::ContentHash;

/// The digest of a record's text and the person's name.
pub fn digest(content: &str, person: Option<&str>) -> ContentHash {
    let text = format!("{content}\n{}", person.unwrap_or_default());
    ContentHash::of_bytes(text.as_bytes())
}

/// The hash of a record. `before` is that of the one before it in its strand, empty for the first.
pub fn link(before: &[u8], digest: &ContentHash) -> ContentHash {
    ContentHash::of_bytes(&[before, digest.as_bytes()].concat())
}

/// A place in a strand: the number of a record and its hash. Number 0 with an empty hash is before the first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    /// The number, from 1.
    pub position: i64,
    /// The hash.
    pub hash: Vec<u8>,
}

/// One record of a strand as it is kept.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    /// Its number.
    pub position: i64,
    /// Its text.
    pub content: &'a str,
    /// The person's name.
    pub person: Option<&'a str>,
    /// The hash of the record before it, as it stands there.
    pub previous: &'a [u8],
    /// Its hash, as it stands there.
    pub hash: &'a [u8],
    /// Whether the columns beside its text say the same as that.
    pub columns_agree: bool,
}

/// What is wrong with a strand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Break {
    /// A record is missing before this number.
    Missing {
        /// The number of the first that is missing.
        position: i64,
    },
    /// There is one that does not belong there.
    Extra {
        /// Its number.
        position: i64,
    },
    /// A record says something else than what was written.
    Changed {
        /// Its number.
        position: i64,
    },
}

impl Break {
    /// Where.
    pub fn position(self) -> i64 {
        match self {
            Self::Missing { position } | Self::Extra { position } | Self::Changed { position } => position,
        }
    }
}

/// Follows a strand record by record, oldest first.
#[derive(Clone, Debug)]
pub struct Follower {
    at: Place,
    breaks: Vec<Break>,
}

impl Follower {
    /// Breaks that are told of one strand at most.
    pub const BREAKS_MAX: usize = 100;

    /// Begins after the last record that was removed when its time was over.
    pub fn after(expired: Place) -> Self {
        Self {
            at: expired,
            breaks: Vec::new(),
        }
    }

    /// The next record.
    pub fn follow(&mut self, record: &Kept<'_>) {
        let next = self.at.position.saturating_add(1);
        if record.position < next {
            self.note(Break::Extra {
                position: record.position,
            });
            return;
        }
        if record.position > next {
            self.note(Break::Missing { position: next });
        }
        let is_next = record.position == next;
        let linked = !is_next || record.previous == self.at.hash.as_slice();
        let hash = link(record.previous, &digest(record.content, record.person));
        if !linked || !record.columns_agree || hash.as_bytes().as_slice() != record.hash {
            self.note(Break::Changed {
                position: record.position,
            });
        }
        self.at = Place {
            position: record.position,
            hash: record.hash.to_vec(),
        };
    }

    /// What is wrong, once the last record was followed, with what the ledger says of the last one.
    pub fn end(mut self, head: &Place) -> Vec<Break> {
        if self.at.position < head.position {
            self.note(Break::Missing {
                position: self.at.position.saturating_add(1),
            });
        } else if self.at.position > head.position {
            self.note(Break::Extra {
                position: head.position.saturating_add(1),
            });
        } else if self.at.hash != head.hash {
            self.note(Break::Changed {
                position: head.position,
            });
        }
        self.breaks
    }

    fn note(&mut self, fault: Break) {
        if self.breaks.len() < Self::BREAKS_MAX && self.breaks.last() != Some(&fault) {
            self.breaks.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Strand(Vec<(i64, String, Vec<u8>, Vec<u8>)>);

    impl Strand {
        fn of(count: i64) -> Self {
            let mut before = Vec::new();
            let mut records = Vec::new();
            for position in 1..=count {
                let content = format!("record {position}");
                let hash = link(&before, &digest(&content, Some("山田"))).as_bytes().to_vec();
                records.push((position, content, before, hash.clone()));
                before = hash;
            }
            Self(records)
        }

        fn head(&self) -> Place {
            let last = self.0.last().unwrap();
            Place {
                position: last.0,
                hash: last.3.clone(),
            }
        }

        fn breaks(&self, from: Place, head: &Place) -> Vec<Break> {
            let mut follower = Follower::after(from);
            for (position, content, previous, hash) in &self.0 {
                follower.follow(&Kept {
                    position: *position,
                    content,
                    person: Some("山田"),
                    previous,
                    hash,
                    columns_agree: true,
                });
            }
            follower.end(head)
        }
    }

    #[test]
    fn a_whole_strand_has_no_breaks_also_when_its_beginning_expired() {
        let mut strand = Strand::of(5);
        let head = strand.head();
        assert_eq!(strand.breaks(Place::default(), &head), []);
        let (position, _, _, hash) = strand.0.drain(..2).next_back().unwrap();
        assert_eq!(strand.breaks(Place { position, hash }, &head), []);
        assert_eq!(
            strand.breaks(Place::default(), &head),
            [Break::Missing { position: 1 }],
            "removed without a word"
        );
    }

    #[test]
    fn what_is_removed_changed_or_put_in_shows() {
        let whole = Strand::of(5);
        let head = whole.head();
        for position in 1..=5 {
            let mut strand = Strand::of(5);
            strand.0.remove(usize::try_from(position).unwrap() - 1);
            let found = strand.breaks(Place::default(), &head);
            assert_eq!(found, [Break::Missing { position }]);

            let mut strand = Strand::of(5);
            strand.0[usize::try_from(position).unwrap() - 1].1 = "another".to_owned();
            let found = strand.breaks(Place::default(), &head);
            assert_eq!(found, [Break::Changed { position }]);
        }
        let longer = Strand::of(6);
        assert_eq!(
            longer.breaks(Place::default(), &head),
            [Break::Extra { position: 6 }]
        );
        let mut twice = Strand::of(5);
        twice.0.insert(3, twice.0[2].clone());
        assert_eq!(
            twice.breaks(Place::default(), &head),
            [Break::Extra { position: 3 }]
        );
    }

    #[test]
    fn a_record_that_was_written_anew_with_its_hash_breaks_the_next_link() {
        let mut strand = Strand::of(3);
        strand.0[1].1 = "another".to_owned();
        strand.0[1].3 = link(&strand.0[1].2, &digest("another", Some("山田")))
            .as_bytes()
            .to_vec();
        let head = strand.head();
        assert_eq!(
            strand.breaks(Place::default(), &head),
            [Break::Changed { position: 3 }]
        );
    }

    #[test]
    fn the_name_of_the_person_is_part_of_the_record() {
        assert_ne!(digest("x", Some("山田")), digest("x", None));
    }
}
