//! The days of `status` as lines for people and as objects for programs.

use serde_json::{Value, json};

use super::super::output::wrapped;
use super::standing::Standing;
use crate::ledger::State;
use crate::release_file::day::Day;

/// One day with what is known of it.
pub(super) struct Shown {
    pub(super) day: Day,
    pub(super) standing: Standing,
    /// The state in which an earlier run left it, if it is not released.
    pub(super) begun: Option<State>,
    /// Whether its logs have changed since it was released, if that was asked.
    pub(super) logs_changed: Option<bool>,
}

impl Shown {
    pub(super) fn object(&self) -> Value {
        json!({
            "day": self.day,
            "standing": self.standing.word(),
            "expires_in_days": self.standing.expires_in_days(),
            "begun": self.begun,
            "logs_changed": self.logs_changed,
        })
    }

    /// What the line adds after the standing and the expiry: a release that has begun, and logs
    /// that have changed.
    fn more(&self) -> String {
        let mut more = String::new();
        if let Some(state) = self.begun {
            more.push_str(&format!("; {state} and not stored, the next run goes on with it"));
            // Whether the logs are those of the reservation only a run finds out.
            more.push_str(match state {
                State::Reserved => ", or reserves it again if its logs have changed",
                _ => " if its logs have not changed",
            });
        }
        if self.logs_changed == Some(true) {
            more.push_str("; its logs have changed since, and are not released again");
        }
        more
    }

    /// Whether the next day goes into the same line.
    fn goes_on(&self, next: &Self) -> bool {
        self.day.next() == Some(next.day)
            && self.standing.is_said_with(next.standing)
            && self.more() == next.more()
    }
}

/// One line for each run of days with the same words.
pub(super) fn lines(days: &[Shown]) -> String {
    let mut text = String::new();
    for days in days.chunk_by(Shown::goes_on) {
        let [first, .., last] = days else {
            text.push_str(&days.iter().map(|day| line(day, day)).collect::<String>());
            continue;
        };
        text.push_str(&line(first, last));
    }
    text
}

fn line(first: &Shown, last: &Shown) -> String {
    let days = match first.day == last.day {
        true => first.day.to_string(),
        false => format!("{} to {}", first.day, last.day),
    };
    let expires = first.standing.expires_with(last.standing);
    let expires = expires.map_or_else(String::new, |when| format!(", expires {when}"));
    wrapped(&format!("{days}  {}{expires}{}", first.standing.words(), first.more()), 12)
}
