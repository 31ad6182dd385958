//! `[logs] time_format` and `default_year`: how the times of a log are written.
//!
//! Where formats are given, a text is a time only if it is in one of them: a spelling that would be
//! read without them may mean another day there. Each format is tried out when the release file is
//! read, so that one that cannot bring an instant back is refused before any log is opened.

use jiff::civil::{DateTime, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

use super::parse::Lines;
use super::raw::RawLogs;
use crate::{Error, Result};

/// The formats of times in text, in the order in which they are tried; none as a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeFormats {
    formats: Vec<String>,
    default_year: Option<i16>,
}

/// What a text in a declared format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// An instant, by its own offset.
    Instant(jiff::Timestamp),
    /// A time on the clocks of `[logs] time_zone`.
    Local(DateTime),
}

impl TimeFormats {
    /// Checks the fields.
    pub(super) fn parse(raw: &RawLogs, lines: &Lines<'_>) -> Result<Self> {
        let default_year = match &raw.default_year {
            None => None,
            Some(year) => {
                let known = i16::try_from(*year.get_ref()).ok();
                Some(known.filter(|year| (1_000..=9_999).contains(year)).ok_or_else(|| {
                    lines
                        .usage(year.span(), "`[logs] default_year` is no year of four digits")
                        .help("for example default_year = 2026")
                })?)
            }
        };
        let Some(declared) = &raw.time_format else {
            return match &raw.default_year {
                None => Ok(Self::default()),
                Some(year) => Err(lines
                    .usage(year.span(), "`[logs] default_year` needs `time_format`")
                    .help("for example time_format = \"%b %d %H:%M:%S\" for the stamps of syslog")),
            };
        };
        if raw.time_unit.is_some() {
            return Err(lines
                .usage(declared.span(), "`[logs]` has both `time_format` and `time_unit`")
                .help("a time is a text in a format, or a number in a unit: remove one of them"));
        }
        let formats = Self { formats: declared.get_ref().as_slice().to_vec(), default_year };
        let refuse = |error: Error| {
            let message = lines.usage(declared.span(), &error.to_string());
            message.help(error.hint().unwrap_or_default().to_owned())
        };
        formats.check().map_err(refuse)?;
        Ok(formats)
    }

    /// Whether no format is declared.
    pub fn is_empty(&self) -> bool {
        self.formats.is_empty()
    }

    /// The formats as typed, joined, and the year: what decides when a row was.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let formats = (!self.is_empty()).then(|| ("[logs] time_format", self.formats.join(" | ")));
        let year = self.default_year.map(|year| ("[logs] default_year", year.to_string()));
        formats.into_iter().chain(year).collect()
    }

    /// The year of stamps that have none.
    pub const fn default_year(&self) -> Option<i16> {
        self.default_year
    }

    /// Reads a text in the first format that it is in.
    pub fn read(&self, text: &str) -> Option<Written> {
        self.formats.iter().find_map(|format| self.read_as(format, text))
    }

    fn read_as(&self, format: &str, text: &str) -> Option<Written> {
        let mut parts = BrokenDownTime::parse(format, text).ok()?;
        if parts.timestamp().is_some() || parts.offset().is_some() {
            self.complete(&mut parts)?;
            return parts.to_timestamp().ok().map(Written::Instant);
        }
        self.complete(&mut parts)?;
        parts.to_datetime().ok().map(Written::Local)
    }

    /// Sets the year where there is none; `None` for a year of fewer than four digits.
    fn complete(&self, parts: &mut BrokenDownTime) -> Option<()> {
        if let (None, None, Some(year)) = (parts.year(), parts.iso_week_year(), self.default_year) {
            parts.set_year(Some(year)).ok()?;
        }
        parts.year().is_none_or(|year| year >= 1_000).then_some(())
    }

    fn check(&self) -> Result<()> {
        let refuse = |what: String| Error::usage(format!("`[logs] time_format` {what}"));
        if self.is_empty() {
            return Err(refuse("has no format".to_owned()).help(EXAMPLE));
        }
        let mut is_year_used = false;
        for format in &self.formats {
            let has_year = self.has_year(format)?;
            is_year_used |= !has_year;
            if !has_year && self.default_year.is_none() {
                return Err(refuse(format!("`{format}` has no year")).help(
                    "add the year that its stamps are of: default_year = 2026. A log of several years \
                     needs a release file for each",
                ));
            }
        }
        if self.default_year.is_some() && !is_year_used {
            return Err(Error::usage("`[logs] default_year` is not used").help(
                "every format of `time_format` has a year of its own: remove `default_year`",
            ));
        }
        Ok(())
    }

    /// Whether a format has a year. A format is refused if date and hour of an instant that is
    /// written in it are not read back.
    fn has_year(&self, format: &str) -> Result<bool> {
        let refuse = |what: &str| {
            Err(Error::usage(format!("`[logs] time_format = \"{format}\"` {what}")).help(EXAMPLE))
        };
        let probes = [date(2026, 3, 2).at(10, 5, 3, 0), date(2027, 11, 25).at(22, 5, 3, 0)];
        let write = |time: DateTime| {
            strtime::format(format, &TimeZone::UTC.to_zoned_datetime(time).ok()?).ok()
        };
        let Some(text) = write(probes[0]) else { return refuse("is no format") };
        let Ok(parts) = BrokenDownTime::parse(format, &text) else {
            return refuse("cannot be read, only written");
        };
        let has_year = parts.year().is_some()
            || parts.iso_week_year().is_some()
            || parts.timestamp().is_some();
        for probe in probes {
            let formats =
                Self { formats: Vec::new(), default_year: (!has_year).then_some(probe.year()) };
            let read = write(probe).and_then(|text| formats.read_as(format, &text));
            let read = match read {
                Some(Written::Local(time)) => time,
                Some(Written::Instant(instant)) => TimeZone::UTC.to_datetime(instant),
                None => return refuse("has no whole date, or no clock"),
            };
            if read.date() != probe.date() || read.hour() != probe.hour() {
                return refuse("has no whole date, or no clock");
            }
        }
        Ok(has_year)
    }
}

