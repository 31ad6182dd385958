//! The tables: which logs are measured, and how their figures are laid out.

use std::path::Path;

use jiff::ToSpan;
use pointillist::simulate::Settings;
use tempfile::tempdir;

use crate::Asked;
use crate::asked::{
    averages as of_numbers, eight, five, five_invented, kinds as other_kinds, prefixes,
};
use crate::keys::Asked as Asks;
use crate::log::Log;
use crate::others::Table;
use crate::published::{Figures, Seen};
use crate::real::REAL;
use crate::runs::{Keys, Release, groups};
use crate::simulated::{log, settings};
use crate::world::{DATE, Day, QUESTIONS, Users};

/// Writes one of the days of a log into a folder, and counts it.
type WriteDay<'w> = dyn Fn(usize, &Path) -> (String, Log) + 'w;

/// A kind of log: its name, what is asked of it, and how one of its days is written and counted.
struct World<'w> {
    words: String,
    release: Release,
    days: usize,
    day: Box<WriteDay<'w>>,
}

/// The answers to each question on all days, and how many releases looked empty.
type Measured = (Vec<(String, Vec<Seen>)>, usize);

/// Seeds of a day that is compared with other ways.
const COMPARED_SEEDS: u64 = 3;

/// Lookups of a day and requesters of the simulated logs.
const SIZES: [(u64, u64); 4] =
    [(100_000, 20_000), (1_000_000, 200_000), (3_000, 600), (100_000, 500)];
/// A week is measured for this number of days that are.
const DAYS_FOR_A_WEEK: usize = 3;

const HEAD: &str = "| log | question | error % | noise % | hold | worst day | width | say nothing |\n\
                    |---|---|--:|--:|--:|--:|--:|--:|\n";

/// Ours beside other ways at their best in hindsight, for three kinds of users.
pub(crate) fn others(_asked: &Asked, draws: usize) -> String {
    let mut text = String::from(
        "| users | question | mean cell | ours | row cap | L0/Linf | norm in hindsight | times better \
         than a row cap | than L0/Linf | hold | width |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for users in [Users::Plain, Users::Bots, Users::ConcentratedBots] {
        let days: Vec<Day> =
            (0..COMPARED_SEEDS).map(|seed| Day::simulate(users, 7 + seed)).collect();
        let world = World {
            words: users.words().to_owned(),
            release: eight(),
            days: days.len(),
            day: Box::new(|day, folder| {
                days[day].write(folder);
                (DATE.to_owned(), days[day].log())
            }),
        };
        let (seen, _) = measure(&world, draws);
        let logs: Vec<Log> = days.iter().map(Day::log).collect();
        text += &compared(&world.words, &seen, &logs);
    }
    text
}

/// Five questions by the kind and the size of the log.
pub(crate) fn sizes(asked: &Asked, draws: usize) -> String {
    let large = asked.large.then_some((10_000_000, 2_000_000));
    let mut text = HEAD.to_owned();
    for (lookups, requesters) in SIZES.into_iter().chain(large) {
        text += &rows(&simulated(lookups, requesters, five(), asked), asked, draws);
    }
    let first = asked.seed;
    for (words, users) in [
        ("power law 1.15", Users::Power(1.15)),
        ("power law 1.5", Users::Power(1.5)),
        ("1000 of whom nobody is very busy", Users::Alike(1_000)),
        ("20000 of whom nobody is very busy", Users::Alike(20_000)),
    ] {
        let world = World {
            words: words.to_owned(),
            release: five_invented(),
            days: asked.days,
            day: Box::new(move |day, folder| {
                let day = Day::simulate(users, first + day as u64);
                day.write(folder);
                (DATE.to_owned(), day.log())
            }),
        };
        text += &rows(&world, asked, draws);
    }
    for real in &REAL {
        let Some(days) = real.days() else {
            text += &format!("| {}: not present | | | | | | | |\n", real.words);
            continue;
        };
        let world = World {
            words: real.words.to_owned(),
            release: real.release(&days),
            days: days.len(),
            day: Box::new(|day, folder| {
                real.copy(folder);
                days[day].clone()
            }),
        };
        text += &rows(&world, asked, draws);
    }
    text
}

