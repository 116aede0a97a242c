//! Deliveries as Procore sends them, in their three forms, and whose change each tells of.
//!
//! The older forms number records and call them by `resource_name` and `event_type`; the
//! newest has texts for ids, and calls the same `resource_type` and `reason`. All are read
//! alike, whichever names come. A body may come from anybody: whatever is no id or no plain
//! name is refused, so that nothing strange is kept or shown.

use super::catalogue::catalogue;
use crate::connector::{Notice, NoticeError, NoticeEvent, Receiving};
use serde_json::{Map, Value as Json};

/// The form in which our own hooks are told.
pub const FORM: &str = "v4.0";

/// How deliveries come in. Only ids travel, so they are small.
pub const RECEIVING: Receiving = Receiving { secret_header: "Authorization", body_limit: 64 * 1024, read };

/// Ids are numbers, or 26 letters and digits.
const LONGEST_ID: usize = 64;
const LONGEST_NAME: usize = 120;

/// Reads one delivery.
pub fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    if body.len() > RECEIVING.body_limit {
        return Err(NoticeError::new("the body is too long for a delivery"));
    }
    let body = serde_json::from_slice(body).map_err(|_| NoticeError::new("the body is not JSON"))?;
    notice(&body)
}

/// The notice in the payload of a delivery.
pub fn notice(payload: &Json) -> Result<Notice, NoticeError> {
    let event = payload.as_object().ok_or_else(|| NoticeError::new("the body is no object"))?;
    let any = |names: [&str; 2], longest: usize| {
        names.iter().find_map(|name| plain(event.get(*name)?, longest)).ok_or_else(|| {
            NoticeError::new(format!("the body has neither a `{}` nor a `{}` that can be read", names[0], names[1]))
        })
    };
    let nothing = Map::new();
    let metadata = event.get("metadata").and_then(Json::as_object).unwrap_or(&nothing);
    let id = |from: &Map<String, Json>, name: &str| plain(from.get(name)?, LONGEST_ID);
    let mut named = any(["resource_type", "resource_name"], LONGEST_NAME)?;
    let mut record = id(event, "resource_id").ok_or_else(|| NoticeError::new("the body has no `resource_id`"))?;
    let mut resource = first_told_by(&named);
    let mut happened = NoticeEvent::of(&any(["reason", "event_type"], LONGEST_NAME)?);
    // A line that nobody here reads by itself: then it is a change of the record that it lies in.
    if resource.is_none()
        && let Some((parent, id)) = parent(event)
    {
        (named, record, resource) = (parent.0, id, Some(parent.1));
        happened = NoticeEvent::Update;
    }
    Ok(Notice {
        delivery: any(["ulid", "id"], LONGEST_ID)?,
        resource,
        named,
        event: happened,
        record,
        scope: id(event, "project_id").or_else(|| id(metadata, "source_project_id")),
        tenant: id(event, "company_id").or_else(|| id(metadata, "source_company_id")),
        at: event.get("timestamp").and_then(Json::as_str).and_then(|text| text.parse().ok()),
        user: id(event, "user_id").or_else(|| id(metadata, "source_user_id")),
        application: id(metadata, "source_application_id"),
    })
}

fn first_told_by(named: &str) -> Option<String> {
    catalogue().told_by(named).next().map(str::to_owned)
}

/// The related record that is one of ours: its name there, ours, and its id.
fn parent(event: &Map<String, Json>) -> Option<((String, String), String)> {
    let related = event.get("related_resources").and_then(Json::as_array)?;
    related.iter().find_map(|one| {
        let name = plain(one.get("name")?, LONGEST_NAME)?;
        let id = plain(one.get("id")?, LONGEST_ID)?;
        Some(((name.clone(), first_told_by(&name)?), id))
    })
}

