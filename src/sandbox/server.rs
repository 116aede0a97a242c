//! The same fakes on loopback, for pipelines that name their URLs and for other programs.
//!
//! Time is real here: a token lives as long as its vendor says. Webhooks go out to whoever
//! registered for them. Faults act on the
//! connection: a request that times out is held and then cut, a lost answer is cut at once.

use super::error::SandboxError;
use super::faults::{Fault, Faults, refusal, torn};
use super::line::{Cut, Lines};
use super::station::Station;
use super::world::Sandbox;
use crate::connector::Settings;
use crate::value::Span;
use crate::world::{Clock, Credential, HttpRequest, HttpResponse, Method, Transport};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::header::DATE;
use axum::http::{HeaderValue, Response, StatusCode};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Longer than any client waits for one exchange.
const HELD: Span = Span::from_secs(65);
const SLOW: Span = Span::from_secs(3);
const BIGGEST_BODY: usize = 16 * 1024 * 1024;

/// One fake at one address.
pub struct Served {
    pub driver: &'static str,
    pub url: String,
    /// What a `connect` block needs, `url` included.
    pub settings: Settings,
    pub credential: Credential,
    listener: TcpListener,
    desk: Arc<Desk>,
}

/// What a request handler needs.
struct Desk {
    sandbox: Arc<Sandbox>,
    at: usize,
    url: String,
}

/// Binds each driver's fake to its address; port 0 takes any free one.
pub async fn bind(sandbox: &Arc<Sandbox>, addresses: &[(&str, SocketAddr)]) -> Result<Vec<Served>, SandboxError> {
    let mut served = Vec::new();
    for (driver, address) in addresses {
        if !address.ip().is_loopback() {
            return Err(SandboxError::misasked(
                format!("{address} is not an address of this machine alone"),
                "the sandbox hands out its credentials; give it a loopback address such as 127.0.0.1:0",
            ));
        }
        let (stations, _, _) = sandbox.parts();
        let Some(at) = stations.iter().position(|station| station.name == *driver) else { continue };
        let listener = TcpListener::bind(address).await.map_err(|error| {
            SandboxError::new(format!("cannot listen on {address}: {error}"), "choose another address, or port 0")
        })?;
        let bound = listener.local_addr().unwrap_or(*address);
        let url = format!("http://{bound}");
        served.push(Served {
            driver: stations[at].name,
            settings: stations[at].settings(&url),
            credential: stations[at].credential(),
            desk: Arc::new(Desk { sandbox: Arc::clone(sandbox), at, url: url.clone() }),
            url,
            listener,
        });
    }
    Ok(served)
}

/// Answers until `stop` is done, and sends by `transport` what the fakes have to tell.
pub async fn serve(
    served: Vec<Served>,
    transport: Arc<dyn Transport>,
    stop: impl Future<Output = ()>,
) -> Result<(), SandboxError> {
    let courier = served.first().map(|one| one.desk.sandbox.courier());
    let carry = async {
        match courier {
            Some(courier) => courier.run(transport).await,
            None => std::future::pending().await,
        }
    };
    let servers = served.into_iter().map(|one| {
        let router = Router::new().fallback(handle).with_state(one.desk);
        let service = router.into_make_service_with_connect_info::<Cut>();
        async move { axum::serve(Lines(one.listener), service).await }
    });
    tokio::select! {
        ended = futures_util::future::try_join_all(servers) => ended.map(|_| ()).map_err(|error| {
            SandboxError::new(format!("the sandbox's server stopped: {error}"), "start it again")
        }),
        ended = carry => ended,
        () = stop => Ok(()),
    }
}

async fn handle(State(desk): State<Arc<Desk>>, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response<Body> {
    let mut response = answer(&desk, &cut, request).await;
    // By the clock by which its windows and tokens are counted.
    if let Some(date) = desk.parts().2.now().http_date().and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

async fn answer(desk: &Desk, cut: &Cut, request: Request) -> Response<Body> {
    let (station, faults, clock) = desk.parts();
    let Some(request) = desk.request(request).await else {
        return Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).body(Body::empty()).unwrap_or_default();
    };
    let answer = || match station.answer(&request, clock.now()) {
        Ok(response) => response,
        Err(error) => HttpResponse { status: 500, headers: Vec::new(), body: error.message.into_bytes() },
    };
    match faults.decide(&request) {
        Some(Fault::Status(status)) => response_of(refusal(status)),
        Some(Fault::Timeout) => {
            clock.sleep(HELD).await;
            cut.now();
            Response::default()
        }
        Some(Fault::Lost) => {
            answer();
            cut.now();
            Response::default()
        }
        Some(Fault::Torn) => response_of(torn(answer())),
        Some(Fault::Slow) => {
            clock.sleep(SLOW).await;
            response_of(answer())
        }
        None => response_of(answer()),
    }
}

impl Desk {
    fn parts(&self) -> (&Station, &Faults, &dyn Clock) {
        let (stations, faults, clock) = self.sandbox.parts();
        (&stations[self.at], faults, clock.as_ref())
    }

    async fn request(&self, request: Request) -> Option<HttpRequest> {
        let (parts, body) = request.into_parts();
        let method = [Method::Get, Method::Post, Method::Patch, Method::Delete]
            .into_iter()
            .find(|method| method.as_str() == parts.method.as_str())?;
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body: Bytes = to_bytes(body, BIGGEST_BODY).await.ok()?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.url);
        Some(HttpRequest { method, url, headers, body: body.to_vec(), timeout: HELD })
    }
}

fn response_of(answer: HttpResponse) -> Response<Body> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        // The server counts the bytes itself.
        if !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("transfer-encoding") {
            builder = builder.header(name, value);
        }
    }
    builder.body(Body::from(answer.body)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{bind, serve};
    use crate::connectors::drivers;
    use crate::sandbox::{Faults, Sandbox, SandboxOptions};
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// Every answer of one request, as bytes, at a sandbox with these faults.
    async fn asked(faults: &str) -> Vec<u8> {
        let faults = Faults::parse(faults).expect("faults");
        let options = SandboxOptions { faults, speed: Some(1), ..SandboxOptions::default() };
        let sandbox = Arc::new(Sandbox::open(None, drivers(), options).expect("sandbox"));
        let served = bind(&sandbox, &[(drivers()[0].name, ([127, 0, 0, 1], 0).into())]).await.expect("bound");
        let address = served[0].url.trim_start_matches("http://").to_owned();
        let server = tokio::spawn(serve(served, sandbox.world().transport, std::future::pending()));
        let mut stream = TcpStream::connect(&address).await.expect("connected");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("sent");
        let mut answer = Vec::new();
        // A connection that is cut may show as an end or as an error.
        let _ = stream.read_to_end(&mut answer).await;
        server.abort();
        answer
    }

    #[tokio::test]
    async fn a_lost_answer_is_no_answer_at_all() {
        assert!(asked("").await.starts_with(b"HTTP/1.1 "));
        assert!(asked("503=100%").await.starts_with(b"HTTP/1.1 503"));
        assert_eq!(asked("lost=100%").await, b"");
    }

    #[tokio::test]
    async fn other_machines_are_kept_out() {
        let sandbox = Arc::new(Sandbox::open(None, drivers(), SandboxOptions::default()).expect("sandbox"));
        let error = bind(&sandbox, &[(drivers()[0].name, ([0, 0, 0, 0], 0).into())]).await.err().expect("refused");
        assert!(error.misasked && error.message.contains("this machine alone"), "{error}");
    }
}
