//! News in words: one subject, one text, one JSON object.

use super::memory::{News, Stage};
use super::parcel::{Parcel, Reader};
use super::trouble::Kind;
use crate::model::Notices;
use crate::value::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// A subject is cut after so many characters.
const LONGEST_SUBJECT: usize = 140;

/// Who speaks.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    pub pipeline: &'a str,
    pub sandbox: bool,
    pub currency: Option<&'a str>,
}

/// One message, before it is addressed.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: String,
    pub kind: Kind,
    pub stage: Stage,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub body: Value,
    pub made: Timestamp,
}

impl Message {
    pub fn of(sender: Sender<'_>, news: &News, now: Timestamp) -> Self {
        let sentence = sentence(news);
        let subject = subject(sender, news.stage, &sentence);
        let (kind, stage) = (news.kind, news.stage);
        let id = id(&[sender.pipeline, kind.word(), &news.about, stage.word(), &now.to_string()]);
        let trouble = news.trouble.as_ref();
        let body = json!({
            // What chat programs show.
            "text": subject,
            "id": id, "pipeline": sender.pipeline, "sandbox": sender.sandbox,
            "kind": kind.word(), "stage": stage.word(), "about": news.about,
            "since": news.since, "at": now, "sentence": sentence,
            "facts": trouble.map(|trouble| trouble.facts.clone()).unwrap_or_default(),
            "mend": trouble.map(|trouble| trouble.mend.clone()),
            "records": trouble.map(|trouble| trouble.records),
            "amount": trouble.and_then(|trouble| trouble.amount), "currency": sender.currency,
        });
        Self { id, kind, stage, text: text(sender, news, &sentence), subject, html: None, body, made: now }
    }

    /// One for each reader that the pipeline names.
    pub fn to_all(&self, wanted: &Notices) -> Vec<Parcel> {
        let mail = wanted.mail.iter().map(|address| Reader::Mail(address.to_string()));
        let webhooks = (0..wanted.webhooks.len()).map(Reader::Webhook);
        mail.chain(webhooks).map(|reader| self.to(reader)).collect()
    }

    pub fn to(&self, to: Reader) -> Parcel {
        Parcel {
            id: self.id.clone(),
            to,
            kind: self.kind,
            stage: self.stage,
            subject: self.subject.clone(),
            text: self.text.clone(),
            html: self.html.clone(),
            body: self.body.clone(),
            made: self.made,
            tries: 0,
            next: None,
            error: None,
        }
    }
}

/// The same for the same message.
pub fn id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n").as_bytes());
    digest.iter().take(12).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn sentence(news: &News) -> String {
    if let Some(trouble) = &news.trouble {
        return trouble.sentence.clone();
    }
    let about = &news.about;
    match news.kind {
        Kind::Parked => format!("{about}: no record waits that long any more"),
        Kind::NothingRead => format!("{about}: records are read again"),
        Kind::Budget => format!("{about}: the rate allowance has room again"),
        Kind::FailedRun => "runs come to their end again".to_owned(),
        Kind::Digest => String::new(),
    }
}

fn subject(sender: Sender<'_>, stage: Stage, sentence: &str) -> String {
    let stage = match stage {
        Stage::Still => "still: ",
        Stage::Over => "over: ",
        Stage::Begun | Stage::Regular => "",
    };
    let sandbox = if sender.sandbox { ", sandbox" } else { "" };
    cut(&format!("[{}{sandbox}] {stage}{sentence}", sender.pipeline))
}

/// One line of bearable length.
pub fn cut(text: &str) -> String {
    let line: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    if line.chars().count() <= LONGEST_SUBJECT {
        return line;
    }
    line.chars().take(LONGEST_SUBJECT - 1).chain(['…']).collect()
}

fn text(sender: Sender<'_>, news: &News, sentence: &str) -> String {
    let mut text = format!("{sentence}\n");
    if let Some(trouble) = &news.trouble {
        for fact in &trouble.facts {
            let _ = write!(text, "\n- {fact}");
        }
        if !trouble.facts.is_empty() {
            text.push('\n');
        }
        if !trouble.mend.is_empty() {
            let _ = writeln!(text, "\nWhat to do: {}", trouble.mend);
        }
    }
    let again = match news.stage {
        Stage::Begun | Stage::Still => " It is told once a day while it lasts, and once more when it is over.",
        Stage::Over | Stage::Regular => "",
    };
    let sandbox = if sender.sandbox { " (sandbox)" } else { "" };
    let _ = writeln!(text, "\nPipeline {}{sandbox}, since {}.{again}", sender.pipeline, news.since.whole_seconds());
    text
}

#[cfg(test)]
mod tests {
    use super::{Message, Sender, cut};
    use crate::serve::operations::memory::{News, Stage};
    use crate::serve::operations::trouble::{Kind, Trouble};
    use crate::value::Timestamp;

    #[test]
    fn a_message_says_what_why_and_who_mends_it() {
        let trouble = Trouble {
            kind: Kind::Parked,
            about: "invoices".to_owned(),
            sentence: "invoices: 2 held wait for longer than 4h, 12,000.00 USD in all".to_owned(),
            facts: vec!["invoice 7 of Ash, held: no account for 27-150".to_owned()],
            mend: "add a row to cost-codes.csv".to_owned(),
            records: 2,
            amount: "12000.00".parse().ok(),
        };
        let now = Timestamp::from_unix(1_790_000_000);
        let mut news = News {
            stage: Stage::Begun,
            kind: Kind::Parked,
            about: "invoices".to_owned(),
            since: now,
            trouble: Some(trouble),
        };
        let sender = Sender { pipeline: "acme", sandbox: true, currency: Some("USD") };
        let message = Message::of(sender, &news, now);
        assert!(message.subject.starts_with("[acme, sandbox] invoices: 2 held"), "{}", message.subject);
        for part in ["- invoice 7 of Ash", "What to do: add a row", "Pipeline acme (sandbox)", "once a day"] {
            assert!(message.text.contains(part), "{part} in {}", message.text);
        }
        assert_eq!(message.body["records"], 2);
        assert_eq!(message.body["amount"], "12000.00");
        (news.stage, news.trouble) = (Stage::Over, None);
        let over = Message::of(sender, &news, now);
        assert_eq!(over.subject, "[acme, sandbox] over: invoices: no record waits that long any more");
        assert_ne!(over.id, message.id);
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(cut("a\r\nBcc: b"), "a  Bcc: b");
        assert_eq!(cut(&"x".repeat(500)).chars().count(), 140);
    }
}
