//! Mail over SMTP, to the server that the environment names:
//!
//! - `MLC_SMTP_URL`: `smtps://user:password@mail.example:465`, or
//!   `smtp://user:password@mail.example:587?tls=required`;
//! - `MLC_SMTP_FROM`: whom the letters come from, such as `mlc <mlc@acme.example>`.
//!
//! Invariant: what is sent is encrypted, or does not leave the machine.

use crate::world::{Letter, Post, PostError};
use async_trait::async_trait;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(20);

pub struct SmtpPost {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpPost {
    /// `None` where no server is named.
    ///
    /// # Errors
    /// What is wrong with the settings, without any of them.
    pub fn from_environment() -> Result<Option<Self>, String> {
        let read = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let Some(url) = read("MLC_SMTP_URL").map(SecretString::from) else { return Ok(None) };
        let from =
            read("MLC_SMTP_FROM").ok_or("MLC_SMTP_URL is set, but MLC_SMTP_FROM does not say whom mail comes from")?;
        Self::new(&url, &from).map(Some)
    }

    /// # Errors
    /// As [`Self::from_environment`].
    pub fn new(url: &SecretString, from: &str) -> Result<Self, String> {
        if !is_safe(url.expose_secret()) {
            return Err(
                "MLC_SMTP_URL would send mail in the clear: write smtps://…, or smtp://…?tls=required".to_owned()
            );
        }
        let from =
            from.parse().map_err(|_| "MLC_SMTP_FROM is no address such as `mlc <mlc@acme.example>`".to_owned())?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
        let builder = builder
            .map_err(|_| "MLC_SMTP_URL is no address such as smtps://user:password@mail.example:465".to_owned())?;
        Ok(Self { transport: builder.timeout(Some(TIMEOUT)).build(), from })
    }
}

#[async_trait]
impl Post for SmtpPost {
    async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        let message = self.message(letter).map_err(|message| PostError { message, permanent: true })?;
        self.transport.send(message).await.map(drop).map_err(|error| {
            let status = error.status().map(|code| format!(" (status {code})")).unwrap_or_default();
            let what = if error.is_permanent() {
                "refuses the letter"
            } else if error.is_timeout() {
                "did not answer in time"
            } else if error.status().is_some() {
                "does not take the letter now"
            } else {
                "cannot be reached"
            };
            PostError { message: format!("the mail server {what}{status}"), permanent: error.is_permanent() }
        })
    }
}

impl SmtpPost {
    fn message(&self, letter: &Letter) -> Result<Message, String> {
        let to: Mailbox = letter.to.parse().map_err(|_| format!("`{}` is no address for mail", letter.to))?;
        let message = Message::builder().from(self.from.clone()).to(to).subject(&letter.subject);
        let built = match &letter.html {
            Some(html) => message.multipart(MultiPart::alternative_plain_html(letter.text.clone(), html.clone())),
            None => message.body(letter.text.clone()),
        };
        built.map_err(|error| format!("the letter cannot be written: {error}"))
    }
}

/// Encrypted, or on this machine.
fn is_safe(url: &str) -> bool {
    if url.starts_with("smtps://") || url.contains("tls=required") {
        return true;
    }
    let Some(rest) = url.strip_prefix("smtp://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or("");
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::{SmtpPost, is_safe};
    use crate::world::{Letter, Post as _};
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    /// Takes one letter, or refuses its reader, and hands out what was said.
    async fn sink(listener: TcpListener, refuse: bool) -> String {
        let (stream, _) = listener.accept().await.expect("a caller");
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut said = String::new();
        let mut in_letter = false;
        write.write_all(b"220 sink\r\n").await.expect("greeted");
        while let Ok(Some(line)) = lines.next_line().await {
            said.push_str(&line);
            said.push('\n');
            let answer = match line.split(' ').next().unwrap_or("") {
                "." if in_letter => {
                    in_letter = false;
                    "250 taken"
                }
                _ if in_letter => continue,
                "EHLO" => "250 sink",
                "RCPT" if refuse => "550 nobody here",
                "DATA" => {
                    in_letter = true;
                    "354 go on"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.expect("answered");
                    break;
                }
                _ => "250 well",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.expect("answered");
        }
        said
    }

    fn letter() -> Letter {
        Letter {
            to: "ap@acme.example".to_owned(),
            subject: "[acme] 3 held – über 4h".to_owned(),
            text: "three wait\n".to_owned(),
            html: Some("<p>three wait</p>".to_owned()),
        }
    }

    async fn post(refuse: bool) -> (SmtpPost, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let post = SmtpPost::new(&url.into(), "mlc <mlc@acme.example>").expect("settings");
        (post, tokio::spawn(sink(listener, refuse)))
    }

    #[tokio::test]
    async fn a_letter_reaches_its_reader() {
        let (post, said) = post(false).await;
        post.send(&letter()).await.expect("taken");
        drop(post);
        let said = said.await.expect("the sink");
        for part in ["MAIL FROM:<mlc@acme.example>", "RCPT TO:<ap@acme.example>", "three wait", "text/html"] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(said.contains("Subject: "), "{said}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_as_one() {
        let (post, said) = post(true).await;
        let error = post.send(&letter()).await.expect_err("refused");
        assert!(error.permanent && error.message.contains("550"), "{error:?}");
        drop(post);
        said.abort();
    }

    #[tokio::test]
    async fn nobody_there_is_no_refusal() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let post = SmtpPost::new(&url.into(), "mlc@acme.example").expect("settings");
        let error = post.send(&letter()).await.expect_err("nobody there");
        assert!(!error.permanent, "{error:?}");
    }

    #[test]
    fn mail_in_the_clear_stays_on_the_machine() {
        for (url, safe) in [
            ("smtps://u:hush@mail.example:465", true),
            ("smtp://u:hush@mail.example:587?tls=required", true),
            ("smtp://u:hush@mail.example:587", false),
            ("smtp://127.0.0.1:2525", true),
            ("smtp://u:p@localhost", true),
            ("http://mail.example", false),
        ] {
            assert_eq!(is_safe(url), safe, "{url}");
        }
        let error = SmtpPost::new(&"smtp://u:hush@mail.example".into(), "mlc@acme.example").err().expect("refused");
        assert!(!error.contains("hush"), "{error}");
    }
}
