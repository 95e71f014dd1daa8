//! A small server: an endpoint that echoes, waits, panics or streams as its request says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::web::{Data, Payload, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use xds_audit::{Closing, Objects, Outcome};
use xds_model::Transaction;
use xds_model::exchange::DecisionQuestion;
use xds_server::gate::Gate;
use xds_server::http::{
    Answer, Answered, Asked, Exchange, Offer, PartEvent, Piece, Question, Refused, StreamedReply, ask, serve,
};
use xds_server::metrics::RequestOutcome;
use xds_soap::{Fault, xop_include};

use crate::watch::PLANNED;

const REGISTRY: Offer = Offer {
    transactions: &[Transaction::Iti18, Transaction::Iti42],
    parts_in: None,
};
const REPOSITORY: Offer = Offer {
    transactions: &[Transaction::Iti41, Transaction::Iti43],
    parts_in: Some(("urn:ihe:iti:xds-b:2007", "Document")),
};

/// What the handlers did, and what they wait for.
pub(crate) struct Probe {
    /// Handlers that began.
    pub(crate) reached: AtomicU64,
    /// Handlers that came to their end.
    pub(crate) finished: AtomicU64,
    /// A handler that waits takes one.
    pub(crate) go: Semaphore,
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            reached: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            go: Semaphore::new(0),
        }
    }
}

pub(crate) fn routes(gate: Gate, probe: Arc<Probe>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(Data::new(gate.clone()))
            .app_data(Data::from(Arc::clone(&probe)))
            .service(resource("/registry").to(registry))
            .service(resource("/repository").to(repository))
            .route("/question", post().to(question))
            .route("/decision", post().to(decision));
    }
}

async fn registry(
    gate: Data<Gate>,
    probe: Data<Probe>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    serve(gate, REGISTRY, request, payload, async move |exchange| {
        let mode = exchange.body.attribute("mode").unwrap_or("echo").to_owned();
        probe.reached.fetch_add(1, Ordering::SeqCst);
        if mode == "panic-early" {
            panic!("{PLANNED}");
        }
        let record = exchange.open(Objects::default()).await?;
        match mode.as_str() {
            "wait" => probe.go.acquire().await.unwrap().forget(),
            "panic" => panic!("{PLANNED}"),
            "fault" => return Err(Refused::from(Fault::sender("as asked for")).closing(record).await),
            "drop" => return Err(Fault::sender("as asked for").into()),
            _ => {}
        }
        let size = mode
            .strip_prefix("large-")
            .and_then(|size| size.parse().ok())
            .unwrap_or(1);
        let body = format!("<echo xmlns=\"urn:echo\">{}</echo>", "x".repeat(size));
        let answer = Answer::whole(record, Closing::success(), RequestOutcome::Success, body).await?;
        probe.finished.fetch_add(1, Ordering::SeqCst);
        Ok(answer)
    })
    .await
}

async fn repository(
    gate: Data<Gate>,
    probe: Data<Probe>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    serve(gate, REPOSITORY, request, payload, async move |exchange| {
        probe.reached.fetch_add(1, Ordering::SeqCst);
        match exchange.transaction {
            Transaction::Iti43 => stream(exchange, probe).await,
            _ => store(exchange, probe).await,
        }
    })
    .await
}

/// Reads every part and says how many and how much.
async fn store(mut exchange: Exchange<'_>, probe: Data<Probe>) -> Result<Answer, Refused> {
    let record = exchange.open(Objects::default()).await?;
    let read = match references(&exchange) {
        Ok(references) => read(&mut exchange, references).await,
        Err(fault) => Err(fault.into()),
    };
    let (parts, bytes, missing) = match read {
        Ok(read) => read,
        Err(refused) => return Err(refused.closing(record).await),
    };
    let (closing, outcome) = match missing {
        0 => (Closing::success(), RequestOutcome::Success),
        _ => (
            Closing::failure(Outcome::SeriousFailure, ["XDSMissingDocument"]),
            RequestOutcome::Failure,
        ),
    };
    let body =
        format!("<stored xmlns=\"urn:echo\" parts=\"{parts}\" bytes=\"{bytes}\" missing=\"{missing}\"/>");
    let answer = Answer::whole(record, closing, outcome, body).await?;
    probe.finished.fetch_add(1, Ordering::SeqCst);
    Ok(answer)
}

