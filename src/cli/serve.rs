//! `mlc serve`: many customers' pipelines in one process, until somebody stops it.

use super::arguments::{Format, Serve};
use super::console;
use super::exit::{Exit, Failure, Outcome};
use super::opener::FileOpener;
use super::pipelines;
use super::screen::{complain, note, say};
use crate::host::{self, Capped, DiskNotebook, SmtpPost, signal};
use crate::serve::door::Guarded;
use crate::serve::http::{self, TlsListener};
use crate::serve::operations::{self, Means};
use crate::serve::{Bounds, House, Outside, clockwork, reload, webhook};
use crate::value::{Span, render_duration};
use rustls::ServerConfig;
use serde_json::json;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// So long may answers take that are under way when all else is at rest.
const LAST_ANSWERS: Span = Span::from_secs(2);

pub async fn run(arguments: &Serve) -> Outcome {
    let tls = protection(arguments)?;
    let house = house(arguments)?;
    let listener = TcpListener::bind(arguments.listen).await.map_err(|error| {
        Failure::world(
            format!("cannot listen on {}: {error}", arguments.listen),
            "choose another address with --listen, or stop what listens there",
        )
    })?;
    ready(arguments, &house, &listener, tls.is_some())?;
    let mut works = works(&house);
    let mut server = {
        let (router, stop) = (http::router(&house), stopping(&house));
        tokio::spawn(async move {
            match tls {
                Some(tls) => http::serve(Capped::over(TlsListener::new(listener, tls)), router, stop).await,
                None => http::serve(Capped::over(listener), router, stop).await,
            }
        })
    };
    let ended = tokio::select! {
        ended = &mut server => Some(ended),
        () = signal::stop() => None,
    };
    house.drain();
    if let Some(ended) = ended {
        let error = match ended {
            Ok(Ok(())) => "nobody asked it to".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        return Err(Failure::world(format!("the listener stopped: {error}"), "start it again"));
    }
    let exit = drain(arguments, &house, &mut works).await;
    // What was asked before is answered; a page that stays open for news is not waited for.
    tokio::select! {
        _ = &mut server => {}
        () = house.outside.clock.sleep(LAST_ANSWERS) => server.abort(),
    }
    exit
}

/// All that goes on beside the listener, each until the house drains: whatever works in the
/// background is begun here, and waited for when the process is asked to stop.
fn works(house: &Arc<House>) -> JoinSet<()> {
    let mut works = JoinSet::new();
    works.spawn(clockwork::run(Arc::clone(house)));
    works.spawn(reload::watch(Arc::clone(house)));
    works.spawn(webhook::dispatch(Arc::clone(house)));
    works.spawn(looking_again(Arc::clone(house)));
    works.spawn(drained_of(Arc::clone(house), operations::watch(Arc::clone(house))));
    works
}

/// Work that ends by itself only when the house drains.
async fn drained_of(house: Arc<House>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = house.draining() => {}
    }
}

async fn looking_again(house: Arc<House>) {
    loop {
        tokio::select! {
            () = house.draining() => return,
            () = signal::look_again() => house.look_again(),
        }
    }
}

fn stopping(house: &Arc<House>) -> impl Future<Output = ()> + Send + 'static {
    let house = Arc::clone(house);
    async move { house.draining().await }
}

/// Waits until what goes on has come to its end, within the bound.
async fn drain(arguments: &Serve, house: &Arc<House>, works: &mut JoinSet<()>) -> Outcome {
    let bound = render_duration(arguments.drain);
    note(&format!("stopping: what is in flight is being settled, for {bound} at most\n"));
    let all = async {
        while works.join_next().await.is_some() {}
        house.at_rest().await;
    };
    tokio::select! {
        biased;
        () = all => Ok(Exit::Well),
        () = house.outside.clock.sleep(arguments.drain) => {
            let busy = house.status().busy.join(", ");
            Err(Failure::world(
                format!("not at rest after {bound}, and left as it is: {busy}"),
                "nothing is lost: what is open is settled by the next run; --drain gives it longer",
            ))
        }
        () = signal::stop() => {
            Err(Failure::world("broken off", "nothing is lost: what is open is settled by the next run"))
        }
    }
}

/// Every customer whose file checks clean.
fn house(arguments: &Serve) -> Result<Arc<House>, Failure> {
    let world = host::world();
    let post = SmtpPost::from_environment().map_err(|error| {
        Failure::wrong(error, "mend the two variables, or take them away: without them no mail is sent")
    })?;
    let means =
        Means { secrets: world.secrets, post: post.map(|post| Arc::new(post) as _), notebook: Arc::new(DiskNotebook) };
    let outside = Outside { clock: world.clock, entropy: world.entropy, transport: world.transport };
    let files = pipelines::served(&arguments.files)?;
    let opener = FileOpener::new(arguments.state.clone(), arguments.sandbox, arguments.vars.vars.clone())
        .serving(&arguments.files, arguments.yes);
    let register = console::register(&arguments.files[0], arguments.state.as_deref());
    let secure = arguments.behind_proxy || arguments.tls_cert.is_some();
    let door = Guarded::new(Arc::new(register), console::random(), secure);
    let bounds = Bounds { run: arguments.longest_run, ..Bounds::default() };
    let house = Arc::new(House::bounded(outside, Arc::new(opener), Arc::new(door), bounds));
    house.operations.equip(means);
    // Whether it may open when it is tried again, with nobody mending a file.
    let mut world = false;
    for file in &files {
        // One customer's file that does not check keeps no other away.
        if let Err(refusal) = house.admit(file) {
            world |= refusal.world;
            complain(&Failure::wrong(refusal.message, refusal.mend));
        }
    }
    if house.customers().is_empty() {
        let message = if files.is_empty() { "no pipeline file is there" } else { "no pipeline could be opened" };
        let mend = "pipeline files end in `.mlc`; mend what is told above, and start again";
        return Err(if world { Failure::world(message, mend) } else { Failure::wrong(message, mend) });
    }
    Ok(house)
}

/// Whoever listens for other machines speaks TLS, or has somebody before it who does.
fn protection(arguments: &Serve) -> Result<Option<ServerConfig>, Failure> {
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        let config = http::tls_config(certificate, key);
        return config.map(Some).map_err(|sentence| {
            Failure::wrong(sentence, "both are PEM: the certificate with those that it stands on, and its key")
        });
    }
    if arguments.behind_proxy || arguments.listen.ip().is_loopback() {
        return Ok(None);
    }
    Err(Failure::wrong(
        format!("{} can be reached by other machines, and what they send would be read by anybody", arguments.listen),
        "listen on 127.0.0.1, or give --tls-cert and --tls-key, or put a proxy with TLS before it and say --behind-proxy",
    ))
}

/// The one thing on standard output.
fn ready(arguments: &Serve, house: &House, listener: &TcpListener, tls: bool) -> Result<(), Failure> {
    let bound = listener.local_addr().unwrap_or(arguments.listen);
    let url = format!("{}://{bound}", if tls { "https" } else { "http" });
    let names: Vec<String> = house.customers().iter().map(|customer| customer.name.clone()).collect();
    if arguments.printing.format == Format::Json {
        let closed = house
            .closed()
            .into_iter()
            .map(|(file, refusal)| json!({ "file": file, "message": refusal.message, "mend": refusal.mend }));
        let closed: Vec<_> = closed.collect();
        return say(&(json!({ "ready": true, "url": url, "pipelines": names, "closed": closed }).to_string() + "\n"));
    }
    say(&format!("ready {url} {}\n", names.join(" ")))
}
