//! Moments and days. A moment is cut to microseconds, which both databases keep exactly.
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment in UTC, exact to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ts(Timestamp);

impl Ts {
    /// Cuts what neither database would keep.
    pub fn of(at: Timestamp) -> Self {
        Self::from_micros(at.as_microsecond())
    }

    /// From microseconds since 1970; a value outside of the calendar becomes its last moment.
    pub fn from_micros(us: i64) -> Self {
        Self(Timestamp::from_microsecond(us).unwrap_or(Timestamp::MAX))
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Later (or earlier, if negative) by whole seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.micros().saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The day on which this moment falls in a zone.
    pub fn day(self, zone: &TimeZone) -> Date {
        zone.to_datetime(self.0).date()
    }

    /// The first moment of a day in a zone: days are half-open, `[start(d), start(d + 1))`.
    pub fn start_of(day: Date, zone: &TimeZone) -> Self {
        let at = zone.to_ambiguous_zoned(day.at(0, 0, 0, 0)).compatible();
        Self(at.map_or(Timestamp::MAX, |z| z.timestamp()))
    }

    /// The month in a zone as `2026-11`: the key of the twelve-month chart.
    pub fn month(self, zone: &TimeZone) -> String {
        self.day(zone).strftime("%Y-%m").to_string()
    }

    /// `22 Nov 2026`
    pub fn day_text(self, zone: &TimeZone) -> String {
        self.day(zone).strftime("%-d %b %Y").to_string()
    }

    /// `22 Nov 2026, 14:31 GMT`
    pub fn full_text(self, zone: &TimeZone) -> String {
        self.0.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M %Z").to_string()
    }

    /// As said within the day: `Today 14:31`, `Yesterday 14:31`, else the date.
    pub fn spoken(self, now: Self, zone: &TimeZone) -> String {
        let (day, today) = (self.day(zone), now.day(zone));
        let clock = zone.to_datetime(self.0).strftime("%H:%M").to_string();
        if day == today {
            format!("Today {clock}")
        } else if day.tomorrow().ok() == Some(today) {
            format!("Yesterday {clock}")
        } else {
            self.day_text(zone)
        }
    }

    /// The same in the midst of a sentence: `today 14:31`.
    pub fn spoken_within(self, now: Self, zone: &TimeZone) -> String {
        let mut text = self.spoken(now, zone);
        text[..1].make_ascii_lowercase();
        text
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A zone by its IANA name.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// A day as written by people: `2026-11-22`; the calendar is checked (29 February).
pub fn parse_day(text: &str) -> Option<Date> {
    let text = text.trim();
    let day: Date = text.parse().ok()?;
    // a moment would be read as its day
    let whole = text.len() == "2026-11-22".len();
    (whole && (1..=9999).contains(&day.year())).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_day_follows_the_clock_change() {
        let london = zone("Europe/London").unwrap();
        let start = Ts::start_of(parse_day("2026-03-29").unwrap(), &london);
        let end = Ts::start_of(parse_day("2026-03-30").unwrap(), &london);
        assert_eq!((end.micros() - start.micros()) / 3_600_000_000, 23);
    }

    #[test]
    fn the_calendar_is_checked() {
        assert!(parse_day("2028-02-29").is_some());
        assert!(parse_day("2027-02-29").is_none());
        assert!(parse_day("tomorrow").is_none());
        assert!(parse_day("2026-11-22T00:00").is_none());
        assert!(parse_day("2026-11-22T00:00:00+01:00").is_none());
    }

    #[test]
    fn text_and_back_is_the_same_moment() {
        let ts = Ts::from_micros(1_763_776_980_123_456);
        let text = serde_json::to_string(&ts).unwrap();
        assert_eq!(serde_json::from_str::<Ts>(&text).unwrap(), ts);
    }
}
