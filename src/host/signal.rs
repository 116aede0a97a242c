//! Being asked to stop.

/// Returns when the user or the system asks the process to end: Ctrl-C, or a
/// termination signal where there are such.
pub async fn stop() {
    tokio::select! {
        () = interrupt() => {}
        () = terminate() => {}
    }
}

/// Returns when the process is asked to look at its files again.
#[cfg(unix)]
pub async fn look_again() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::hangup()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Returns when the process is asked to look at its files again: never, where there are no such signals.
#[cfg(not(unix))]
pub async fn look_again() {
    std::future::pending::<()>().await;
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // It cannot be listened for; the process then ends in the system's own way.
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending::<()>().await;
}
