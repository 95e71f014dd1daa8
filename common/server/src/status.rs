//! The status listener: `/live`, `/ready` and `/metrics`, plain HTTP on the loopback interface.

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::web::{Data, get};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::json;

use crate::metrics::{Metrics, SharedMetrics};
use crate::ready::Ready;

/// Runs the status listener until it is stopped.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(listener: TcpListener, metrics: SharedMetrics, ready: Ready) -> std::io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(Data::from(SharedMetrics::clone(&metrics)))
            .app_data(Data::new(ready.clone()))
            .route("/live", get().to(live))
            .route("/ready", get().to(is_ready))
            .route("/metrics", get().to(metrics_text))
    };
    Ok(HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run())
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "live": true }))
}

async fn is_ready(ready: Data<Ready>) -> HttpResponse {
    let parts: serde_json::Map<_, _> = ready
        .parts()
        .into_iter()
        .map(|(name, part)| (name.to_owned(), json!(part.err().unwrap_or("works"))))
        .collect();
    let whole = ready.is_ready();
    let body = json!({ "ready": whole, "parts": parts, "warnings": ready.warnings() });
    if whole {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}

async fn metrics_text(metrics: Data<Metrics>) -> HttpResponse {
    match metrics.text() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
