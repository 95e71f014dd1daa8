//! Edges that mutants of the code showed to be untested.

use time::Duration;
use xds_policy::basis::Basis;
use xds_policy::decision::DenyCode;
use xds_policy::instruments::agreement::PublicationCheck;
use xds_policy::instruments::session::{Review, ReviewOutcome};
use xds_policy::reasons::Reason;

use crate::fixture::*;
use crate::vectors::{denied, permitted, shut};

#[test]
fn a_recipient_that_nobody_knows() {
    let world = push().with(|world| {
        world.request.recipient = Some(org("C9"));
        world.document.addressed_to = [org("C9")].into();
    });
    shut(&world, DenyCode::Recipient, Reason::RecipientUnknown);
}

#[test]
fn a_session_found_to_be_misuse_ends() {
    let reviewed = |outcome, at| {
        emergency().with(|world| {
            rewrite(&mut world.file.break_glass_sessions, "bg-1", |draft| {
                draft.terms.review = Some(Review {
                    by: "dr-2".into(),
                    at,
                    outcome,
                    text: "確認".into(),
                });
            });
        })
    };
    denied(
        &reviewed(ReviewOutcome::Misuse, NOW),
        Basis::Emergency,
        Reason::B8,
    );
    permitted(&reviewed(ReviewOutcome::Justified, NOW), Basis::Emergency, "bg-1");
    let later = reviewed(ReviewOutcome::Misuse, NOW + Duration::seconds(1));
    permitted(&later, Basis::Emergency, "bg-1");
}

#[test]
fn a_look_at_another_place_says_nothing_of_this_one() {
    let world = joint().with(|world| {
        let look = PublicationCheck {
            agreement: "JA-1".into(),
            reference: "https://elsewhere.example.jp/".into(),
            found: false,
        };
        let mut draft = draft("look-1", look);
        draft.effective_from = NOW - Duration::days(1);
        world
            .file
            .publication_checks
            .push(xds_policy::version::Version::seal(draft).unwrap());
    });
    permitted(&world, Basis::Joint, "JA-1");
}

#[test]
fn a_declaration_is_neither_of_the_future_nor_of_the_day_before() {
    let attested = |at| emergency().with(|world| declared(world).attested_at = at);
    permitted(&attested(NOW), Basis::Emergency, "bg-1");
    let oldest = NOW - Duration::hours(8);
    permitted(&attested(oldest + Duration::seconds(1)), Basis::Emergency, "bg-1");
    for at in [NOW + Duration::seconds(1), oldest] {
        denied(&attested(at), Basis::Emergency, Reason::B2);
    }
}
