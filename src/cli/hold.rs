//! `hold`: enters, extends, lifts, lists, opens and counts legal holds.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::guarded::require_unpublished;
use super::hold_args::{HoldAdd, HoldOpen, HoldOrder, HoldPlace, HoldVerb};
use super::hold_numbers::{canonical, listed_numbers, require_nameless};
use super::hold_warnings;
use super::output::Output;
use super::status::require_there;
use crate::custody::{Sign, disclose, number_digest, recipient};
use crate::ledger::{Custody, Hold, HoldTerms, Ledger, Renewal};
use crate::pipeline::open_custody;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, Day, parse_instant};
use crate::retain::Now;
use crate::words::{self, several};
use crate::{Error, Result};

/// How long to wait for a run that holds the ledger.
const WAIT: Duration = Duration::from_secs(60);
/// How long an extension lasts.
const STEP_DAYS: i64 = 30;

/// Runs the command.
///
/// # Errors
/// Usage, for a bad number, recipient, period or expiry; refused, for an order that is not there or
/// has ended; I/O.
pub(crate) fn run(verb: &HoldVerb, output: &Output) -> Result<()> {
    match verb {
        HoldVerb::Add(asked) => add(asked, output),
        HoldVerb::Extend(asked) => extend(asked, output),
        HoldVerb::Lift(asked) => lift(asked, output),
        HoldVerb::List(place) => list(place, output),
        HoldVerb::Open(asked) => open(asked, output),
        HoldVerb::Report(place) => report(place, output),
    }
}

fn add(asked: &HoldAdd, output: &Output) -> Result<()> {
    let (release_file, now) = (place(&asked.order.place)?, Clock::System.now());
    let order = order(&asked.order.order)?;
    let mut numbers = asked.number.clone();
    if let Some(file) = &asked.numbers {
        numbers.extend(listed_numbers(file)?);
    }
    let numbers = canonical(&release_file, &numbers)?;
    require_nameless(order, &numbers)?;
    let zone = &release_file.ledger.time_zone;
    let (from, to) = window(&asked.from, &asked.to, zone)?;
    let expires = match &asked.expires {
        Some(text) => end(text, zone)?,
        None => later(now)?,
    };
    if expires <= now {
        return Err(Error::usage(format!("`--expires {expires}` is not after {now}"))
            .help("a hold that has ended keeps nothing: give a later end"));
    }
    let mut recipients: Vec<String> = asked
        .recipients
        .iter()
        .map(|key| Ok(recipient(key)?.to_string()))
        .collect::<Result<_>>()?;
    recipients.sort();
    recipients.dedup();
    let mut ledger = open_custody(&release_file, WAIT)?;
    let custody = ledger.custody()?;
    let earlier = custody.of_order(order);
    let key = ledger.key();
    let mut digests: Vec<String> =
        numbers.iter().map(|number| number_digest(key, number)).collect();
    digests.sort();
    digests.dedup();
    let count = digests.len();
    let terms = HoldTerms {
        hold: 0,
        order: order.to_owned(),
        numbers: digests,
        role: asked.role,
        from_micros: from.as_microsecond(),
        to_micros: to.as_microsecond(),
        expires,
        recipients,
        number_rules: Some(ledger.rules().numbers.clone()),
    };
    if let Some(hold) = earlier.filter(|hold| hold.is_active(now)) {
        return renew(&mut ledger, hold, terms, output);
    }
    let hold = ledger.add_hold(terms)?;
    hold_warnings::warn_of_what_is_gone(&release_file, now, to, earlier, output)?;
    let numbers = several(count, "number");
    let text =
        format!("hold {hold}: order {order}, {numbers}, until {}\n", words::instant(expires));
    let object = json!({ "hold": hold, "order": order, "expires": expires.to_string() });
    output.result(&object, &text);
    Ok(())
}

