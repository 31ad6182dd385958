//! Logs of the same kinds as the real ones of `cases`, read through the same release files, against
//! figures counted while they are made. They are there in every clone.

use super::cases::{Sums, release, sums};
use crate::ingest::Reason;
use crate::release_file::place::Place;

/// The sums of a release file over a log that is written for it.
fn of(case: &str, file: &str, log: &str, first: &str, last: &str) -> Sums {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), log).unwrap();
    let mut release = release(case);
    release.logs.place = Place { folder: folder.path().to_owned(), glob: file.to_owned() };
    sums(&release, first, last)
}

/// Days and hours of New York, as the log has them, beside the instants that they are.
#[test]
fn local_hours_across_both_changes_of_the_clock() {
    // The last is on no list and counts as "other".
    const ORIGINS: [&str; 4] = ["EWR", "JFK", "LGA", "SFO"];
    // The instant at which the first day begins and how far behind UTC it is, in hours; the instant
    // of the change, and how far behind it is from then on.
    for (first, last, begins, behind, change, then_behind) in [
        ("2013-03-09", "2013-03-11", "2013-03-09T05:00:00Z", 5, "2013-03-10T07:00:00Z", 4),
        ("2013-11-02", "2013-11-04", "2013-11-02T04:00:00Z", 4, "2013-11-03T06:00:00Z", 5),
    ] {
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let mut log = String::from("time_hour,tailnum,dest,origin\n");
        let mut expected = vec![0; 4 * 24];
        // Every twenty minutes from before the first day until after the last.
        for place in 0..5 * 72 {
            let at = seconds(begins) - 86_400 + place * 1_200;
            let behind = if at < seconds(change) { behind } else { then_behind };
            let local = jiff::Timestamp::from_second(at - behind * 3_600).unwrap().to_string();
            let origin = (place * 7 % 4) as usize;
            if (first..=last).contains(&&local[..10]) {
                expected[origin * 24 + local[11..13].parse::<usize>().unwrap()] += 1;
            }
            let at = jiff::Timestamp::from_second(at).unwrap();
            log.push_str(&format!("{at},N{},PSE,{}\n", place % 7, ORIGINS[origin]));
        }
        let sums = of("flights.toml", "x.csv", &log, first, last);
        // One of the days has an hour less or more.
        let hours = if then_behind < behind { 71 } else { 73 };
        assert_eq!(expected.iter().sum::<i64>(), hours * 3, "{first}");
        assert_eq!(sums.of("lookups by origin, hour"), expected, "{first}");
    }
}

#[test]
fn names_with_dots_and_seconds_with_fractions_in_both_formats_of_zeek() {
    const TYPES: [&str; 6] = ["A", "AAAA", "NB", "SRV", "TXT", "-"];
    let (mut tabs, mut json) = (
        String::from(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
             #fields\tts\tuid\tid.orig_h\tquery\tqtype_name\tanswers\n\
             #types\ttime\tstring\taddr\tstring\tstring\tvector[string]\n",
        ),
        String::new(),
    );
    let mut expected = vec![0; 5];
    let mut without_query = 0;
    for place in 0..200_usize {
        let (kind, query) = (place * place % 11 % 6, place % 9);
        let at = 1_575_331_200 + place * 400;
        let name = if query == 0 { "-".to_owned() } else { format!("{query}.example") };
        tabs.push_str(&format!(
            "{at}.{place:06}\tC{place}\t10.0.0.{}\t{name}\t{}\t(empty)\n",
            place % 5,
            TYPES[kind]
        ));
        let query_member =
            if query == 0 { String::new() } else { format!(",\"query\":\"{name}\"") };
        let type_member =
            if kind == 5 { String::new() } else { format!(",\"qtype_name\":\"{}\"", TYPES[kind]) };
        json.push_str(&format!(
            "{{\"ts\":{at}.{place:06},\"uid\":\"C{place}\",\"id.orig_h\":\"10.0.0.{}\"{query_member}\
             {type_member},\"answers\":[\"a.example\",\"10.0.0.1\"],\"TTLs\":[60.0]}}\n",
            place % 5
        ));
        if query == 0 {
            without_query += 1;
        } else {
            expected[kind.min(4)] += 1;
        }
    }
    tabs.push_str("#close\t2019-12-04-00-00-00\n");
    for (case, log) in [("zeek_tsv.toml", &tabs), ("zeek_json.toml", &json)] {
        let sums = of(case, "dns.log", log, "2019-12-03", "2019-12-03");
        assert_eq!(
            (sums.counts.rows, sums.counts.rejects.of(Reason::NoTarget)),
            (200, without_query),
            "{case}"
        );
        assert_eq!(sums.of("lookups by qtype_name"), expected, "{case}");
    }
}

