//! An event as each form of delivery writes it.

use super::Event;
use serde_json::{Value as Json, json};

/// The forms, oldest first.
pub const FORMS: [&str; 3] = ["v2.0", "v3.0", "v4.0"];

/// The form that a word names: `v2` is the oldest.
pub fn named(word: &str) -> Option<&'static str> {
    let word = if word == "v2" { "v2.0" } else { word };
    FORMS.into_iter().find(|form| *form == word)
}

/// The body of a delivery.
pub fn payload(form: &str, company: i64, event: &Event) -> Json {
    if form == "v4.0" {
        let text = |id: i64| id.to_string();
        return json!({
            "id": event.ulid,
            "timestamp": event.at.to_string(),
            "reason": event.happened,
            "company_id": text(company),
            "project_id": event.project.map(text),
            "user_id": text(event.user),
            "resource_type": event.named,
            "resource_id": text(event.record),
        });
    }
    let mut body = json!({
        "id": event.id,
        "ulid": event.ulid,
        "timestamp": event.at.to_string(),
        "metadata": {
            "source_user_id": event.user,
            "source_project_id": event.project,
            "source_operation_id": null,
            "source_company_id": company,
            "source_application_id": event.application,
        },
        "user_id": event.user,
        "company_id": company,
        "project_id": event.project,
        "api_version": if form == "v2.0" { "v2" } else { form },
        "event_type": event.happened,
        "resource_name": event.named,
        "resource_id": event.record,
    });
    if form == "v3.0" {
        let related = event.parent.iter().map(|(id, name)| json!({"id": id, "name": name}));
        body["related_resources"] = related.collect();
    }
    body
}