/// A whole number or a short text without anything strange in it.
fn plain(value: &Json, longest: usize) -> Option<String> {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    let fits = !text.trim().is_empty() && text.len() <= longest && !text.chars().any(char::is_control);
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{RECEIVING, read};
    use crate::connector::NoticeEvent;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn second() -> Json {
        json!({
            "id": 99_120_031, "ulid": "01KQ5T0V6Q3J9B2M7X4C8D1E5F", "timestamp": "2026-04-02T01:33:13.204518Z",
            "metadata": {"source_user_id": 9011, "source_project_id": 598_134_325_600_100_i64,
                "source_operation_id": null, "source_company_id": 562_949_953_421_312_i64,
                "source_application_id": null},
            "user_id": 9011, "company_id": 562_949_953_421_312_i64, "project_id": 598_134_325_600_100_i64,
            "api_version": "v2", "event_type": "update", "resource_name": "Work Order Contracts",
            "resource_id": 870_012,
        })
    }

    fn fourth() -> Json {
        json!({
            "id": "01KQ5T0V6Q3J9B2M7X4C8D1E5F", "timestamp": "2026-04-02T01:33:13.204518Z", "reason": "update",
            "company_id": "562949953421312", "project_id": "598134325600100", "user_id": "9011",
            "resource_type": "Direct Costs", "resource_id": "7710042",
        })
    }

    fn read_json(body: &Json) -> Result<super::Notice, super::NoticeError> {
        read(body.to_string().as_bytes())
    }

    #[test]
    fn the_older_and_the_newer_form_are_read_alike() {
        let (old, new) = (read_json(&second()).expect("v2.0"), read_json(&fourth()).expect("v4.0"));
        assert_eq!((old.resource.as_deref(), old.record.as_str()), (Some("work_order_contracts"), "870012"));
        assert_eq!((new.resource.as_deref(), new.record.as_str()), (Some("direct_costs"), "7710042"));
        assert_eq!(old.delivery, new.delivery);
        assert_eq!((&old.scope, &old.tenant, &old.user, &old.at), (&new.scope, &new.tenant, &new.user, &new.at));
        assert_eq!((old.event, new.event), (NoticeEvent::Update, NoticeEvent::Update));
        assert_eq!(new.scope.as_deref(), Some("598134325600100"));
    }

    #[test]
    fn a_line_with_its_parent_is_a_change_of_the_parent() {
        let mut body = second();
        body["api_version"] = json!("v3.0");
        body["event_type"] = json!("delete");
        body["resource_name"] = json!("Direct Cost Line Items");
        body["related_resources"] = json!([{"id": 1, "name": "Nothing"}, {"id": 1234, "name": "Direct Costs"}]);
        let notice = read_json(&body).expect("v3.0");
        assert_eq!((notice.resource.as_deref(), notice.record.as_str()), (Some("direct_costs"), "1234"));
        assert_eq!(notice.event, NoticeEvent::Update);
        body["related_resources"] = json!([]);
        let notice = read_json(&body).expect("v3.0");
        assert_eq!((notice.resource, notice.named.as_str()), (None, "Direct Cost Line Items"));
    }

    #[test]
    fn what_is_not_known_is_told_and_nothing_is_guessed() {
        let mut body = fourth();
        body["reason"] = json!("ownership_changed");
        body["resource_type"] = json!("Daily Logs");
        let notice = read_json(&body).expect("a notice");
        assert_eq!((notice.resource, notice.event), (None, NoticeEvent::Other("ownership_changed".to_owned())));
        body["project_id"] = Json::Null;
        body["timestamp"] = json!("yesterday");
        let notice = read_json(&body).expect("a notice of the company");
        assert_eq!((notice.scope, notice.at), (None, None));
    }

    #[test]
    fn what_is_no_delivery_is_refused_and_not_repeated() {
        let mut wrong: Vec<Vec<u8>> = vec![Vec::new(), b"null".to_vec(), b"[]".to_vec(), b"{".to_vec(), vec![0xff; 9]];
        wrong.push("[".repeat(60_000).into_bytes());
        wrong.push(vec![b' '; RECEIVING.body_limit + 1]);
        for name in ["id", "reason", "resource_type", "resource_id"] {
            for value in [Json::Null, json!(1.5), json!(["a"]), json!("\u{1b}[2J"), json!("x".repeat(200)), json!(" ")]
            {
                let mut body = fourth();
                body[name] = value;
                wrong.push(body.to_string().into_bytes());
            }
            let mut body = fourth();
            body.as_object_mut().expect("an object").remove(name);
            wrong.push(body.to_string().into_bytes());
        }
        for body in wrong {
            let error = read(&body).expect_err(&String::from_utf8_lossy(&body));
            assert!(!error.message.contains('\u{1b}') && error.message.len() < 200, "{error}");
        }
    }

    /// Any JSON, with the names that a delivery has among its keys.
    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            ".{0,80}".prop_map(Json::from),
            Just(json!("Direct Costs")),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let name = prop_oneof![
                Just("id".to_owned()),
                Just("ulid".to_owned()),
                Just("reason".to_owned()),
                Just("event_type".to_owned()),
                Just("resource_type".to_owned()),
                Just("resource_name".to_owned()),
                Just("resource_id".to_owned()),
                Just("metadata".to_owned()),
                Just("related_resources".to_owned()),
                Just("name".to_owned()),
                Just("timestamp".to_owned()),
                ".{0,12}",
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                proptest::collection::vec((name, inner), 0..8)
                    .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn whatever_is_read_is_plain(body in any_json()) {
            if let Ok(notice) = read(body.to_string().as_bytes()) {
                for text in [&notice.delivery, &notice.named, &notice.record] {
                    prop_assert!(!text.is_empty() && text.len() <= 120 && !text.chars().any(char::is_control));
                }
            }
        }

        #[test]
        fn a_delivery_with_one_strange_member_is_read_or_refused(name in "[a-z_]{2,14}", strange in any_json()) {
            for mut body in [second(), fourth()] {
                body[name.as_str()] = strange.clone();
                let _ = read(body.to_string().as_bytes());
            }
        }
    }
}
