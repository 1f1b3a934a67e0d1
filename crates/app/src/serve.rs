//! `tradepost serve`: HTTP, the worker and the control socket, until a signal says stop.

use crate::control;
use crate::house::{House, Trouble};
use crate::routes;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Serves until SIGTERM or SIGINT, then finishes what is under way and closes the database. `announce` hears the address
/// once it listens, and where the first merchant is made while there is none.
///
/// # Errors
/// [`Trouble`]: the address is taken, the socket cannot be made.
pub async fn serve(house: House, announce: impl FnOnce(SocketAddr, Option<&str>)) -> Result<(), Trouble> {
    let address = house.settings.listen.clone();
    let listener = TcpListener::bind(&address).await.map_err(|error| Trouble(format!("{address}: {error}")))?;
    let (stop, stopping) = watch::channel(false);
    let control = if house.settings.is_sqlite() {
        let listener = control::listen(&house.settings.control_socket())?;
        Some(tokio::spawn(control::serve(house.clone(), listener)))
    } else {
        None
    };
    let worker = house.worker.clone();
    let working = tokio::spawn({
        let stopping = stopping.clone();
        async move { worker.run(stopping).await }
    });
    let address = listener.local_addr()?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), migrated = house.migrated.join(","), "serving");
    let set_up = house.set_up_link().await?;
    if let Some(link) = &set_up {
        // Whoever starts the server reads its log; the link is dead once there is a merchant.
        tracing::info!(link, "there is no merchant yet: open this link to set the server up");
    }
    announce(address, set_up.as_deref());
    let signals = Signals::new()?;
    tradepost_web::server::serve(house.floor.clone(), listener, signals.told_to_stop()).await;
    tracing::info!("stopping");
    let _nobody_listens = stop.send(true);
    working.await.map_err(|error| Trouble(error.to_string()))?;
    if let Some(control) = control {
        control.abort();
        let _gone_already = std::fs::remove_file(house.settings.control_socket());
    }
    house.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM and SIGINT.
pub(crate) struct Signals(Signal, Signal);

impl Signals {
    pub(crate) fn new() -> Result<Self, Trouble> {
        Ok(Self(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
    }

    pub(crate) async fn told_to_stop(mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// The OpenAPI document.
#[must_use]
pub fn openapi(public_url: &str) -> String {
    let document = tradepost_web::openapi::document(&routes::all(), public_url);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}
