//! Days, instants and lengths of time: the only file that names the date crate.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A length of time in whole seconds and nanoseconds.
pub type Span = std::time::Duration;

/// No two days of the calendar lie further apart.
const LONGEST_IN_DAYS: i64 = 7_304_484;
const LONGEST_IN_MONTHS: i64 = 239_976;

/// A calendar day. Billing dates are project-local days and are never shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// No record bears a later day.
    pub const LAST: Self = Self(jiff::civil::Date::MAX);

    /// `None` if there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }

    pub fn month(self) -> i8 {
        self.0.month()
    }

    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// `days` later (or earlier, if negative); stays at the end of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let days = days.clamp(-LONGEST_IN_DAYS, LONGEST_IN_DAYS);
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }

    /// The same day `months` later (or earlier, if negative), or the last day of that month if
    /// it has no such day; stays inside the calendar.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Self {
        let months = months.clamp(-LONGEST_IN_MONTHS, LONGEST_IN_MONTHS);
        Self(self.0.saturating_add(jiff::Span::new().months(months)))
    }

    /// How many days it is until another day; negative if that is earlier.
    pub fn days_until(self, other: Self) -> i64 {
        self.0.duration_until(other.0).as_hours() / 24
    }

    /// How many days this is after `earlier`; negative if it is before.
    pub fn days_since(self, earlier: Self) -> i64 {
        i64::from(earlier.0.until(self.0).map_or(0, |span| span.get_days()))
    }

    /// The last day of this month.
    #[must_use]
    pub fn end_of_month(self) -> Self {
        Self(self.0.last_of_month())
    }

    /// The first moment of the day in a time zone of the IANA list; in UTC without one.
    pub fn begins(self, zone: Option<&str>) -> Option<Timestamp> {
        self.0.to_zoned(time_zone(zone)).ok().map(|zoned| Timestamp(zoned.timestamp()))
    }

    /// The first day of this month.
    #[must_use]
    pub fn start_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// When the clocks of a time zone show this minute of the day; in UTC without a zone. A time
    /// that they leap over is the instant at which they leap, one that they show twice is the
    /// first of the two. `None` at the end of the calendar.
    pub fn at_minute(self, minute_of_day: u32, zone: Option<&str>) -> Option<Timestamp> {
        let (hour, minute) = (i8::try_from(minute_of_day / 60).ok()?, i8::try_from(minute_of_day % 60).ok()?);
        let shown = jiff::civil::Time::new(hour, minute, 0, 0).ok().map(|time| self.0.to_datetime(time))?;
        let zone = time_zone(zone);
        match zone.to_ambiguous_timestamp(shown).offset() {
            jiff::tz::AmbiguousOffset::Unambiguous { offset }
            | jiff::tz::AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(shown).ok().map(Timestamp),
            jiff::tz::AmbiguousOffset::Gap { before, .. } => {
                // As if the clocks had gone on: some time after the leap, which came last before it.
                let beyond = before.to_timestamp(shown).ok()?;
                let after = beyond.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
                zone.preceding(after).next().map(|leap| Timestamp(leap.timestamp()))
            }
        }
    }
}

/// One of the IANA list; UTC without one.
fn time_zone(name: Option<&str>) -> jiff::tz::TimeZone {
    name.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Date {
    type Err = TimeError;

    /// `YYYY-MM-DD`, or an ISO 8601 date-time whose calendar day is taken as written. A year
    /// with a sign has six digits, as a day before the year 0 is written.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let length = if text.starts_with(['-', '+']) { "-YYYYYY-MM-DD".len() } else { "YYYY-MM-DD".len() };
        let day = text.get(..length).unwrap_or(text);
        let rest = text.get(length..).unwrap_or("");
        if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
            return Err(TimeError { text: text.to_owned(), wanted: "a day such as 2026-10-31" });
        }
        day.parse().map(Self).map_err(|_| TimeError { text: text.to_owned(), wanted: "a day such as 2026-10-31" })
    }
}

