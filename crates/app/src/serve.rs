//! `tradepost serve`: HTTP, the worker and the control socket, until a signal says stop.

use crate::control;
use crate::house::{House, Trouble};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Serves until SIGTERM or SIGINT, then finishes what is under way and closes the database.
///
/// # Errors
/// [`Trouble`]: the address is taken, the socket cannot be made.
pub async fn serve(house: House) -> Result<(), Trouble> {
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
    told_to_stop().await?;
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

async fn told_to_stop() -> Result<(), Trouble> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> String {
    String::from("{}")
}
