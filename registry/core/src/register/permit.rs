//! Who may publish what: the step from checked to permitted.

use uuid::Uuid;
use xds_model::author::{Author, Institution};
use xds_model::principal::OrganisationId;
use xds_model::{DocumentEntry, Fault, RuleId, Submission};
use xds_policy::decision::{Denial, DenyCode};
use xds_policy::ledger::PatientInstruments;
use xds_policy::reasons::Reason;

use super::metadata::scope_of;
use super::request::{ENTRY, PACKAGE, at};
use super::{Checked, Context, Permitted, PermittedEntry, Refusal, UnknownInstitution};
use crate::decisions::Decisions;
use crate::persons::{Person, Persons};
use crate::policy_facts::of_entry;
use crate::view::{Judge, PolicyFacts, Viewer};

/// Asks policy for each entry, and whether the node may act for the source, the authors and upon the
/// registered objects that it names.
///
/// A document comes from the organisation of the publishing node, or from the one that authorInstitution names. An
/// institution that the ledger does not know says nothing, or is refused, as the domain has it.
///
/// `owners` are the people whose registered objects are named.
///
/// # Errors
/// Every entry and object that is refused, with the denials for the audit.
pub fn permit(
    submission: Submission<Checked>,
    owners: &Persons,
    publishing: &Viewer<'_>,
    context: &Context<'_>,
) -> Result<Submission<Permitted>, Refusal> {
    let person = person_of(&submission);
    let gate = Gate {
        context,
        judge: publishing.judge(&person),
        owners: publishing.judge(owners),
    };
    let mut refusal = Refusal {
        faults: Vec::new(),
        denials: Vec::new(),
    };
    gate.source(&submission, &mut refusal);
    gate.acted_on(&submission, &mut refusal);
    let mut entries = Vec::with_capacity(submission.entries.len());
    for entry in &submission.entries {
        match gate.entry(entry, submission.stage.patient) {
            Ok(permitted) => entries.push(permitted),
            Err(turned_down) => refusal.add(turned_down, &at(ENTRY, &entry.id, "author")),
        }
    }
    gate.set_authors(&submission, &entries, &mut refusal);
    if !refusal.faults.is_empty() {
        return Err(refusal);
    }
    let mut decisions = Decisions::default();
    for (entry, permitted) in submission.entries.iter().zip(&entries) {
        // Checked entries have UUIDs.
        let id = entry.id.uuid().unwrap_or_default();
        decisions.on(id, &permitted.released, context.ids);
    }
    let stage = Permitted {
        decisions,
        checked: submission.stage.clone(),
        organisation: context.principal.organisation().0.clone(),
        entries,
    };
    Ok(submission.advance(stage))
}

/// The patient of a submission. Who publishes rests on nothing that the patient said: that is asked when somebody looks.
fn person_of(submission: &Submission<Checked>) -> Persons {
    let mut persons = Persons::default();
    if let Some(patient) = &submission.set.patient_id {
        let person = Person::new(patient, PatientInstruments::default());
        persons.add(person, [submission.stage.patient]);
    }
    persons
}

/// Why one thing is refused: for the audit, and for who sent it.
struct TurnedDown {
    denial: Denial,
    rule: RuleId,
    found: String,
}

impl TurnedDown {
    /// The publisher may not act for another here; nothing more is said of the other.
    fn not_author(found: &str) -> Self {
        Self {
            denial: Denial {
                code: DenyCode::Author,
                reason: Some(Reason::SenderNotAuthor),
                why: Vec::new(),
            },
            rule: RuleId::NotAuthorised,
            found: found.to_owned(),
        }
    }

    /// What policy denied about a document of the publisher's own legal entity: its own to repair.
    fn of_own(denial: Denial, organisation: &OrganisationId) -> Self {
        let rule = match denial.code {
            DenyCode::NoHostingContract if denial.reason == Some(Reason::NoStorageContract) => {
                RuleId::NotStored
            }
            DenyCode::NoHostingContract => RuleId::NotHosted,
            DenyCode::Node | DenyCode::OrgMismatch => RuleId::NotMember,
            DenyCode::Author if denial.reason == Some(Reason::AuthorUnknown) => RuleId::NotMember,
            DenyCode::Foreign => RuleId::StoredAbroad,
            DenyCode::User | DenyCode::Role | DenyCode::Purpose | DenyCode::Maintenance => {
                RuleId::UserMayNotPublish
            }
            DenyCode::Patient
            | DenyCode::Recipient
            | DenyCode::Author
            | DenyCode::Scope
            | DenyCode::Suspended
            | DenyCode::NoBasis => RuleId::NotAuthorised,
        };
        let found = match denial.reason {
            Some(reason) => format!("{organisation}, {}", reason.en()),
            None => organisation.to_string(),
        };
        Self { denial, rule, found }
    }
}

impl Refusal {
    fn add(&mut self, turned_down: TurnedDown, location: &str) {
        let TurnedDown { denial, rule, found } = turned_down;
        self.denials.push(denial);
        self.faults.push(Fault::new(rule, location, found));
    }
}

