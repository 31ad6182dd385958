//! One requester's lookups of one UTC day: what a person or a bot would send.
//!
//! A person opens an app now and then, and each opening asks about one or more contacts. The
//! client caches answers: a target that it asked about is not asked about again for
//! [`CACHED`], also across midnight. A lookup that fails is retried within seconds, cache or not.
//! Bots keep no cache; they walk through numbers at a steady pace. The number of lookups is given.

use std::collections::HashMap;

use super::chance::{Chance, Purpose};
use super::contacts::{asks_before, contact, service, stranger};
use super::population::{Habit, Number, Population, Requester};
use super::rhythm::{Curve, DAY};

const SECOND: i64 = 1_000_000;
/// How long a client trusts an answer.
pub(super) const CACHED: i64 = 6 * 3_600 * SECOND;
/// All retries of a lookup follow within this time.
pub(super) const RETRY_MOST: i64 = 20 * SECOND;
/// Share of a person's lookups that fail at first, and of the failed ones that are retried.
const FAILS: f64 = 0.018;
const RETRIED: f64 = 0.85;
/// The same for bots, whose connections are stable.
const BOT_FAILS: f64 = 0.002;
/// Share of single lookups about a business.
const TO_SERVICES: f64 = 0.14;
/// After this many choices a person looks beyond the favourites, and beyond the address book.
const WHOLE_BOOK: u32 = 6;
const BEYOND_BOOK: u32 = 12;
/// Choices after which a person asks in spite of the cache; practically never reached.
const CHOICES_MOST: u32 = 64;

/// One lookup: 16 bytes, ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ask {
    /// Microsecond of the day, app and failure in one number, the time in the highest bits.
    packed: u64,
    pub(super) requester: u32,
    pub(super) target: Number,
}

impl Ask {
    fn new(moment: i64, app: usize, failed: bool, requester: u32, target: Number) -> Self {
        let packed = (moment as u64) << 4 | (app as u64) << 1 | u64::from(failed);
        Self { packed, requester, target }
    }

    /// Microseconds since the beginning of the UTC day.
    pub(super) const fn moment(self) -> i64 {
        (self.packed >> 4) as i64
    }

    pub(super) const fn app(self) -> usize {
        (self.packed >> 1 & 7) as usize
    }

    /// Whether the answer came late or never reached the client.
    pub(super) const fn failed(self) -> bool {
        self.packed & 1 == 1
    }

    /// A key of its own for draws about this lookup.
    pub(super) const fn key(self) -> (u64, u64) {
        (self.packed, (self.requester as u64) << 32 | self.target.0 as u64)
    }
}

/// How an app asks.
#[derive(Debug)]
pub(super) struct App {
    /// What the log calls it.
    pub(super) name: Option<&'static str>,
    /// Share of the openings.
    share: f64,
    /// Lookups of an opening: `least` plus the whole part of an exponential time of mean `more`.
    least: u32,
    more: f64,
    /// Time between two lookups of an opening.
    pace: i64,
}

/// `contacts` walks along the address book; the other apps ask about whom the person turns to.
const CONTACTS: usize = 1;
/// The app of most bots, and of the few that give a name of their own.
const MESSAGES: usize = 0;
const UNLISTED: usize = 5;

/// The apps; an old client sends no name, and one is too new to be on anybody's list.
pub(super) const APPS: [App; 6] = [
    App { name: Some("messages"), share: 0.72, least: 1, more: 0.7, pace: 22 * SECOND },
    App { name: Some("contacts"), share: 0.04, least: 4, more: 11.0, pace: SECOND / 8 },
    App { name: Some("calls"), share: 0.15, least: 1, more: 0.1, pace: 40 * SECOND },
    App { name: Some("share"), share: 0.078, least: 1, more: 0.9, pace: 2 * SECOND },
    App { name: None, share: 0.008, least: 1, more: 0.5, pace: 15 * SECOND },
    App { name: Some("watch"), share: 0.004, least: 1, more: 0.2, pace: 30 * SECOND },
];
/// No opening is larger, so that it and its retries fit into minutes.
const OPENING_MOST: u32 = 200;

/// One opening of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Opening {
    moment: i64,
    app: usize,
    lookups: u32,
}

