//! wsa:Action, transactions and message bodies: which belong together (ITI TF-2 Appendix V.2.4).

use xds_model::Transaction;
use xds_xml::Element;

use crate::fault::{AddressingProblem, Fault};
use crate::ns;

/// Which of the transactions `offered` at this endpoint a request is, by its action and the element in its
/// body. Both must say the same.
///
/// # Errors
/// wsa:ActionNotSupported for an action that is not known or not offered here; a plain Sender fault for a
/// body that no transaction has; wsa:ActionMismatch if the two do not belong together.
pub fn resolve(action: &str, body: Element<'_>, offered: &[Transaction]) -> Result<Transaction, Fault> {
    let request = find(action)
        .filter(|request| offered.contains(&request.transaction))
        .ok_or_else(|| Fault::action_not_supported(action))?;
    if body.is(request.body.0, request.body.1) {
        return Ok(request.transaction);
    }
    match REQUESTS.iter().any(|known| body.is(known.body.0, known.body.1)) {
        false => Err(Fault::sender("the body holds no message that is known here")),
        true => Err(Fault::invalid_addressing_header(
            "Action",
            AddressingProblem::ActionMismatch,
        )),
    }
}

/// The transaction that a request's wsa:Action names.
pub fn transaction(action: &str) -> Option<Transaction> {
    find(action).map(|request| request.transaction)
}

/// wsa:Action of the response, HL7 V3 included. `None` for what does not travel in SOAP.
pub fn response_action(transaction: Transaction) -> Option<&'static str> {
    match transaction {
        Transaction::Iti44 => Some("urn:hl7-org:v3:MCCI_IN000002UV01"),
        _ => transaction.response_action(),
    }
}

/// Every wsa:Action with which a client should accept the response: ITI-61 is answered with two spellings
/// in the field.
pub fn accepted_response_actions(transaction: Transaction) -> Vec<&'static str> {
    let other = (transaction == Transaction::Iti61)
        .then_some("urn:ihe:iti:2010:RegisterOnDemandDocumentEntryResponse");
    response_action(transaction).into_iter().chain(other).collect()
}

/// A request: its action, its transaction, and the expanded name of its body element.
struct Request {
    action: &'static str,
    transaction: Transaction,
    body: (&'static str, &'static str),
}

fn find(action: &str) -> Option<&'static Request> {
    REQUESTS.iter().find(|request| request.action == action)
}

const fn request(
    action: &'static str,
    transaction: Transaction,
    namespace: &'static str,
    local: &'static str,
) -> Request {
    Request {
        action,
        transaction,
        body: (namespace, local),
    }
}

const REQUESTS: [Request; 13] = {
    use Transaction::*;
    [
        request(
            "urn:ihe:iti:2007:RegistryStoredQuery",
            Iti18,
            ns::QUERY,
            "AdhocQueryRequest",
        ),
        request(
            "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
            Iti41,
            ns::XDS,
            "ProvideAndRegisterDocumentSetRequest",
        ),
        request(
            "urn:ihe:iti:2007:RegisterDocumentSet-b",
            Iti42,
            ns::LCM,
            "SubmitObjectsRequest",
        ),
        request(
            "urn:ihe:iti:2007:RetrieveDocumentSet",
            Iti43,
            ns::XDS,
            "RetrieveDocumentSetRequest",
        ),
        request(
            "urn:hl7-org:v3:PRPA_IN201301UV02",
            Iti44,
            ns::HL7,
            "PRPA_IN201301UV02",
        ),
        request(
            "urn:hl7-org:v3:PRPA_IN201302UV02",
            Iti44,
            ns::HL7,
            "PRPA_IN201302UV02",
        ),
        request(
            "urn:hl7-org:v3:PRPA_IN201304UV02",
            Iti44,
            ns::HL7,
            "PRPA_IN201304UV02",
        ),
        request(
            "urn:ihe:iti:2009:MultiPatientStoredQuery",
            Iti51,
            ns::QUERY,
            "AdhocQueryRequest",
        ),
        request(
            "urn:ihe:iti:2010:UpdateDocumentSet",
            Iti57,
            ns::LCM,
            "SubmitObjectsRequest",
        ),
        request(
            "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry",
            Iti61,
            ns::LCM,
            "SubmitObjectsRequest",
        ),
        request(
            "urn:ihe:iti:2010:DeleteDocumentSet",
            Iti62,
            ns::LCM,
            "RemoveObjectsRequest",
        ),
        request(
            "urn:ihe:iti:2017:RemoveDocuments",
            Iti86,
            ns::RMD,
            "RemoveDocumentsRequest",
        ),
        request(
            "urn:ihe:iti:2018:RestrictedUpdateDocumentSet",
            Iti92,
            ns::LCM,
            "SubmitObjectsRequest",
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_model_says() {
        for known in Transaction::ALL {
            if let Some(action) = known.request_action() {
                assert_eq!(transaction(action), Some(known));
            }
        }
        for request in &REQUESTS {
            let expected = request.transaction.request_action();
            assert!(request.transaction == Transaction::Iti44 || expected == Some(request.action));
            assert!(response_action(request.transaction).is_some());
        }
    }

    #[test]
    fn both_spellings_of_the_iti61_response_are_accepted() {
        assert_eq!(
            accepted_response_actions(Transaction::Iti61),
            [
                "urn:ihe:iti:2010:RegisterOnDemandDocumentResponse",
                "urn:ihe:iti:2010:RegisterOnDemandDocumentEntryResponse"
            ]
        );
        assert_eq!(accepted_response_actions(Transaction::Iti42).len(), 1);
        assert!(accepted_response_actions(Transaction::Iti8).is_empty());
    }
}