fn references(exchange: &Exchange<'_>) -> Result<xds_soap::Includes<usize>, Fault> {
    let root = exchange
        .parts
        .as_ref()
        .and_then(|parts| parts.root_content_id().cloned());
    let mut includes = xds_soap::Includes::new(root);
    for (index, document) in exchange.body.children().enumerate() {
        if let Some(cid) = xop_include(document)? {
            includes.add(cid, index)?;
        }
    }
    Ok(includes)
}

async fn read(
    exchange: &mut Exchange<'_>,
    mut references: xds_soap::Includes<usize>,
) -> Result<(usize, usize, usize), Refused> {
    let (mut parts, mut bytes, mut wanted) = (0, 0, false);
    if let Some(incoming) = &mut exchange.parts {
        while let Some(event) = incoming.next().await? {
            match event {
                PartEvent::Start(headers) => {
                    wanted = references.claim(headers.content_id.as_ref())?.is_some();
                    parts += usize::from(wanted);
                }
                PartEvent::Data(data) if wanted => bytes += data.len(),
                PartEvent::Data(_) | PartEvent::End => {}
            }
        }
    }
    Ok((parts, bytes, references.unclaimed().count()))
}

/// Streams pieces of 64 KiB; `mode` says how many and how it ends: `8-end`, `8-cut`, `8-gone`.
async fn stream(exchange: Exchange<'_>, probe: Data<Probe>) -> Result<Answer, Refused> {
    let mode = exchange.body.attribute("mode").unwrap_or("1-end").to_owned();
    let (count, end) = mode.split_once('-').unwrap();
    let (count, end): (u64, String) = (count.parse().unwrap(), end.to_owned());
    let record = exchange.open(Objects::default()).await?;
    let (sender, pieces) = mpsc::channel(2);
    let taken = Arc::default();
    let reply = StreamedReply {
        content_type: xds_soap::SIMPLE_CONTENT_TYPE.to_owned(),
        pieces,
        taken: Arc::clone(&taken),
    };
    let answer = Answer::streamed(&record, RequestOutcome::Success, reply).await?;
    tokio::spawn(async move {
        let mut gone = false;
        for _ in 0..count {
            gone = gone
                || sender
                    .send(Piece::Data(Bytes::from(vec![b'y'; 64 * 1024])))
                    .await
                    .is_err();
        }
        match end.as_str() {
            "end" => gone = gone || sender.send(Piece::End).await.is_err(),
            "cut" => gone = gone || sender.send(Piece::Cut).await.is_err(),
            _ => {}
        }
        let closing = match gone {
            true => Closing::failure(Outcome::MinorFailure, ["client gone"]),
            false => Closing::success(),
        };
        record.close(closing).await.unwrap();
        probe.finished.fetch_add(1, Ordering::SeqCst);
    });
    Ok(answer)
}

async fn question(
    gate: Data<Gate>,
    probe: Data<Probe>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    ask(
        gate,
        request,
        payload,
        async move |question: Question<'_, Words>| {
            probe.reached.fetch_add(1, Ordering::SeqCst);
            let record = question.open(Objects::default()).await?;
            if question.question.0 == "panic" {
                panic!("{PLANNED}");
            }
            Answered::new(record, Closing::success(), question.question.0.clone()).await
        },
    )
    .await
}

/// A question that a test asks for a server itself.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Words(String);

impl Asked for Words {}

/// Answers with the purposes of the users in whose name it was asked.
async fn decision(
    gate: Data<Gate>,
    probe: Data<Probe>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    ask(
        gate,
        request,
        payload,
        async move |question: Question<'_, DecisionQuestion>| {
            probe.reached.fetch_add(1, Ordering::SeqCst);
            let record = question.open(Objects::default()).await?;
            let users = question.caller.principal.users();
            let purposes: Vec<String> = users.iter().map(|user| user.purpose.clone()).collect();
            Answered::new(record, Closing::success(), purposes).await
        },
    )
    .await
}
