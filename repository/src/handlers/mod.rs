//! A file per transaction.

mod iti41;
pub(crate) mod iti43;
mod question;

use actix_web::web::Data;
use xds_ebxml::ns::XDS;
use xds_model::Transaction;
use xds_server::http::{Answer, Exchange, Offer, Refused};

use crate::app::App;

/// What the endpoint offers.
pub(crate) const OFFER: Offer = Offer {
    transactions: &[Transaction::Iti41, Transaction::Iti43],
    parts_in: Some((XDS, "Document")),
};

/// Gives a request to its handler.
pub(crate) async fn dispatch(exchange: Exchange<'_>, app: Data<App>) -> Result<Answer, Refused> {
    match exchange.transaction {
        Transaction::Iti43 => Box::pin(iti43::retrieve_document_set(exchange, &app)).await,
        _ => Box::pin(iti41::provide_and_register(exchange, &app)).await,
    }
}