const EXAMPLE: &str = "for example \"%d/%m/%Y %H:%M:%S\": %Y %m %d %H %M %S stand for numbers, %y for a year \
                       of two digits, %b for the name of a month, %z for an offset, %p for AM or PM";

#[cfg(test)]
mod tests {
    use crate::release_file::ReleaseFile;

    fn formats(fields: &str) -> crate::Result<super::TimeFormats> {
        let text = format!(
            "name = \"x\"\n[logs]\npath = \"x\"\n{fields}\n[ledger]\npath = \"l\"\nepsilon = 1\n\
             delta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n"
        );
        Ok(ReleaseFile::parse(&text, "r.toml", "".as_ref())?.logs.time_formats)
    }

    #[test]
    fn a_format_that_cannot_bring_an_instant_back_is_refused_with_its_line() {
        for (fields, words) in [
            ("time_format = \"%d/%m/%Y\"", "no clock"),
            ("time_format = \"%m/%Y %H:%M\"", "no whole date"),
            ("time_format = \"%d/%m/%Y %I:%M\"", "no clock"),
            ("time_format = \"%d/%m/%Y %&\"", "is no format"),
            ("time_format = \"%d/%m/%Y %H:%M %Z\"", "cannot be read"),
            ("time_format = \"\"", "no whole date"),
            ("time_format = []", "has no format"),
            ("time_format = \"%b %d %H:%M:%S\"", "has no year"),
            ("default_year = 2026", "needs `time_format`"),
            ("time_format = \"%d/%m/%Y %H:%M\"\ndefault_year = 2026", "is not used"),
            ("time_format = \"%b %d %H:%M\"\ndefault_year = 26", "four digits"),
            ("time_format = \"%s\"\ntime_unit = \"s\"", "both"),
        ] {
            let error = formats(fields).expect_err(fields).to_string();
            assert!(error.contains(words), "{fields}: {error}");
            assert!(error.starts_with("r.toml: line 4") || error.starts_with("r.toml: line 5"));
        }
    }

    #[test]
    fn several_formats_are_tried_in_their_order() {
        let read =
            |fields: &str, text: &str| format!("{:?}", formats(fields).expect(fields).read(text));
        let both = "time_format = [\"%b %d %H:%M:%S\", \"%d.%m.%Y %H:%M %z\", \"%s\"]\ndefault_year = 2024";
        assert_eq!(read(both, "Feb 29 10:05:03"), "Some(Local(2024-02-29T10:05:03))");
        assert_eq!(read(both, "3.2.2026 10:05 +0100"), "Some(Instant(2026-02-03T09:05:00Z))");
        assert_eq!(read(both, "1772445903"), "Some(Instant(2026-03-02T10:05:03Z))");
        assert_eq!(read(both, "2026-02-03T10:05:00Z"), "None");
        assert_eq!(read("time_format = \"%d.%m.%Y %H:%M\"", "03.02.26 10:05"), "None");
    }
}