/// Sums of the counts of a week.
pub(crate) fn weeks(asked: &Asked, draws: usize) -> String {
    HEAD.to_owned() + &all_weeks(asked, draws, five, &[Keys::Keep])
}

/// Shares, means and sums of numbers, of days and of weeks.
pub(crate) fn averages(asked: &Asked, draws: usize) -> String {
    let days = SIZES.into_iter().map(|(lookups, requesters)| {
        rows(&simulated(lookups, requesters, of_numbers(), asked), asked, draws)
    });
    let days: String = days.collect();
    let weeks = all_weeks(asked, draws, of_numbers, &[Keys::Keep, Keys::Drop]);
    HEAD.to_owned() + &days + &weeks
}

fn all_weeks(asked: &Asked, draws: usize, release: fn() -> Release, keys: &[Keys]) -> String {
    let sizes = SIZES.into_iter().map(|(lookups, requesters)| {
        let words = format!("weeks of {lookups} by {requesters}");
        if !words.contains(&asked.log) {
            return String::new();
        }
        let mut seen = Vec::new();
        for week in 0..asked.days.div_ceil(DAYS_FOR_A_WEEK) {
            let first = settings(lookups, requesters, asked.seed + week as u64);
            for released in
                released_weeks(week, &Settings { days: 7, ..first }, draws, release, keys)
            {
                join(&mut seen, released);
            }
        }
        lines(&words, &seen)
    });
    sizes.collect()
}

/// The groups of a week's answers, of each draw.
fn released_weeks(
    week: usize,
    days: &Settings,
    draws: usize,
    release: fn() -> Release,
    keys: &[Keys],
) -> Vec<Vec<(String, Seen)>> {
    let folder = tempdir().expect("a temporary folder");
    let log = log(days, folder.path());
    let dates: Vec<String> =
        (0..days.days).map(|day| days.date(day).expect("a date").to_string()).collect();
    let mut all = Vec::new();
    for draw in 0..draws {
        let mut run = release().run(folder.path(), draw, &dates[dates.len() - 1]);
        let released = dates.iter().filter(|date| run.release(date).is_some()).count();
        // What is missing of a week is not an error of its sums.
        if released == dates.len() {
            let weeks = keys.iter().flat_map(|keys| run.week(*keys));
            all.extend(weeks.map(|(question, answers)| groups(&question, week, &log, answers)));
        }
    }
    all
}

/// One question of each other kind.
pub(crate) fn kinds(asked: &Asked, draws: usize) -> String {
    let mut text = HEAD.to_owned();
    for (lookups, requesters) in [SIZES[0], SIZES[1]] {
        text += &rows(&simulated(lookups, requesters, other_kinds(), asked), asked, draws);
    }
    text
}

/// Private prefixes that are found.
pub(crate) fn keys(_asked: &Asked, draws: usize) -> String {
    let asks = Asks::simulate(3);
    let folder = tempdir().expect("a temporary folder");
    asks.write(folder.path());
    let mut found = 0;
    for draw in 0..draws {
        let answers = prefixes().run(folder.path(), draw, DATE).release(DATE).expect("a release");
        // One row is all other lookups.
        found += answers[0].len() - 1;
    }
    let ours = found as f64 / draws as f64;
    let (other, cap) = asks.gaussian_threshold();
    format!(
        "| prefixes of a requester | found | found by a Gaussian threshold at its best cap | that cap on prefixes of a \
         requester | times as many found |\n\
         |--:|--:|--:|--:|--:|\n| {:.1} | {ours:.0} | {other:.0} | {cap} | {:.2} |\n",
        asks.mean(),
        ours / other
    )
}

fn simulated(lookups: u64, requesters: u64, release: Release, asked: &Asked) -> World<'static> {
    let first = asked.seed;
    let words = format!("{lookups} by {requesters}");
    let day = move |day: usize, folder: &Path| {
        let mut of_day = settings(lookups, requesters, first + day as u64);
        of_day.start += (day as i64).days();
        (of_day.start.to_string(), log(&of_day, folder))
    };
    World { words, release, days: asked.days, day: Box::new(day) }
}

