//! Start, drain, stop.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use actix_server::ServerHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGTERM or SIGINT, or until `demanded` is over, calling `reload` at each SIGHUP.
///
/// # Errors
/// When signals cannot be heard.
pub async fn until_told_to_stop<F>(
    demanded: impl Future<Output = ()>,
    mut reload: impl FnMut() -> F,
) -> std::io::Result<()>
where
    F: Future<Output = ()>,
{
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut demanded = pin!(demanded);
    loop {
        tokio::select! {
            () = &mut demanded => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            heard = Signal::recv(&mut hang_up) => if heard.is_some() { reload().await },
        }
    }
}

/// Stops accepting, lets requests in flight end within `patience`, then stops.
pub async fn drain(handles: &[ServerHandle], patience: Duration) {
    let stops = handles.iter().map(|handle| handle.stop(true));
    let all = futures_util::future::join_all(stops);
    if tokio::time::timeout(patience, all).await.is_err() {
        tracing::warn!("requests were still in flight when the patience for them ended");
    }
}
