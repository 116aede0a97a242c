//! `dsExceptions`: what QXtend says of a document, row by row.

use super::xml::Element;

/// One row of `temp_err_msg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub severity: Severity,
    pub text: String,
    /// The field on the wire; empty where the row names none.
    pub field: String,
    /// What was sent in it.
    pub data: String,
    pub number: String,
    /// Where in the document.
    pub place: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Informational,
    Warning,
    Error,
}

/// Texts by which QXtend says that it did not take something as it was sent. They are its
/// own, not the user's language's.
const TRUNCATED: &str = "submitted data was truncated";
const UNUSED_FIELD: &str = "field was unused";
const UNUSED_ROWS: &str = "iterations were unused";

impl Message {
    /// Every row of an answer, whatever prefix they stand under.
    pub fn list(answer: &Element) -> Vec<Self> {
        answer.all("temp_err_msg").into_iter().map(Self::of).collect()
    }

    fn of(row: &Element) -> Self {
        let place = row.text_of("tt_msg_context").to_owned();
        let named = row.text_of("tt_msg_field");
        let field = if named.is_empty() { field_in(&place) } else { named };
        let text = row.text_of("tt_msg_desc");
        let text = ["ERROR:", "WARNING:", "INFO:"].iter().find_map(|head| text.strip_prefix(head)).unwrap_or(text);
        Self {
            severity: match row.text_of("tt_msg_sev") {
                "informational" => Severity::Informational,
                "warning" => Severity::Warning,
                _ => Severity::Error,
            },
            text: text.trim().trim_end_matches('.').to_owned(),
            field: field.to_owned(),
            data: row.text_of("tt_msg_data").to_owned(),
            number: row.text_of("tt_msg_nbr").to_owned(),
            place,
        }
    }

    /// A text was cut to fit.
    pub fn is_truncation(&self) -> bool {
        self.says(TRUNCATED)
    }

    /// A field or a row was left aside.
    pub fn is_unused(&self) -> bool {
        self.says(UNUSED_FIELD) || self.says(UNUSED_ROWS)
    }

    /// Rows were left aside, so that no one field is named.
    pub fn is_unused_rows(&self) -> bool {
        self.says(UNUSED_ROWS)
    }

    fn says(&self, start: &str) -> bool {
        self.text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
    }
}

/// `itemMaster#1(ptPart-02-0001) field(ptDesc1)` names `ptDesc1`.
fn field_in(place: &str) -> &str {
    place.rsplit_once("field(").and_then(|(_, rest)| rest.split(')').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Message, Severity};
    use crate::connectors::qad::qxtend::xml::read;

    #[test]
    fn rows_are_read_under_any_prefix() {
        let answer = read(
            br#"<r xmlns:ns3="urn:x"><ns3:dsExceptions><ns3:temp_err_msg>
            <ns3:tt_msg_context>itemMaster#1(ptPart-02-0001) field(ptDesc1)</ns3:tt_msg_context>
            <ns3:tt_msg_desc>Submitted data was truncated</ns3:tt_msg_desc><ns3:tt_msg_field/>
            <ns3:tt_msg_sev>warning</ns3:tt_msg_sev></ns3:temp_err_msg>
            <ns3:temp_err_msg><ns3:tt_msg_desc>ERROR: Order is closed.</ns3:tt_msg_desc></ns3:temp_err_msg>
            </ns3:dsExceptions></r>"#,
        )
        .expect("XML");
        let messages = Message::list(&answer);
        assert_eq!((messages[0].field.as_str(), messages[0].severity), ("ptDesc1", Severity::Warning));
        assert!(messages[0].is_truncation() && !messages[1].is_truncation());
        assert_eq!(
            (messages[1].text.as_str(), messages[1].severity),
            ("Order is closed", Severity::Error),
            "absent: error"
        );
    }
}