/// Enters the numbers of a hold again, if the hold knows them as another number library reads them.
fn renew(ledger: &mut Ledger, hold: &Hold, asked: HoldTerms, output: &Output) -> Result<()> {
    let (made, order) = (&hold.terms, &hold.terms.order);
    if ledger.number_rules(hold) == ledger.rules().numbers {
        return Err(Error::refused(format!("the order {order} is held already"))
            .help("extend or lift it, or enter the other order under its own reference"));
    }
    let is_same = asked.role == made.role
        && (asked.from_micros, asked.to_micros) == (made.from_micros, made.to_micros)
        && asked.numbers.len() == made.numbers.len();
    if !is_same {
        return Err(Error::refused(format!("the order {order} is held otherwise")).help(
            "since numbers are read by other rules now, give its numbers again, all of them, with the \
             period and the role of then",
        ));
    }
    let number_rules = ledger.rules().numbers.clone();
    ledger.renew_hold(&Renewal { hold: made.hold, numbers: asked.numbers, number_rules })?;
    let text = format!(
        "hold {}: order {order}, its numbers are known by the rules of now; its end and its recipients \
         stay\n",
        made.hold
    );
    let expires = hold.expires.to_string();
    output.result(&json!({ "hold": made.hold, "order": order, "expires": expires }), &text);
    Ok(())
}

fn extend(asked: &HoldOrder, output: &Output) -> Result<()> {
    let release_file = place(&asked.place)?;
    let (mut ledger, now) = writer(&release_file)?;
    let hold = active(&ledger.custody()?, &asked.order, now)?;
    let until = later(hold.expires)?;
    ledger.extend_hold(hold.terms.hold, until)?;
    let object = json!({
        "hold": hold.terms.hold,
        "order": hold.terms.order,
        "expires": until.to_string(),
        "extensions": hold.extensions.len() + 1,
    });
    let text = format!("order {}: held until {}\n", hold.terms.order, words::instant(until));
    output.result(&object, &text);
    Ok(())
}

fn lift(asked: &HoldOrder, output: &Output) -> Result<()> {
    let release_file = place(&asked.place)?;
    let (mut ledger, now) = writer(&release_file)?;
    let hold = active(&ledger.custody()?, &asked.order, now)?;
    ledger.lift_hold(hold.terms.hold)?;
    let order = &hold.terms.order;
    let object = json!({ "hold": hold.terms.hold, "order": order, "lifted": true });
    let text = format!("order {order}: lifted; its archives go at the next `pointillist retain`\n");
    output.result(&object, &text);
    Ok(())
}

fn list(asked: &HoldPlace, output: &Output) -> Result<()> {
    let (release_file, now) = (place(asked)?, Clock::System.now());
    require_there(&release_file)?;
    let ledger = Ledger::open_existing(&release_file.ledger.path)?;
    for warning in hold_warnings::warnings(&release_file, &ledger, Sign::Digest)? {
        output.warning(&warning);
    }
    let custody = ledger.custody()?;
    let mut text = String::new();
    let mut holds = Vec::new();
    for hold in &custody.holds {
        let terms = &hold.terms;
        let (state, from, to) =
            (state(hold, now), instant(terms.from_micros), instant(terms.to_micros));
        text.push_str(&format!(
            "{:>4}  {state:7}  {}  numbers {}  period {from} to {to}  until {}  archives {}\n",
            terms.hold,
            terms.order,
            terms.numbers.len(),
            words::instant(hold.expires),
            hold.archives.len(),
        ));
        holds.push(json!({
            "hold": terms.hold,
            "order": terms.order,
            "state": state,
            "role": terms.role,
            "numbers": terms.numbers.len(),
            "from": from,
            "to": to,
            "expires": hold.expires.to_string(),
            "extensions": hold.extensions.len(),
            "recipients": terms.recipients,
            "archives": hold.archives.len(),
        }));
    }
    if holds.is_empty() {
        text.push_str("no order was ever entered\n");
    }
    output.result(&json!({ "holds": holds }), &text);
    Ok(())
}

