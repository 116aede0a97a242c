//! Patterns of days, such as `MM/DD/YYYY`: what `format_date` writes and `parse_date` reads.

use super::{ArgumentError, signature};
use crate::value::Date;
use std::fmt::Write;

/// The parts of a day, and what stands between them.
#[derive(Debug)]
pub(super) struct DayPattern(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Year,
    /// Of the century.
    ShortYear,
    Month,
    MonthName,
    Day,
    Between(char),
}

/// What is wrong with a pattern, and how to mend it.
#[derive(Debug)]
pub(super) struct Wrong {
    message: String,
    hint: &'static str,
}

impl Wrong {
    pub fn at(self, argument: usize) -> ArgumentError {
        signature::refuse(argument, self.message, self.hint)
    }
}

/// Longest first.
const PARTS: [(&str, Part); 5] =
    [("YYYY", Part::Year), ("YY", Part::ShortYear), ("MMM", Part::MonthName), ("MM", Part::Month), ("DD", Part::Day)];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const LONGEST: usize = 40;

impl DayPattern {
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let hint = "make it of `YYYY`, `YY`, `MM`, `MMM`, `DD` and signs between them, such as 'MM/DD/YYYY'";
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            let found = PARTS.iter().find(|(name, _)| rest.starts_with(name));
            let (part, length) =
                found.map_or((Part::Between(sign), sign.len_utf8()), |(name, part)| (*part, name.len()));
            if found.is_none() && sign.is_alphanumeric() {
                return Err(Wrong { message: format!("`{sign}` is no part of a day"), hint });
            }
            if found.is_some() && parts.contains(&part) {
                return Err(Wrong { message: format!("`{}` stands here twice", &rest[..length]), hint });
            }
            parts.push(part);
            rest = &rest[length..];
        }
        match parts.iter().all(|part| matches!(part, Part::Between(_))) {
            true => Err(Wrong { message: "this names no part of a day".to_owned(), hint }),
            false if parts.len() > LONGEST => Err(Wrong { message: "this is too long for a day".to_owned(), hint }),
            false => Ok(Self(parts)),
        }
    }

    /// Whether a text of this pattern names one day.
    pub fn names_a_day(self) -> Result<Self, Wrong> {
        let has = |part: Part| self.0.contains(&part);
        if has(Part::ShortYear) {
            return Err(Wrong {
                message: "a year of two digits could be of any century".to_owned(),
                hint: "read four digits: `YYYY`; or put the century before the text with a template",
            });
        }
        if has(Part::Year) && (has(Part::Month) != has(Part::MonthName)) && has(Part::Day) {
            return Ok(self);
        }
        Err(Wrong {
            message: "a day is known by its year, its month and its day".to_owned(),
            hint: "name each once, such as 'MM/DD/YYYY'",
        })
    }

    /// How many characters a day has at most: years outside 0 to 9999 carry a sign.
    pub fn longest(&self) -> u32 {
        self.0
            .iter()
            .map(|part| match part {
                Part::Year => 5,
                Part::MonthName => 3,
                Part::ShortYear | Part::Month | Part::Day => 2,
                Part::Between(_) => 1,
            })
            .sum()
    }

    pub fn write(&self, date: Date) -> String {
        let mut text = String::new();
        for part in &self.0 {
            // Writing to a text cannot fail.
            let _ = match part {
                Part::Year if date.year() < 0 => write!(text, "{:05}", date.year()),
                Part::Year => write!(text, "{:04}", date.year()),
                Part::ShortYear => write!(text, "{:02}", date.year().rem_euclid(100)),
                Part::Month => write!(text, "{:02}", date.month()),
                Part::MonthName => write!(text, "{}", month_name(date.month())),
                Part::Day => write!(text, "{:02}", date.day()),
                Part::Between(sign) => write!(text, "{sign}"),
            };
        }
        text
    }

    pub fn read(&self, text: &str) -> Option<Date> {
        let (mut year, mut month, mut day) = (None, None, None);
        let mut rest = text;
        for part in &self.0 {
            match part {
                Part::Year => year = Some(digits(&mut rest, 4)?),
                Part::Month => month = Some(digits(&mut rest, 2)?),
                Part::MonthName => month = Some(named_month(&mut rest)?),
                Part::Day => day = Some(digits(&mut rest, 2)?),
                Part::ShortYear => return None,
                Part::Between(sign) => rest = rest.strip_prefix(*sign)?,
            }
        }
        let (month, day) = (i8::try_from(month?).ok()?, i8::try_from(day?).ok()?);
        Date::new(year?, month, day).filter(|_| rest.is_empty())
    }
}

fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("")
}

fn digits(rest: &mut &str, count: usize) -> Option<i16> {
    let (digits, after) = rest.split_at_checked(count)?;
    *rest = after;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn named_month(rest: &mut &str) -> Option<i16> {
    let (name, after) = rest.split_at_checked(3)?;
    *rest = after;
    MONTHS.iter().zip(1..).find(|(month, _)| month.eq_ignore_ascii_case(name)).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::DayPattern;
    use crate::value::Date;

    #[test]
    fn what_is_no_pattern_is_said() {
        for (text, words) in [
            ("mm/dd", "`m` is no part"),
            ("YYYY-MM-YYYY", "twice"),
            ("--", "no part"),
            ("", "no part"),
            ("YYYYY", "`Y` is no part"),
            ("YY", "century"),
            ("YYYY-MM", "its day"),
            ("YYYY-MM-MMM-DD", "its month"),
        ] {
            let wrong = DayPattern::parse(text).and_then(|pattern| pattern.names_a_day()).expect_err(text);
            assert!(wrong.message.contains(words), "{text}: {}", wrong.message);
        }
    }

    #[test]
    fn only_the_whole_text_is_a_day() {
        let pattern = DayPattern::parse("DD.MM.YYYY").expect("pattern");
        for text in ["1.10.2026", "01.10.2026 ", "01.10.26", "01-10-2026", "31.02.2026", "+1.10.2026", "", "ü1.10.2026"]
        {
            assert!(pattern.read(text).is_none(), "{text}");
        }
        assert_eq!(pattern.read("01.10.2026"), Date::new(2026, 10, 1));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(days in -700_000_i64..2_900_000, which in 0..4_usize) {
            let text = ["YYYY-MM-DD", "DDMMMYYYY", "MM/DD/YYYY", "YYYYMMDD"][which];
            let pattern = DayPattern::parse(text).expect("pattern");
            let date = Date::new(1970, 1, 1).expect("day").plus_days(days);
            let written = pattern.write(date);
            proptest::prop_assert!(written.chars().count() <= pattern.longest() as usize);
            proptest::prop_assert_eq!(pattern.read(&written), Some(date).filter(|date| date.year() >= 0));
        }
    }
}