/// Makes days of requesters; keeps its memory between them.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    population: &'a Population,
    /// Days since 1970.
    day: i64,
    openings: Vec<Opening>,
    /// When the client last asked about each target.
    asked: HashMap<Number, i64, foldhash::fast::FixedState>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(population: &'a Population, day: i64) -> Self {
        Self { population, day, openings: Vec::new(), asked: HashMap::default() }
    }

    /// Appends exactly `count` lookups of one requester.
    pub(super) fn ask(
        &mut self,
        person: u32,
        requester: Requester,
        curve: &Curve,
        count: u32,
        asks: &mut Vec<Ask>,
    ) {
        let key = self.day as u64;
        let purpose = Purpose::Lookups;
        let mut chance = Chance::new(self.population.seed, purpose, u64::from(person), key);
        match requester.habit {
            Habit::Person => self.as_person(person, requester, curve, count, &mut chance, asks),
            habit => self.as_bot(person, habit, count, &mut chance, asks),
        }
    }

    fn as_person(
        &mut self,
        person: u32,
        requester: Requester,
        curve: &Curve,
        count: u32,
        chance: &mut Chance,
        asks: &mut Vec<Ask>,
    ) {
        self.asked.clear();
        self.open_apps(curve, count, chance);
        for at in 0..self.openings.len() {
            let Opening { moment, app, lookups } = self.openings[at];
            let pace = APPS[app].pace;
            let mut slot = chance.below(requester.contacts);
            let mut step = 0;
            let mut left = lookups;
            while left > 0 {
                // Somewhere in its own interval, so that lookups keep their order.
                let mut now = moment + step * pace + scaled(pace, chance.unit());
                step += 1;
                slot = (slot + 1) % requester.contacts;
                let walk = (app == CONTACTS).then_some(slot);
                let target = self.choose(person, requester, walk, now, chance);
                let mut failed = chance.happens(FAILS);
                asks.push(Ask::new(now, app, failed, person, target));
                left -= 1;
                let mut wait = SECOND;
                while failed && left > 0 && wait <= 4 * SECOND && chance.happens(RETRIED) {
                    now += wait + scaled(wait, chance.unit());
                    wait *= 2;
                    failed = chance.happens(0.3);
                    asks.push(Ask::new(now, app, failed, person, target));
                    left -= 1;
                }
                self.asked.insert(target, now);
            }
        }
    }

    /// Draws openings of apps until they have `count` lookups together; earliest first.
    fn open_apps(&mut self, curve: &Curve, count: u32, chance: &mut Chance) {
        self.openings.clear();
        let mut left = count;
        while left > 0 {
            let mut share = chance.unit();
            let app = APPS.iter().position(|app| {
                share -= app.share;
                share < 0.0
            });
            let app = app.unwrap_or(MESSAGES);
            let App { least, more, pace, .. } = APPS[app];
            let lookups = least.saturating_add((chance.exponential() * more) as u32);
            let lookups = lookups.min(OPENING_MOST).min(left);
            left -= lookups;
            // An opening ends before the day does.
            let latest = DAY - 1 - i64::from(lookups) * pace - RETRY_MOST;
            let moment = curve.moment(chance.unit()).min(latest);
            self.openings.push(Opening { moment, app, lookups });
        }
        self.openings.sort_unstable();
    }

    /// Chooses whom a person asks about now: a target whose answer is not in the cache.
    fn choose(
        &self,
        person: u32,
        requester: Requester,
        walk: Option<u64>,
        now: i64,
        chance: &mut Chance,
    ) -> Number {
        let mut choice = 0;
        loop {
            let target = match (choice, walk) {
                (0, Some(slot)) => contact(self.population, person, slot),
                (..WHOLE_BOOK, None) if chance.happens(TO_SERVICES) => {
                    service(self.population, person, chance)
                }
                (..WHOLE_BOOK, None) => {
                    contact(self.population, person, chance.zipf(requester.contacts))
                }
                (..BEYOND_BOOK, _) => {
                    contact(self.population, person, chance.below(requester.contacts))
                }
                _ => stranger(self.population, person, chance),
            };
            choice += 1;
            if choice > CHOICES_MOST || self.is_fresh(person, target, now) {
                return target;
            }
        }
    }

    /// Whether the client has no answer about a target, today's or yesterday's.
    fn is_fresh(&self, person: u32, target: Number, now: i64) -> bool {
        if self.asked.get(&target).is_some_and(|last| now - last < CACHED) {
            return false;
        }
        if now < CACHED {
            return !asks_before(self.population, person, target, self.day);
        }
        now < DAY - CACHED || asks_before(self.population, person, target, self.day + 1)
    }

    /// A bot works a stretch of the day at a steady pace.
    fn as_bot(
        &self,
        person: u32,
        habit: Habit,
        count: u32,
        chance: &mut Chance,
        asks: &mut Vec<Ask>,
    ) {
        let hour = DAY as f64 / 24.0;
        let length = hour * (2.0 + 18.0 * chance.unit());
        let begin = chance.unit() * (DAY as f64 - length);
        let pace = length / f64::from(count.max(1));
        let app = if chance.happens(0.1) { UNLISTED } else { MESSAGES };
        let home = self.population.home_of(person);
        let settled = self.population.settled(home);
        let numbers = match habit {
            Habit::Scanner => self.population.numbers_of(home),
            _ => settled.people,
        };
        let first = chance.below(u64::from(numbers)) as u32;
        let mut latest = None;
        for step in 0..count {
            let now = (begin + pace * (f64::from(step) + chance.unit())) as i64;
            let fresh = match habit {
                Habit::Scanner => self.population.neighbour(home, first, step),
                _ => {
                    let rank = (u64::from(first) + u64::from(step)) % u64::from(numbers);
                    self.population.resident(home, rank as u32)
                }
            };
            let target = latest.take().unwrap_or(fresh);
            let failed = chance.happens(BOT_FAILS);
            if failed {
                latest = Some(target);
            }
            asks.push(Ask::new(now.clamp(0, DAY - 1), app, failed, person, target));
        }
    }
}

/// A part of a time.
fn scaled(time: i64, part: f64) -> i64 {
    (time as f64 * part) as i64
}
