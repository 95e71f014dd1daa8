//! The registry as the repository sees it: ITI-42 and three questions, over mutual TLS.

use std::time::Instant;

use xds_client::{Call, CallError, Client, ClientSettings, Repeat};
use xds_ebxml::rs::{RegistryResponse, ResponseStatus, read_registry_response};
use xds_model::Transaction;
use xds_model::exchange::{
    DecisionAnswer, DecisionQuestion, DocumentDecision, ForwardedAssertion, NodesAnswer, NodesQuestion,
    Operation, RegisteredAnswer, RegisteredQuestion,
};
use xds_model::principal::{EnrolledNode, NodeName};
use xds_model::time::SharedIds;
use xds_server::authenticate::SUBMITTING_NODE;
use xds_tls::ClientTls;

use crate::config::RegistrySection;
use crate::metrics::{RegistryCall, RepositoryMetrics};

/// Calls the registry. A clone shares its connections.
#[derive(Clone, Debug)]
pub struct RegistryClient {
    submissions: Client,
    questions: Client,
    addresses: Addresses,
    metrics: RepositoryMetrics,
}

#[derive(Clone, Debug)]
struct Addresses {
    register: String,
    nodes: String,
    decision: String,
    registered: String,
}

/// How ITI-42 ended.
#[derive(Debug)]
pub enum Registration {
    /// The registry answered: Success or Failure, with its errors and warnings.
    Answered(RegistryResponse),
    /// Nothing was sent, or it was turned away before it was looked at: certainly nothing is registered.
    TurnedAway(CallError),
    /// It may have been registered. `at_work`: no answer came, the registry may still be at it.
    Unknown {
        /// What came instead of an answer.
        error: CallError,
        /// Whether the registry may still work on it.
        at_work: bool,
    },
}

impl RegistryClient {
    /// With connections that present and trust what `tls` says.
    ///
    /// # Errors
    /// When the HTTP client does not take the TLS configuration.
    pub fn new(
        section: &RegistrySection,
        tls: &ClientTls,
        ids: SharedIds,
        metrics: RepositoryMetrics,
    ) -> Result<Self, CallError> {
        let settings = |answer_seconds_max: u32| ClientSettings {
            connect_seconds_max: u64::from(section.connect_seconds_max),
            answer_seconds_max: u64::from(answer_seconds_max),
            exchange_seconds_max: u64::from(answer_seconds_max).saturating_mul(2),
            ..ClientSettings::default()
        };
        Ok(Self {
            submissions: Client::new(tls, ids.clone(), settings(section.answer_seconds_max))?,
            questions: Client::new(tls, ids, settings(section.question_seconds_max))?,
            addresses: Addresses {
                register: section.url.clone(),
                nodes: section.nodes_url(),
                decision: section.decision_url(),
                registered: section.registered_url(),
            },
            metrics,
        })
    }

    /// The endpoint for ITI-42, for audit events.
    pub fn register_url(&self) -> &str {
        &self.addresses.register
    }

    /// The address that decisions are asked at, for audit events.
    pub fn decision_url(&self) -> &str {
        &self.addresses.decision
    }

    /// Sends ITI-42 for the node that submitted. `assertion`: that of its user, passed on as it came; `body`: the
    /// SubmitObjectsRequest.
    pub async fn register(&self, submitter: &NodeName, assertion: Option<&str>, body: &str) -> Registration {
        let headers = [(SUBMITTING_NODE, submitter.0.as_str())];
        let call = Call {
            headers: &headers,
            security_xml: assertion,
            ..Call::new(&self.addresses.register, Transaction::Iti42)
        };
        let began = Instant::now();
        let answer = self
            .submissions
            .call_simple_reading(&call, |out| out.push_str(body), read_registry_response)
            .await;
        let registration = Registration::of(answer.and_then(|(_, response)| Ok(response?)));
        self.metrics
            .registry_call(RegistryCall::Register, registration.name(), began.elapsed());
        registration
    }

    /// The enrolled nodes.
    ///
    /// # Errors
    /// When the registry gives no answer that can be used.
    pub async fn nodes(&self) -> Result<Vec<EnrolledNode>, CallError> {
        let asked = self.questions.post_json(
            &self.addresses.nodes,
            &NodesQuestion {},
            &[],
            Repeat::OnceIfBroken,
        );
        let answer: NodesAnswer = self.timed(RegistryCall::Nodes, asked).await?;
        Ok(answer.nodes)
    }

    /// Which of these documents may be released to this node: a decision for each, in order. `assertion`: that of its
    /// user, to be passed on.
    ///
    /// # Errors
    /// When the registry gives no answer that can be used: then nothing may be released.
    pub async fn decide(
        &self,
        asker: &NodeName,
        repository_unique_id: &str,
        documents: Vec<String>,
        assertion: Option<ForwardedAssertion>,
    ) -> Result<Vec<DocumentDecision>, CallError> {
        let question = DecisionQuestion {
            operation: Operation::Retrieve,
            repository_unique_id: repository_unique_id.to_owned(),
            documents,
            assertion,
        };
        let headers = [(SUBMITTING_NODE, asker.0.as_str())];
        let asked = self.questions.post_json(
            &self.addresses.decision,
            &question,
            &headers,
            Repeat::OnceIfBroken,
        );
        let answer: DecisionAnswer = self.timed(RegistryCall::Decision, asked).await?;
        let fits = answer.decisions.len() == question.documents.len()
            && answer
                .decisions
                .iter()
                .zip(&question.documents)
                .all(|(decision, document)| decision.unique_id == *document);
        if fits {
            Ok(answer.decisions)
        } else {
            Err(CallError::NotJson)
        }
    }

    /// Whether a submission was registered.
    ///
    /// # Errors
    /// When the registry gives no answer that can be used.
    pub async fn registered(&self, question: &RegisteredQuestion) -> Result<bool, CallError> {
        let asked = self
            .questions
            .post_json(&self.addresses.registered, question, &[], Repeat::OnceIfBroken);
        let answer: RegisteredAnswer = self.timed(RegistryCall::Registered, asked).await?;
        Ok(answer.registered)
    }

    /// The TLS material was reloaded: judge the registry again.
    pub fn drop_connections(&self) {
        for client in [&self.submissions, &self.questions] {
            if let Err(error) = client.drop_connections() {
                tracing::warn!(%error, "connections to the registry could not be renewed");
            }
        }
    }

    async fn timed<T>(
        &self,
        call: RegistryCall,
        asked: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let began = Instant::now();
        let answer = asked.await;
        let outcome = if answer.is_ok() { "answered" } else { "failed" };
        self.metrics.registry_call(call, outcome, began.elapsed());
        answer
    }
}

impl Registration {
    fn of(answer: Result<RegistryResponse, CallError>) -> Self {
        match answer {
            Ok(response) if response.status != ResponseStatus::PartialSuccess => Self::Answered(response),
            // No status of ITI-42 (ITI TF-3, Table 4.2.4.2-1): what it means must be asked.
            Ok(_) => Self::Unknown {
                error: CallError::NotSoap(xds_client::NotSoap::Envelope),
                at_work: false,
            },
            Err(error) if !error.may_have_taken_effect() => Self::TurnedAway(error),
            Err(error) => {
                let at_work = matches!(
                    error,
                    CallError::Broken | CallError::Timeout | CallError::Content(_)
                );
                Self::Unknown { error, at_work }
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Answered(response) if response.status == ResponseStatus::Success => "success",
            Self::Answered(_) => "failure",
            Self::TurnedAway(_) => "turned-away",
            Self::Unknown { .. } => "unknown",
        }
    }
}