struct Gate<'a> {
    context: &'a Context<'a>,
    /// Decides about what the submission brings.
    judge: Judge<'a>,
    /// Decides about what it acts on.
    owners: Judge<'a>,
}

/// Where something comes from.
struct Origin {
    organisation: OrganisationId,
    attributed: bool,
}

impl Gate<'_> {
    /// A node with a list of sourceIds publishes under these only.
    fn source(&self, submission: &Submission<Checked>, refusal: &mut Refusal) {
        let allowed = &self.context.principal.node().source_ids;
        let source = submission.set.source_id.as_ref();
        let known = source.is_some_and(|source| allowed.contains(source.as_str()));
        if !allowed.is_empty() && !known {
            let found = source.map_or_else(String::new, ToString::to_string);
            refusal.add(
                TurnedDown::not_author(&found),
                &at(PACKAGE, &submission.set.id, "sourceId"),
            );
        }
    }

    /// A set is authored by the publisher's legal entity, or by the organisation that one of its documents comes from.
    fn set_authors(
        &self,
        submission: &Submission<Checked>,
        entries: &[PermittedEntry],
        refusal: &mut Refusal,
    ) {
        let Some(organisation) = self.known(&submission.set.authors) else {
            return;
        };
        let of_entry = entries.iter().any(|entry| entry.organisation == organisation.0);
        if !of_entry && !self.is_own(&organisation) {
            refusal.add(
                TurnedDown::not_author("authorInstitution"),
                &at(PACKAGE, &submission.set.id, "author"),
            );
        }
    }

    /// Others' documents and folders are not replaced, appended to or filed: a document must be one that the publisher
    /// may publish, a folder or set its own record.
    fn acted_on(&self, submission: &Submission<Checked>, refusal: &mut Refusal) {
        for object in &submission.stage.acted_on {
            let owned = self.owners.owns(&object.organisation, object.stored_under);
            let permitted = |facts| self.owners.permit(facts).is_ok();
            if !owned && !object.policy.as_ref().is_some_and(permitted) {
                refusal.add(TurnedDown::not_author(&object.found), &object.location);
            }
        }
    }

    fn entry(&self, entry: &DocumentEntry, patient: Uuid) -> Result<PermittedEntry, TurnedDown> {
        let scope = scope_of(entry).map_err(|_| TurnedDown::not_author("sharing scope"))?;
        let Origin {
            organisation,
            attributed,
        } = self.origin(entry)?;
        let keeper = self.keeper(&organisation);
        let now = self.context.now;
        let facts = PolicyFacts {
            stored_under: patient,
            document: of_entry(entry, &organisation, scope, now, keeper.as_ref()),
        };
        match self.judge.release(facts) {
            Ok(released) => Ok(PermittedEntry {
                organisation: organisation.0,
                attributed,
                scope,
                keeper,
                released,
            }),
            Err(denial) if self.is_own(&organisation) => Err(TurnedDown::of_own(denial, &organisation)),
            Err(denial) => Err(TurnedDown {
                denial,
                ..TurnedDown::not_author("authorInstitution")
            }),
        }
    }

    /// Who keeps a document, when it is not who it comes from: the organisation at the other end of the connection, which
    /// is the repository's where the submission came through one.
    fn keeper(&self, author: &OrganisationId) -> Option<OrganisationId> {
        let keeper = self.context.principal.connected_organisation();
        (keeper != author).then(|| keeper.clone())
    }

    fn origin(&self, entry: &DocumentEntry) -> Result<Origin, TurnedDown> {
        if let Some(organisation) = self.known(&entry.authors) {
            return Ok(Origin {
                organisation,
                attributed: false,
            });
        }
        let names_any = entry.authors.iter().any(|author| !author.institutions.is_empty());
        if names_any && self.context.unknown_institution == UnknownInstitution::Refuse {
            return Err(TurnedDown {
                rule: RuleId::UnknownInstitution,
                ..TurnedDown::not_author("authorInstitution")
            });
        }
        Ok(Origin {
            organisation: self.context.principal.organisation().clone(),
            attributed: true,
        })
    }

    /// The organisation that these authors stand for, as far as the ledger knows any: one of the publisher's legal
    /// entity, else a stranger, whom policy then refuses unless there is a contract.
    fn known(&self, authors: &[Author]) -> Option<OrganisationId> {
        let institutions = authors.iter().flat_map(|author| &author.institutions);
        let known: Vec<&OrganisationId> = institutions
            .filter_map(|xon| Institution::parse(xon).ok())
            .filter_map(|institution| self.context.directory.organisation(&institution))
            .collect();
        let own = known.iter().find(|id| self.is_own(id));
        own.or(known.first()).map(|id| (*id).clone())
    }

    /// Whether an organisation is of the publisher's legal entity, as the instruments have it.
    fn is_own(&self, organisation: &OrganisationId) -> bool {
        let (ledger, now) = (self.context.ledger, self.context.now);
        let publisher = self.context.principal.organisation();
        let entity = |id| ledger.organisation(id, now).map(|known| &known.terms.entity);
        organisation == publisher || entity(organisation).is_some_and(|own| entity(publisher) == Some(own))
    }
}
