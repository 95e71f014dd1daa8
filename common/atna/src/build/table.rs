//! The table of records per transaction and actor (the audit sections of ITI TF-2 3.8 to 3.92).

use xds_audit::Action;
use xds_model::Transaction;

use crate::code::{self, CodedValue};

/// On which side of a transaction the writer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    /// It sent the request.
    Client,
    /// It received the request.
    Server,
}

/// A line of the table.
pub(super) struct Row {
    /// EventID.
    pub(super) id: CodedValue,
    /// EventActionCode, unless the event itself tells it.
    pub(super) action: Action,
    /// Which end is the source.
    pub(super) flow: Flow,
    /// The objects.
    pub(super) subject: Subject,
}

/// Which way the data goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flow {
    /// The client is the source.
    Request,
    /// The server is the source: documents are fetched from it.
    Retrieval,
    /// The client is the source, and the roles have the texts of ITI-8.
    Feed,
}

/// The objects beside the patient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Subject {
    /// The query.
    Query,
    /// The query; of the patients only those that it names.
    PatientsOfQuery,
    /// The SubmissionSet.
    Submission,
    /// The SubmissionSet with its community.
    SubmissionOfCommunity,
    /// The documents.
    Documents,
    /// The documents, which are gone.
    RemovedDocuments,
    /// The registry objects, which are gone.
    RemovedObjects,
    /// The patient alone, with the message's control id in a detail of this type.
    Patient(&'static str),
    /// Whatever a repository asks about.
    Question,
}

/// The line of a transaction.
pub(super) fn row(transaction: Transaction, side: Side) -> Row {
    let exported = |action| (code::EXPORT, action);
    let imported = |action| (code::IMPORT, action);
    let (sent, received, flow, subject) = match transaction {
        Transaction::Iti18 | Transaction::Iti51 | Transaction::Decision => {
            let query = (code::QUERY, Action::Execute);
            let subject = match transaction {
                Transaction::Iti51 => Subject::PatientsOfQuery,
                Transaction::Decision => Subject::Question,
                _ => Subject::Query,
            };
            (query.clone(), query, Flow::Request, subject)
        }
        Transaction::Iti41 | Transaction::Iti42 | Transaction::Iti61 => (
            exported(Action::Read),
            imported(Action::Create),
            Flow::Request,
            Subject::Submission,
        ),
        Transaction::Iti57 => (
            exported(Action::Update),
            imported(Action::Update),
            Flow::Request,
            Subject::Submission,
        ),
        Transaction::Iti92 => (
            exported(Action::Update),
            imported(Action::Update),
            Flow::Request,
            Subject::SubmissionOfCommunity,
        ),
        Transaction::Iti43 => (
            imported(Action::Create),
            exported(Action::Read),
            Flow::Retrieval,
            Subject::Documents,
        ),
        Transaction::Iti62 | Transaction::Iti86 => {
            let removal = (code::PATIENT_RECORD, Action::Delete);
            let subject = if transaction == Transaction::Iti62 {
                Subject::RemovedObjects
            } else {
                Subject::RemovedDocuments
            };
            (removal.clone(), removal, Flow::Request, subject)
        }
        Transaction::Iti8 => {
            let record = (code::PATIENT_RECORD, Action::Create);
            (
                record.clone(),
                record,
                Flow::Feed,
                Subject::Patient(super::detail::MSH_10),
            )
        }
        Transaction::Iti44 => {
            let record = (code::PATIENT_RECORD, Action::Create);
            (
                record.clone(),
                record,
                Flow::Request,
                Subject::Patient(super::detail::II),
            )
        }
    };
    let (id, action) = match side {
        Side::Client => sent,
        Side::Server => received,
    };
    Row {
        id,
        action,
        flow,
        subject,
    }
}
