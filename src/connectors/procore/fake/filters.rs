//! `filters[name]=…`: one value, several, or a range of instants with three dots.
//!
//! A filter that an endpoint does not know is ignored, as far as anyone knows. A range
//! that cannot be read keeps nothing: silence would look like everything.

use super::request::Request;
use crate::value::{Date, Span, Timestamp};

/// The filters of one request.
pub struct Filters<'a> {
    request: &'a Request<'a>,
}

impl<'a> Filters<'a> {
    pub fn of(request: &'a Request<'a>) -> Self {
        Self { request }
    }

    /// Whether a text, or a number as text, passes. No filter of that name lets all pass.
    pub fn allows(&self, name: &str, value: Option<&str>) -> bool {
        let wanted = self.values(name);
        wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|wish| wish == value))
    }

    pub fn allows_id(&self, name: &str, value: i64) -> bool {
        self.allows(name, Some(&value.to_string()))
    }

    /// Whether a number passes, where the filter names one or a range of them with three dots.
    pub fn allows_number(&self, name: &str, value: i64) -> bool {
        let within = |text: &String| match text.split_once("...") {
            Some((from, to)) => {
                from.parse().is_ok_and(|from: i64| from <= value) && to.parse().is_ok_and(|to: i64| value <= to)
            }
            None => text.parse() == Ok(value),
        };
        let wanted = self.values(name);
        wanted.is_empty() || wanted.iter().any(within)
    }

    /// Whether the request has a filter of that name at all.
    pub fn asks(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// Whether an instant lies in the range. Both ends belong to it.
    pub fn allows_instant(&self, name: &str, instant: Timestamp) -> bool {
        let wanted = self.values(name);
        wanted.iter().all(|text| range(text).is_some_and(|(from, to)| from <= instant && instant <= to))
    }

    /// What the filter names: `filters[id]=1`, `filters[id][]=1&filters[id][]=2`, `filters[id]=[1,2]`.
    fn values(&self, name: &str) -> Vec<String> {
        let (plain, list) = (format!("filters[{name}]"), format!("filters[{name}][]"));
        let given = self.request.query.iter().filter(|(key, _)| *key == plain || *key == list);
        given
            .flat_map(|(_, value)| match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                Some(inner) => inner.split(',').map(|item| item.trim().trim_matches('"').to_owned()).collect(),
                None => vec![value.trim_matches('"').to_owned()],
            })
            .collect()
    }
}

fn range(text: &str) -> Option<(Timestamp, Timestamp)> {
    let (from, to) = text.split_once("...")?;
    let (from, to) = (from.trim().trim_matches('"'), to.trim().trim_matches('"'));
    let end = to.parse::<Timestamp>().ok()?;
    // A plain day as the end means all of that day.
    let whole_day = to.len() == 10 && to.parse::<Date>().is_ok();
    let end = if whole_day { end.plus(Span::from_millis(86_399_999)) } else { end };
    Some((from.parse().ok()?, end))
}

#[cfg(test)]
mod tests {
    use super::range;
    use crate::value::Timestamp;

    #[test]
    fn ranges_are_read_in_their_forms() {
        let instant: Timestamp = "2026-01-31T12:00:00Z".parse().expect("instant");
        for (text, inside) in [
            ("2026-01-01T00:00:00Z...2026-02-01T00:00:00Z", true),
            ("2026-01-31...2026-01-31", true),
            ("\"2026-01-31T14:00:00+02:00...2026-02-01\"", true),
            ("2026-01-01...2026-01-30", false),
        ] {
            let (from, to) = range(text.trim_matches('"')).expect(text);
            assert_eq!(from <= instant && instant <= to, inside, "{text}");
        }
        assert!(range("2026-01-01").is_none());
        assert!(range("yesterday...today").is_none());
    }
}