/// Releases each day as often as asked, every time with a ledger of its own.
fn measure(world: &World<'_>, draws: usize) -> Measured {
    let (mut seen, mut empty) = (Vec::new(), 0);
    for day in 0..world.days {
        let folder = tempdir().expect("a temporary folder");
        let (date, log) = (world.day)(day, folder.path());
        for draw in 0..draws {
            let mut run = world.release.run(folder.path(), draw, &date);
            let Some(answers) = run.release(&date) else {
                empty += 1;
                continue;
            };
            for (question, answers) in run.questions().iter().zip(answers) {
                join(&mut seen, groups(question, day, &log, answers));
            }
        }
    }
    (seen, empty)
}

fn join(seen: &mut Vec<(String, Vec<Seen>)>, more: Vec<(String, Seen)>) {
    for (name, one) in more {
        match seen.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(one),
            None => seen.push((name, vec![one])),
        }
    }
}

/// A world's lines of a table.
fn rows(world: &World<'_>, asked: &Asked, draws: usize) -> String {
    if !world.words.contains(&asked.log) {
        return String::new();
    }
    let (seen, empty) = measure(world, draws);
    let all = world.days * draws;
    let mut text = lines(&world.words, &seen);
    if empty > 0 {
        text += &format!("| {}: {empty} of {all} days look empty | | | | | | | |\n", world.words);
    }
    text
}

fn lines(words: &str, seen: &[(String, Vec<Seen>)]) -> String {
    let line = |(name, seen): &(String, Vec<Seen>)| {
        let figures = Figures::of(&seen.iter().collect::<Vec<_>>());
        format!(
            "| {words} | {name} | {} | {} | {:.0} | {:.0} | {:.1} | {:.0} |\n",
            short(figures.error),
            short(figures.noise),
            figures.coverage[0],
            figures.coverage[1],
            figures.width,
            figures.uninformative
        )
    };
    seen.iter().map(line).collect()
}

/// Three digits.
fn short(number: f64) -> String {
    let digits = 2 - number.abs().max(1e-9).log10().floor() as i32;
    format!("{number:.*}", digits.clamp(0, 6) as usize)
}

/// A table beside other ways, with the geometric means of how much smaller our errors are.
fn compared(words: &str, seen: &[(String, Vec<Seen>)], logs: &[Log]) -> String {
    let mut text = String::new();
    let mut means = [0.0; 2];
    for ((name, by), (_, seen)) in QUESTIONS.iter().zip(seen) {
        // The logarithms of errors: ours, of a row cap, of L0/Linf caps, of a norm.
        let (mut errors, mut cell) = ([0.0; 4], 0.0);
        for (day, log) in logs.iter().enumerate() {
            let own: Vec<&Seen> = seen.iter().filter(|seen| seen.day == day).collect();
            let table = Table::of(log, by, own[0].answers.len(), QUESTIONS.len());
            let all =
                [Figures::of(&own).square, table.row_cap(), table.l0_linf(), table.norm_cap()];
            for (sum, error) in errors.iter_mut().zip(all) {
                *sum += error.ln() / logs.len() as f64;
            }
            cell += table.mean() / logs.len() as f64;
        }
        let better = [errors[1] - errors[0], errors[2] - errors[0]];
        for (mean, better) in means.iter_mut().zip(better) {
            *mean += better / QUESTIONS.len() as f64;
        }
        let [ours, row_cap, l0_linf, norm] = errors.map(short_exp);
        let [first, second] = better.map(f64::exp);
        let figures = Figures::of(&seen.iter().collect::<Vec<_>>());
        text += &format!(
            "| {words} | {name} | {} | {ours} | {row_cap} | {l0_linf} | {norm} | {first:.2} | {second:.2} | \
             {:.0} | {:.1} |\n",
            short(cell),
            figures.coverage[0],
            figures.width
        );
    }
    let [first, second] = means.map(f64::exp);
    text + &format!("| {words} | geometric mean | | | | | | {first:.2} | {second:.2} | | |\n")
}

fn short_exp(number: f64) -> String {
    short(number.exp())
}
