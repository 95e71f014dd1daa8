//! What a new version of a joint-use agreement may change.
//!
//! Items (ア) and users (イ) of a joint use cannot be changed; purpose (ウ) and responsible person (エ) can,
//! within what a person would not find hard to foresee, and the change must be notified or be easy to learn
//! (Guidelines on the Act on the Protection of Personal Information, General Rules, 3-6-3(3)).

use std::collections::BTreeSet;

use serde::Serialize;

use crate::instruments::agreement::{ChangeNote, JointUseAgreement};
use crate::instruments::blank;
use crate::version::Version;

/// Why a version cannot follow another.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeFault {
    /// Another instrument, or not the next number.
    NotTheNextVersion,
    /// It takes effect before it was entered: the past is not changed.
    Backdated,
    /// Items differ (ア): a new id is needed.
    ItemsChanged,
    /// A user was added (イ): a new id is needed.
    UserAdded,
    /// The beginning differs: a new id is needed.
    BeginningChanged,
    /// Documents from before the joint use are now included: a new id is needed.
    ExistingDataAdded,
    /// The purpose differs (ウ), and it is not said that this was to be foreseen: a new id is needed.
    PurposeNotForeseeable,
    /// The purpose differs (ウ), and takes effect before it was notified.
    PurposeBeforeNotice,
    /// The responsible person differs (エ), and it is not said since when persons can learn of it.
    ResponsibleNotNotified,
}

impl ChangeFault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NotTheNextVersion,
        Self::Backdated,
        Self::ItemsChanged,
        Self::UserAdded,
        Self::BeginningChanged,
        Self::ExistingDataAdded,
        Self::PurposeNotForeseeable,
        Self::PurposeBeforeNotice,
        Self::ResponsibleNotNotified,
    ];

    /// Whether the change needs an agreement of its own, with a notice of its own.
    pub fn needs_new_id(self) -> bool {
        matches!(
            self,
            Self::ItemsChanged
                | Self::UserAdded
                | Self::BeginningChanged
                | Self::ExistingDataAdded
                | Self::PurposeNotForeseeable
        )
    }

    /// In Japanese.
    pub fn ja(self) -> &'static str {
        match self {
            Self::NotTheNextVersion => "同じ取り決めの次の版ではない",
            Self::Backdated => "入力より前に遡って発効する版は作れない",
            Self::ItemsChanged => "項目(ア)は変えられない。新しい取り決めとして登録し、改めて公表する",
            Self::UserAdded => "利用者(イ)は増やせない。新しい取り決めとして登録し、改めて公表する",
            Self::BeginningChanged => "開始日は変えられない。新しい取り決めとして登録する",
            Self::ExistingDataAdded => {
                "開始前の文書は後から含められない。新しい取り決めとして登録し、改めて公表する"
            }
            Self::PurposeNotForeseeable => {
                "本人が予期し難い目的(ウ)の変更はできない。新しい取り決めとして登録する"
            }
            Self::PurposeBeforeNotice => "目的(ウ)の変更は、通知または公表の後に発効させる",
            Self::ResponsibleNotNotified => "責任者(エ)の変更を、遅滞なく通知または公表する",
        }
    }

    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Self::NotTheNextVersion => "this is not the next version of the same agreement",
            Self::Backdated => "a version cannot take effect before it was entered",
            Self::ItemsChanged => {
                "items (ア) cannot be changed: enter a new agreement, with a notice of its own"
            }
            Self::UserAdded => "a user (イ) cannot be added: enter a new agreement, with a notice of its own",
            Self::BeginningChanged => "the beginning cannot be changed: enter a new agreement",
            Self::ExistingDataAdded => {
                "older documents cannot be included later: enter a new agreement, with a notice of its own"
            }
            Self::PurposeNotForeseeable => {
                "a purpose (ウ) that persons could not foresee needs a new agreement"
            }
            Self::PurposeBeforeNotice => "a new purpose (ウ) takes effect after its notice",
            Self::ResponsibleNotNotified => "a new responsible person (エ) has to be notified without delay",
        }
    }
}

/// Judges a new version against the one before it.
///
/// # Errors
/// Everything that it may not change.
pub fn check_new_version(
    old: &Version<JointUseAgreement>,
    new: &Version<JointUseAgreement>,
) -> Result<(), Vec<ChangeFault>> {
    let (before, after) = (&old.terms, &new.terms);
    let existing_added = before.covers_existing_data.is_none() && after.covers_existing_data.is_some();
    let checks = [
        (
            ChangeFault::NotTheNextVersion,
            old.id != new.id || old.version.checked_add(1) != Some(new.version),
        ),
        (
            ChangeFault::Backdated,
            new.entered_at.is_none_or(|entered| new.effective_from < entered),
        ),
        (ChangeFault::ItemsChanged, items_changed(before, after)),
        (ChangeFault::UserAdded, user_added(before, after)),
        (ChangeFault::BeginningChanged, before.began != after.began),
        (ChangeFault::ExistingDataAdded, existing_added),
    ];
    let mut faults: Vec<ChangeFault> = checks
        .into_iter()
        .filter(|(_, broken)| *broken)
        .map(|(fault, _)| fault)
        .collect();
    faults.extend(purpose(old, new));
    faults.extend(responsible(before, after));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn items_changed(before: &JointUseAgreement, after: &JointUseAgreement) -> bool {
    let items = |terms: &JointUseAgreement| terms.items.iter().cloned().collect::<BTreeSet<_>>();
    let metadata = |terms: &JointUseAgreement| terms.metadata_items.iter().cloned().collect::<BTreeSet<_>>();
    items(before) != items(after) || metadata(before) != metadata(after)
}

fn user_added(before: &JointUseAgreement, after: &JointUseAgreement) -> bool {
    after
        .users
        .iter()
        .any(|user| before.user(&user.organisation).is_none())
}

/// A note of an earlier version says nothing of a further change.
fn new_note<'a>(before: &JointUseAgreement, after: &'a JointUseAgreement) -> Option<&'a ChangeNote> {
    after
        .change
        .as_ref()
        .filter(|note| before.change.as_ref() != Some(note) && !blank(&note.text))
}

fn purpose(old: &Version<JointUseAgreement>, new: &Version<JointUseAgreement>) -> Option<ChangeFault> {
    let (before, after) = (&old.terms, &new.terms);
    if before.purposes == after.purposes && before.purpose_text == after.purpose_text {
        return None;
    }
    match new_note(before, after).filter(|note| note.foreseeable) {
        None => Some(ChangeFault::PurposeNotForeseeable),
        Some(note) if new.effective_from < note.notified_from => Some(ChangeFault::PurposeBeforeNotice),
        Some(_) => None,
    }
}

fn responsible(before: &JointUseAgreement, after: &JointUseAgreement) -> Option<ChangeFault> {
    let names = |terms: &JointUseAgreement| {
        let responsible = &terms.responsible;
        (
            responsible.name.clone(),
            responsible.address.clone(),
            responsible.representative.clone(),
            responsible.corporation,
        )
    };
    let silent = names(before) != names(after) && new_note(before, after).is_none();
    silent.then_some(ChangeFault::ResponsibleNotNotified)
}