#[test]
fn naive_times_of_a_zone_and_rows_that_are_left_out() {
    let mut log =
        String::from("interaction,direction,correspondent_id,datetime,call_duration,antenna_id\n");
    let mut expected = [0; 3];
    let (mut rows, mut inward) = (0, 0);
    let mut write = |day: u32, hour: u32, minute: u32| {
        let kind = ["call", "text", "fax"][(day + hour) as usize % 3];
        let is_out = !(day + minute).is_multiple_of(4);
        let direction = if is_out { "out" } else { "in" };
        log.push_str(&format!(
            "{kind},{direction},{},2014-03-{day:02} {hour:02}:{minute:02}:30,,{}\n",
            hour % 5,
            minute % 3
        ));
        rows += 1;
        inward += u64::from(!is_out);
        if is_out && (29..=30).contains(&day) {
            // Values are sorted, and the one that no list has counts as "other".
            expected[["call", "fax", "text"].iter().position(|known| *known == kind).unwrap()] += 1;
        }
    };
    // The clock of Paris is put forward on the 30th, from two to three: what is said to have been in
    // between was an hour later, and on the same day. The last minute of a day is of that day.
    for day in 28..=31 {
        for hour in 0..24 {
            for minute in [0, 15, 30, 59] {
                write(day, hour, minute);
            }
        }
    }
    let sums = of("cdr_demo_a.toml", "x.csv", &log, "2014-03-29", "2014-03-30");
    assert_eq!((sums.counts.rows, sums.counts.filtered), (rows, inward));
    assert_eq!(sums.of("lookups by interaction"), expected);
}

#[test]
fn words_for_routes_and_opaque_clients() {
    let mut log = String::from("time,client,account,registered,kind\n");
    let kinds = ["accepted", "failed_invalid", "failed_valid", "invalid_user", "else"];
    let (mut by_kind, mut by_hour, mut routes) = (vec![0; 3 * 5], vec![0; 24], vec![0; 3]);
    let mut clients = std::collections::BTreeSet::new();
    let mut without_account = 0;
    for place in 0..500_usize {
        let (word, route) =
            [("1", 0), ("0", 1), ("true", 0), ("no", 1), ("", 2), ("messenger", 0)][place % 6];
        let (kind, day, hour) = (place * place % 13 % 5, place % 3 + 27, place * 5 % 24);
        let has_account = place % 17 > 0;
        let account =
            if has_account { format!("account-{:03}", place % 40) } else { String::new() };
        let client = place * 7 % 23;
        log.push_str(&format!(
            "2015-03-{day}T{hour:02}:00:00Z,198.18.0.{client},{account},{word},{}\n",
            kinds[kind]
        ));
        if has_account {
            // "other" is sorted behind all that is listed.
            by_kind[route * 5 + kind] += 1;
            by_hour[hour] += 1;
            routes[route] += 1;
            clients.insert((day, route, client));
        } else {
            without_account += 1;
        }
    }
    let sums = of("account_lookups.toml", "x.csv", &log, "2015-03-27", "2015-03-29");
    assert_eq!(
        (sums.counts.rows, sums.counts.rejects.of(Reason::NoTarget)),
        (500, without_account)
    );
    assert_eq!(sums.of("lookups by route, kind"), by_kind);
    assert_eq!(sums.of("lookups by hour"), by_hour);
    assert_eq!(sums.of("lookups by route"), routes);
    // A clip of two keeps requesters of up to four routes whole.
    let of_route = |route: usize| clients.iter().filter(|client| client.1 == route).count() as i64;
    assert_eq!(sums.of("requesters"), [of_route(0), of_route(1), of_route(2)]);
}
