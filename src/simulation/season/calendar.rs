//! When flows are due by what is written, found with the clocks on the wall, minute by minute:
//! the clockwork's own reckoning is what is judged, so nothing of it is used here but by how much
//! it shifts a pipeline.

use crate::model::RunWhen;
use crate::program::{Flow, Program};
use crate::serve::schedule::{LONGEST_SHIFT, Timetable};
use crate::value::{Span, Timestamp};
use jiff::Zoned;
use jiff::tz::TimeZone;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// What one flow is due for, oldest first.
pub struct Dues {
    pub flow: String,
    /// By `run every`.
    pub runs: Vec<Timestamp>,
    /// By `reconcile daily at`.
    pub polls: Vec<Timestamp>,
}

impl Dues {
    /// The first of both after an instant.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let next = |dues: &[Timestamp]| dues.get(dues.partition_point(|due| *due <= after)).copied();
        [next(&self.runs), next(&self.polls)].into_iter().flatten().min()
    }
}

/// All that is due after the first instant and before the second; an error names what is shifted too far.
pub fn dues(program: &Program, from: Timestamp, until: Timestamp) -> Result<Vec<Dues>, String> {
    let shift = Timetable::of(program).shift;
    let shortest = program.flows().iter().filter_map(every).min().unwrap_or(Span::from_secs(DAY.unsigned_abs()));
    if shift > LONGEST_SHIFT.min(shortest / 10) {
        return Err(format!("{} is shifted by {} s", program.name(), shift.as_secs()));
    }
    let zone = program.timezone().map_or(Ok(TimeZone::UTC), TimeZone::get).map_err(|error| error.to_string())?;
    let within = |dues: Vec<i64>| {
        let dues = dues.into_iter().map(|second| Timestamp::from_unix(second).plus(shift));
        dues.filter(|due| from < *due && *due < until).collect()
    };
    let seconds = (from.unix_millis() / 1_000 - 2 * DAY, until.unix_millis() / 1_000);
    let of_flow = |flow: &Flow| Dues {
        flow: flow.name().to_owned(),
        runs: within(every(flow).map(|pause| quarters(pause, seconds)).unwrap_or_default()),
        polls: within(
            flow.schedule().reconcile.map(|daily| on_the_wall(daily.minute_of_day, &zone, seconds)).unwrap_or_default(),
        ),
    };
    Ok(program.flows().iter().map(of_flow).collect())
}

fn every(flow: &Flow) -> Option<Span> {
    match flow.schedule().run {
        Some(RunWhen::Every(pause)) => Some(pause),
        _ => None,
    }
}

/// Whole minutes that the pause goes into.
fn quarters(pause: Span, (from, until): (i64, i64)) -> Vec<i64> {
    let pause = i64::try_from(pause.as_secs()).unwrap_or(i64::MAX);
    minutes(from, until).filter(|second| second % pause == 0).collect()
}

/// On each day the first minute at which the clocks show this time, or a later one.
fn on_the_wall(minute_of_day: u32, zone: &TimeZone, (from, until): (i64, i64)) -> Vec<i64> {
    let mut done = None;
    let mut dues = Vec::new();
    for second in minutes(from, until) {
        let Ok(instant) = jiff::Timestamp::from_second(second) else { break };
        let wall: Zoned = instant.to_zoned(zone.clone());
        let shows = u32::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute())).unwrap_or_default();
        if shows >= minute_of_day && done != Some(wall.date()) {
            done = Some(wall.date());
            dues.push(second);
        }
    }
    dues
}

fn minutes(from: i64, until: i64) -> impl Iterator<Item = i64> {
    (from.div_euclid(MINUTE)..until.div_euclid(MINUTE) + 1).map(|minute| minute * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::{DAY, TimeZone, on_the_wall, quarters};
    use crate::value::{Span, Timestamp};

    fn shown(dues: Vec<i64>) -> Vec<String> {
        dues.into_iter().map(|second| Timestamp::from_unix(second).to_string()).collect()
    }

    #[test]
    fn the_clocks_on_the_wall_decide() {
        let zone = TimeZone::get("America/Chicago").expect("a zone");
        // 2027-03-12, noon in London; summer time begins on the 14th.
        let from = 1_804_852_800;
        let dues = shown(on_the_wall(150, &zone, (from, from + 3 * DAY)));
        // The first is where one begins to look.
        assert_eq!(
            dues[1..],
            ["2027-03-13T08:30:00Z", "2027-03-14T08:00:00Z", "2027-03-15T07:30:00Z"].map(str::to_owned)
        );
        assert_eq!(quarters(Span::from_secs(900), (1_000, 3_000)), [1_800, 2_700]);
    }
}
