//! Whole releases of simulated days, each with a ledger of its own that has all of the budget.

use std::path::Path;

use pointillist::ledger::{Ledger, Second};
use pointillist::pipeline::{Done, Incomplete, Job, open_ledger, release_day, stored_days};
use pointillist::publish::{Coarser, Countries, Period, rollup};
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::day::DayBounds;
use pointillist::release_file::question::Question;

use crate::log::Log;
use crate::published::{Answer, Seen, answers};

pub(crate) const EPSILON: f64 = 1.0;
pub(crate) const DELTA: f64 = 1e-6;

/// What is asked of logs, without where they lie.
pub(crate) struct Release {
    /// `[logs]` without its path, and `[keys]`.
    pub(crate) logs: String,
    /// More lines of `[ledger]`.
    pub(crate) ledger: String,
    pub(crate) questions: String,
}

/// What becomes of the keys of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    Keep,
    Drop,
}

/// One release of some days.
pub(crate) struct Run {
    job: Job,
    ledger: Ledger,
}

impl Release {
    /// A draw of its own over the logs in a folder, seen from the day after the last of them.
    pub(crate) fn run(&self, folder: &Path, draw: usize, last: &str) -> Run {
        let text = format!(
            "name = \"accuracy\"\n[logs]\npath = \"lookups/**/*.*\"\n{}\n[ledger]\npath = \
             \"{draw}.ledger\"\nepsilon = {EPSILON:?}\ndelta = {DELTA:?}\n{}\n[privacy]\n\
             budget_share = 1.0\n{}",
            self.logs, self.ledger, self.questions
        );
        let release_file = ReleaseFile::parse(&text, "accuracy.toml", folder).expect("a release");
        let last: jiff::civil::Date = last.parse().expect("a day");
        let after = last + jiff::Span::new().days(2);
        let as_of = format!("{after}T12:00:00Z").parse().expect("an instant");
        let job = Job {
            out: folder.join(format!("out-{draw}")),
            incomplete: Incomplete::Release,
            second_ledger: Second::Allow,
            ..Job::new(release_file, as_of)
        };
        let ledger = open_ledger(&job).expect("a ledger");
        Run { job, ledger }
    }
}

impl Run {
    pub(crate) fn questions(&self) -> &[Question] {
        &self.job.release_file.questions
    }

    /// Releases a day and reads each question's answers back; `None` if it looks empty.
    pub(crate) fn release(&mut self, date: &str) -> Option<Vec<Vec<Answer>>> {
        let zone = &self.job.release_file.ledger.time_zone;
        let bounds = DayBounds::new(date.parse().expect("a day"), zone).expect("bounds");
        let done = release_day(&self.job, &mut self.ledger, &bounds).expect("a release");
        if done == Done::Empty {
            return None;
        }
        let read = |question: &Question| {
            let path = format!("{}/day={date}/part-0.parquet", question.name);
            answers(question, &std::fs::read(self.job.out.join(path)).expect("a table"))
        };
        Some(self.questions().iter().map(read).collect())
    }

    /// The sums of the released week of each question that adds up, by its keys or without them.
    pub(crate) fn week(&self, keys: Keys) -> Vec<(Question, Vec<Answer>)> {
        let coarser = |question: &Question| {
            let names = question.by.iter().map(|key| key.name().to_owned());
            let drop = if keys == Keys::Drop { names.collect() } else { Vec::new() };
            Coarser { period: Period::Week, drop, countries: Countries::Keep }
        };
        let fit = self.questions().iter().filter(|question| {
            coarser(question).unfit(question).is_none()
                && (keys == Keys::Keep || !question.by.is_empty())
        });
        fit.map(|question| {
            let coarser = coarser(question);
            let mut asked = question.clone();
            if keys == Keys::Drop {
                asked.name += " without keys";
                asked.by.clear();
            }
            let file = &self.job.release_file;
            let days = stored_days(file, &question.name).expect("released days");
            let weeks = rollup(file, question, &days, &coarser).expect("a week");
            let read = answers(&asked, &weeks.files.first().expect("a week").bytes);
            (asked, read)
        })
        .collect()
    }
}

/// Answers beside their truths, in groups of one name: each quantile is a group of its own. What has no
/// truth, as a share of no lookups, is left out.
pub(crate) fn groups(
    question: &Question,
    day: usize,
    log: &Log,
    answers: Vec<Answer>,
) -> Vec<(String, Seen)> {
    let mut groups: Vec<(String, Seen)> = Vec::new();
    let truths = log.truths(question, &answers);
    let is_quantile = question.measure.word() == "quantiles";
    let has_truth = |(_, truth): &(Answer, f64)| !truth.is_nan();
    for (answer, truth) in answers.into_iter().zip(truths).filter(has_truth) {
        let name = if is_quantile {
            format!("{} {}", question.name, answer.which)
        } else {
            question.name.clone()
        };
        if groups.iter().all(|(known, _)| *known != name) {
            let seen = Seen { day, answers: Vec::new(), truths: Vec::new() };
            groups.push((name.clone(), seen));
        }
        let group = groups.iter_mut().find(|(known, _)| *known == name);
        let (_, seen) = group.expect("the group");
        seen.answers.push(answer);
        seen.truths.push(truth);
    }
    groups
}