fn open(asked: &HoldOpen, output: &Output) -> Result<()> {
    let release_file = place(&asked.order.place)?;
    require_unpublished("--out", &asked.out, &release_file.output)?;
    let (mut ledger, now) = writer(&release_file)?;
    let order = order(&asked.order.order)?;
    disclose(&release_file, &mut ledger, now, order, &asked.identity, &asked.out)?;
    let out = asked.out.display().to_string();
    output.result(&json!({ "order": order, "out": out }), &format!("order {order}: {out}\n"));
    Ok(())
}

fn report(asked: &HoldPlace, output: &Output) -> Result<()> {
    let release_file = place(asked)?;
    require_there(&release_file)?;
    let custody = Ledger::open_existing(&release_file.ledger.path)?.custody()?;
    let months = custody.months();
    let mut text = String::from("month    orders  extensions  openings  refused\n");
    let mut rows: Vec<Value> = Vec::new();
    for (month, counts) in &months {
        text.push_str(&format!(
            "{month}  {:6}  {:10}  {:8}  {:7}\n",
            counts.orders, counts.extensions, counts.openings, counts.refused
        ));
        let mut row = json!(counts);
        row["month"] = json!(month);
        rows.push(row);
    }
    output.result(&json!({ "months": rows }), &text);
    Ok(())
}

fn place(place: &HoldPlace) -> Result<ReleaseFile> {
    let release_file = ReleaseFile::read(&place.release)?;
    release_file.require_here("hold")?;
    Ok(release_file.with_places(None, place.ledger.as_deref()))
}

/// Opens the ledger for what a hold in force allows, unless the clock has gone back: that would bring
/// back a hold that has ended. Entering an order only keeps more, so it waits for no clock.
fn writer(release_file: &ReleaseFile) -> Result<(Ledger, Timestamp)> {
    let now = Now::read(None, &release_file.ledger.time_zone)?;
    let ledger = open_custody(release_file, WAIT)?;
    now.require_after(Some(ledger.last_event_at()?))?;
    Ok((ledger, now.as_of))
}

/// Checks an order's reference, which is shown in lists.
fn order(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
        return Err(Error::usage("`--order` is no reference")
            .help("give up to 200 visible characters, such as a file number"));
    }
    Ok(text)
}

/// Reads a half-open period; a bare day at its end counts in full.
fn window(from: &str, to: &str, zone: &TimeZone) -> Result<(Timestamp, Timestamp)> {
    let (first, end) = (parse_instant(from, zone)?, end(to, zone)?);
    if first >= end {
        return Err(Error::usage(format!("`--from {from}` is not before `--to {to}`"))
            .help("give the earlier instant first"));
    }
    Ok((first, end))
}

/// Reads the instant at which something ends; a bare day stands for its end.
fn end(text: &str, zone: &TimeZone) -> Result<Timestamp> {
    let next = text.parse::<Day>().ok().and_then(Day::next);
    next.map_or_else(|| parse_instant(text, zone), |next| parse_instant(&next.to_string(), zone))
}

fn later(instant: Timestamp) -> Result<Timestamp> {
    instant.checked_add((STEP_DAYS * 24).hours()).map_err(|_| {
        Error::usage("the hold would end past the calendar").help("give an end with --expires")
    })
}

fn active(custody: &Custody, order: &str, now: Timestamp) -> Result<Hold> {
    let Some(hold) = custody.of_order(order.trim()) else {
        return Err(Error::refused("there is no such order")
            .help("`pointillist hold list` shows every order"));
    };
    if hold.is_active(now) {
        return Ok(hold.clone());
    }
    Err(Error::refused(format!("the hold of order {order} has {}", state(hold, now)))
        .help("enter the order again with `pointillist hold add`"))
}

fn state(hold: &Hold, now: Timestamp) -> &'static str {
    if hold.purged_at.is_some() {
        "purged"
    } else if hold.lifted_at.is_some() {
        "lifted"
    } else if hold.is_active(now) {
        "active"
    } else {
        "lapsed"
    }
}

fn instant(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
}
