//! The transport against servers on loopback that answer, refuse, stay silent and break off.

use super::{HttpTransport, client, shipped_roots};
use crate::value::Span;
use crate::world::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

fn request(method: Method, url: String) -> HttpRequest {
    let headers = vec![("X-Company".to_owned(), "42".to_owned())];
    HttpRequest { method, url, headers, body: b"{\"a\":1}".to_vec(), timeout: Span::from_secs(20) }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let address = listener.local_addr().expect("address");
    (listener, format!("http://{address}/a/path?token=hush"))
}

/// Head and body of a request, as far as they came.
async fn read(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"}") {
        let mut part = [0; 1024];
        match stream.read(&mut part).await.expect("read") {
            0 => break,
            count => text.extend_from_slice(&part[..count]),
        }
    }
    String::from_utf8(text).expect("text")
}

/// Serves one connection with these bytes, then closes it; gives back what was asked.
async fn exchange(answer: Vec<u8>) -> (Result<HttpResponse, TransportError>, String) {
    let (listener, url) = listener().await;
    let (asked, question) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("connection");
        let text = read(&mut stream).await;
        stream.write_all(&answer).await.expect("write");
        let _ = asked.send(text);
    });
    let result = HttpTransport::new().send(request(Method::Post, url)).await;
    (result, question.await.expect("question"))
}

fn refused(result: Result<HttpResponse, TransportError>) -> TransportError {
    let error = result.expect_err("no answer");
    assert!(!error.message.contains("hush") && !error.message.contains("/a/path"), "{}", error.message);
    error
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let answer = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-Total: 7\r\nX-Name: M\u{fc}\r\n\r\nhello";
    let (result, asked) = exchange(answer.as_bytes().to_vec()).await;
    let response = result.expect("answer");
    assert_eq!((response.status, response.body.as_slice()), (201, &b"hello"[..]));
    assert_eq!(response.header("x-total"), Some("7"));
    assert!(asked.starts_with("POST /a/path?token=hush HTTP/1.1\r\n"), "{asked}");
    let lower = asked.to_ascii_lowercase();
    assert!(lower.contains("x-company: 42") && lower.contains("user-agent: mlc/"), "{asked}");
    assert!(lower.contains("content-length: 7") && asked.ends_with("{\"a\":1}"), "{asked}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(exchange(answer.to_vec()).await.0.expect("answer").status, 302);
}

#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    // `hello` as gzip with one stored block.
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 5, 0, 0xfa, 0xff];
    packed.extend_from_slice(b"hello");
    packed.extend_from_slice(&0x3610_a686_u32.to_le_bytes());
    packed.extend_from_slice(&5_u32.to_le_bytes());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
    let (result, asked) = exchange([head.as_bytes(), &packed].concat()).await;
    assert_eq!(result.expect("answer").body, b"hello");
    assert!(asked.to_ascii_lowercase().contains("accept-encoding: gzip"), "{asked}");
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let (listener, url) = listener().await;
    drop(listener);
    let error = refused(HttpTransport::new().send(request(Method::Post, url)).await);
    assert!(!error.maybe_sent && !error.timeout);
    assert!(error.message.starts_with("no connection to 127.0.0.1:"), "{}", error.message);
    assert!(error.message.contains("refused"), "{}", error.message);
}

#[tokio::test]
async fn a_failed_handshake_was_not_sent() {
    let (listener, url) = listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("connection");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("write");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let error = refused(HttpTransport::new().send(request(Method::Post, url.replace("http:", "https:"))).await);
    assert!(!error.maybe_sent);
    assert!(error.message.starts_with("no trusted connection to 127.0.0.1:"), "{}", error.message);
}

#[tokio::test]
async fn silence_may_have_been_sent() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("connection");
        read(&mut stream).await;
        std::future::pending::<()>().await;
    });
    let slow = HttpRequest { timeout: Span::from_millis(300), ..request(Method::Post, url) };
    let error = refused(HttpTransport::new().send(slow).await);
    assert!(error.maybe_sent && error.timeout);
    assert!(error.message.ends_with("within 300ms"), "{}", error.message);
    server.abort();
}

#[tokio::test]
async fn a_closed_connection_may_have_been_sent() {
    let error = refused(exchange(Vec::new()).await.0);
    assert!(error.maybe_sent && !error.timeout);
    assert!(error.message.contains("closed the connection before it answered"), "{}", error.message);
}

#[tokio::test]
async fn a_torn_body_may_have_been_sent() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":";
    let error = refused(exchange(answer.to_vec()).await.0);
    assert!(error.maybe_sent && !error.timeout);
    assert!(error.message.contains("broke off after 8 bytes"), "{}", error.message);
}

#[tokio::test]
async fn what_is_no_answer_of_http_may_have_been_sent() {
    let error = refused(exchange(b"SSH-2.0-server\r\n".to_vec()).await.0);
    assert!(error.maybe_sent);
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("connection");
        read(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await.expect("write");
        let part = vec![b'x'; 1 << 20];
        while stream.write_all(&part).await.is_ok() {}
    });
    let error = refused(HttpTransport::new().send(request(Method::Post, url)).await);
    assert!(error.maybe_sent);
    assert!(error.message.contains("larger than 64 MiB"), "{}", error.message);
    server.abort();
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_without_its_secret() {
    let transport = HttpTransport::new();
    for url in ["not a url?token=hush", "ftp://host.example/a/path?token=hush", "http:///?token=hush", "https://"] {
        assert!(!refused(transport.send(request(Method::Get, url.to_owned())).await).maybe_sent, "{url}");
    }
    let mut split = request(Method::Get, "http://127.0.0.1:1/".to_owned());
    split.headers = vec![("Authorization".to_owned(), "hush\r\nX-Other: 1".to_owned())];
    let error = refused(transport.send(split).await);
    assert!(!error.maybe_sent && error.message.contains("Authorization"), "{}", error.message);
    let unknown = request(Method::Get, "https://no-such-host.invalid/a/path?token=hush".to_owned());
    let error = refused(transport.send(unknown).await);
    assert!(!error.maybe_sent && error.message.contains("no-such-host.invalid"), "{}", error.message);
}

#[tokio::test]
async fn the_shipped_roots_make_a_client() {
    let made = client(|builder| builder.no_proxy().tls_backend_preconfigured(shipped_roots())).expect("client");
    // Whatever the network here is like, the client gets as far as looking for the host.
    let error = made.get("https://no-such-host.invalid/").send().await.expect_err("no such host");
    assert!(error.is_connect(), "{error:?}");
}