/// An instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Seconds since the Unix epoch; stays inside the calendar.
    pub fn from_unix(seconds: i64) -> Self {
        Self(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX))
    }

    /// Milliseconds since the Unix epoch; stays inside the calendar.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX))
    }

    pub fn unix(self) -> i64 {
        self.0.as_second()
    }

    pub fn unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        self.0.checked_add(span).map_or(Self(jiff::Timestamp::MAX), Self)
    }

    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        self.0.checked_sub(span).map_or(Self(jiff::Timestamp::MIN), Self)
    }

    /// Out of the `Date` header of an HTTP answer.
    pub fn from_http_date(text: &str) -> Option<Self> {
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok().map(Self)
    }

    /// As the `Date` header of an HTTP answer says it; `None` for an instant that it cannot say.
    pub fn http_date(self) -> Option<String> {
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&self.0).ok()
    }

    /// How long since `earlier`; zero if `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Span {
        Span::try_from(self.0.duration_since(earlier.0)).unwrap_or_default()
    }

    /// The calendar day of this instant in UTC.
    pub fn date(self) -> Date {
        Date(self.0.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The calendar day of this instant in a time zone of the IANA list; in UTC without one.
    pub fn date_in(self, zone: Option<&str>) -> Date {
        Date(self.0.to_zoned(time_zone(zone)).date())
    }

    /// As people of a time zone of the IANA list write it, `31 Oct 2026, 09:05 CDT`; in UTC without one.
    pub fn shown_in(self, zone: Option<&str>) -> String {
        self.0.to_zoned(time_zone(zone)).strftime("%-d %b %Y, %H:%M %Z").to_string()
    }

    /// The first moment of the day that this instant is in, in a time zone; in UTC without one.
    pub fn day_began_in(self, zone: Option<&str>) -> Self {
        let zoned = self.0.to_zoned(time_zone(zone));
        zoned.start_of_day().map_or(self, |start| Self(start.timestamp()))
    }

    /// `2026-10-31T14:05:09Z`, without a fraction.
    pub fn whole_seconds(self) -> String {
        Self::from_unix(self.unix()).to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// ISO 8601 with `Z` or an offset; a plain day means its first moment in UTC.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse()
            .or_else(|_| {
                text.parse::<jiff::civil::Date>()
                    .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()))
            })
            .map(Self)
            .map_err(|_| TimeError { text: text.to_owned(), wanted: "an instant such as 2026-10-31T14:05:09Z" })
    }
}

/// A text that is no day or instant.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct TimeError {
    pub text: String,
    pub wanted: &'static str,
}

/// Whether the IANA database knows this time zone.
pub fn is_time_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

/// Reads `250ms`, `2s`, `5m`, `24h`, `35d`; `None` for anything else or what does not fit.
pub fn parse_duration(text: &str) -> Option<Span> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Span::from_millis)
}

/// The shortest text that [`parse_duration`] reads back.
pub fn render_duration(span: Span) -> String {
    let millis = span.as_millis();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if millis >= size && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    format!("{millis}ms")
}

#[cfg(test)]
mod tests {
    use super::{Date, Timestamp, parse_duration, render_duration};

    #[test]
    fn a_day_is_never_shifted() {
        let day: Date = "2026-10-31T23:30:00-07:00".parse().expect("date");
        assert_eq!(day.to_string(), "2026-10-31");
    }

    #[test]
    fn days_move_inside_the_calendar() {
        let day: Date = "2026-10-31".parse().expect("date");
        let (first, last) = (day.plus_days(i64::MIN), day.plus_days(i64::MAX));
        assert_eq!((first.to_string().as_str(), last.to_string().as_str()), ("-009999-01-01", "9999-12-31"));
        assert_eq!((day.plus_months(i64::MIN), day.plus_months(i64::MAX)), (first, last));
        assert_eq!(first.plus_days(first.days_until(last)), last);
        assert_eq!(
            (first.to_string().parse().ok(), "-009999-01-01T00:00:00Z".parse().ok()),
            (Some(first), Some(first))
        );
        assert!("-009999-01-011".parse::<Date>().is_err());
        assert_eq!(day.plus_months(4).to_string(), "2027-02-28");
    }

