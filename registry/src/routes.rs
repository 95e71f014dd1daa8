//! Which address leads to which handler.

use actix_web::web::{Data, Payload, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use xds_model::Transaction;
use xds_server::gate::Gate;
use xds_server::http::{Exchange, Offer, Refused, ask, serve};

use crate::app::App;
use crate::handlers::{iti18, iti42, questions};

const OFFER: Offer = Offer {
    transactions: &[Transaction::Iti18, Transaction::Iti42],
    parts_in: None,
};

/// The endpoint for IHE transactions, and below it those for our own repositories. It is set up once in each of so
/// many workers.
pub(crate) fn routes(
    gate: Gate,
    app: App,
    workers: usize,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config: &mut ServiceConfig| {
        config
            .app_data(Data::new(gate.clone()))
            .app_data(Data::new(app.for_worker(workers)))
            .service(resource("/xds/registry").to(registry))
            .route("/xds/registry/nodes", post().to(nodes))
            .route("/xds/registry/decision", post().to(decision))
            .route("/xds/registry/registered", post().to(registered));
    }
}

async fn registry(gate: Data<Gate>, app: Data<App>, request: HttpRequest, payload: Payload) -> HttpResponse {
    serve(
        gate,
        OFFER,
        request,
        payload,
        async move |exchange: Exchange<'_>| match exchange.transaction {
            Transaction::Iti18 => iti18::stored_query(exchange, app).await,
            Transaction::Iti42 => iti42::register_document_set(exchange, app).await,
            // `OFFER` has no other.
            _ => Err(Refused::Busy),
        },
    )
    .await
}

async fn nodes(gate: Data<Gate>, app: Data<App>, request: HttpRequest, payload: Payload) -> HttpResponse {
    ask(gate, request, payload, async move |question: _| {
        questions::nodes(question, app).await
    })
    .await
}

async fn decision(gate: Data<Gate>, app: Data<App>, request: HttpRequest, payload: Payload) -> HttpResponse {
    ask(gate, request, payload, async move |question: _| {
        questions::decision(question, app).await
    })
    .await
}

async fn registered(
    gate: Data<Gate>,
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    ask(gate, request, payload, async move |question: _| {
        questions::registered(question, app).await
    })
    .await
}