    #[test]
    fn instants_read_offsets_and_plain_days() {
        let instant: Timestamp = "2026-10-31T23:30:00-07:00".parse().expect("instant");
        assert_eq!(instant.whole_seconds(), "2026-11-01T06:30:00Z");
        assert_eq!("2026-10-31".parse::<Timestamp>().expect("day").whole_seconds(), "2026-10-31T00:00:00Z");
    }

    #[test]
    fn a_time_of_the_day_exists_once_whatever_the_clocks_do() {
        let at = |day: &str, minute, zone| {
            let day: Date = day.parse().expect("day");
            day.at_minute(minute, Some(zone)).expect("an instant").whole_seconds()
        };
        let (chicago, half_past_two) = ("America/Chicago", 150);
        assert_eq!(at("2026-03-07", half_past_two, chicago), "2026-03-07T08:30:00Z");
        assert_eq!(at("2026-03-08", half_past_two, chicago), "2026-03-08T08:00:00Z", "leapt over: when they leap");
        assert_eq!(at("2026-03-09", half_past_two, chicago), "2026-03-09T07:30:00Z");
        assert_eq!(at("2026-11-01", 90, chicago), "2026-11-01T06:30:00Z", "shown twice: the first time");
        assert_eq!(at("2026-10-04", 135, "Australia/Lord_Howe"), "2026-10-03T15:30:00Z", "half an hour is leapt over");
        assert_eq!(at("2011-12-30", 300, "Pacific/Apia"), "2011-12-30T10:00:00Z", "a day is left out");
        let night: Timestamp = "2026-11-01T05:30:00Z".parse().expect("instant");
        assert_eq!(night.date_in(Some(chicago)).to_string(), "2026-11-01");
        assert_eq!(night.date_in(Some("America/Denver")).to_string(), "2026-10-31");
        assert_eq!(Date::LAST.at_minute(24 * 60, None), None);
    }

    #[test]
    fn an_instant_is_shown_as_the_clocks_of_a_time_zone_show_it() {
        let night: Timestamp = "2026-11-01T03:30:00Z".parse().expect("instant");
        assert_eq!(night.shown_in(Some("America/Chicago")), "31 Oct 2026, 22:30 CDT");
        assert_eq!(night.shown_in(None), "1 Nov 2026, 03:30 UTC");
        assert_eq!(night.day_began_in(Some("America/Chicago")).whole_seconds(), "2026-10-31T05:00:00Z");
        assert_eq!(night.day_began_in(None).whole_seconds(), "2026-11-01T00:00:00Z");
    }

    #[test]
    fn durations_round_trip() {
        for text in ["250ms", "2s", "5m", "24h", "35d"] {
            assert_eq!(
                render_duration(parse_duration(text).expect(text)).parse::<String>().ok(),
                parse_duration(text).map(render_duration)
            );
        }
        assert_eq!(parse_duration("24h").map(render_duration).as_deref(), Some("1d"));
        assert_eq!(parse_duration("9999999999999999999d"), None);
        assert_eq!(parse_duration("5 m"), None);
    }

    #[test]
    fn http_dates_are_read_and_written() {
        let text = "Tue, 24 Nov 2026 12:19:05 GMT";
        let instant = Timestamp::from_http_date(text).expect("a date");
        assert_eq!(instant.unix(), 1_795_522_745);
        assert_eq!(instant.http_date().as_deref(), Some(text));
        assert_eq!(Timestamp::from_http_date("yesterday"), None);
    }
}
