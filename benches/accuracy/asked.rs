//! What is asked of logs: the release files, without where the logs lie.

use crate::runs::Release;
use crate::world;

/// The countries of the simulator's users.
pub(crate) const COUNTRIES: [&str; 20] = [
    "AU", "BR", "CA", "DE", "ES", "FR", "GB", "ID", "IN", "IT", "JP", "KR", "MX", "NG", "NL", "PH",
    "PL", "TR", "US", "ZA",
];

/// Eight counts of invented users, which share the budget evenly.
pub(crate) fn eight() -> Release {
    let asks = |(name, by): &(&str, &[&str])| {
        format!("[[question]]\nname = \"{name}\"\ncount = \"lookups\"\nby = {by:?}\n")
    };
    Release { questions: world::QUESTIONS.iter().map(asks).collect(), ..invented() }
}

/// Five questions of a daily release, of invented users.
pub(crate) fn five_invented() -> Release {
    Release { questions: five_by(["hour", "app", "route"]), ..invented() }
}

/// Five questions of a daily release, of simulated users.
pub(crate) fn five() -> Release {
    Release { questions: five_by(["hour", "app", "route"]), ..simulated() }
}

/// Four counts and a count of requesters, by these keys.
pub(crate) fn five_by([first, second, third]: [&str; 3]) -> String {
    let count = |name: &str, by: &[&str]| {
        format!("[[question]]\nname = \"{name}\"\ncount = \"lookups\"\nby = {by:?}\n")
    };
    count("total", &[])
        + &count(&format!("by_{first}"), &[first])
        + &count(&format!("by_{first}_{second}"), &[first, second])
        + &count(&format!("by_{second}_{third}"), &[second, third])
        + &format!(
            "[[question]]\nname = \"requesters_by_{second}\"\ndistinct = \"requester\"\nby = \
             [\"{second}\"]\n"
        )
}

/// One question of each other kind, of simulated users.
pub(crate) fn kinds() -> Release {
    let questions = "
[[question]]
name = \"by_country\"
count = \"lookups\"
by = [\"target_country\"]
[[question]]
name = \"top_5_countries_and_apps\"
count = \"lookups\"
by = [\"target_country\", \"app\"]
top = 5
[[question]]
name = \"sms_share_by_country\"
share = \"route = 'sms'\"
by = [\"target_country\"]
[[question]]
name = \"mean_latency\"
mean = \"latency_ms\"
range = [1, 60000]
[[question]]
name = \"latency\"
quantiles = [0.5, 0.95, 0.99]
of = \"latency_ms\"
range = [1, 60000]
[[question]]
name = \"requesters_by_country\"
distinct = \"requester\"
by = [\"target_country\"]
[[question]]
name = \"busy_requesters\"
distinct = \"requester\"
having = \"lookups >= 20\"
[[question]]
name = \"lookups_per_requester\"
histogram = \"lookups per requester\"
[[question]]
name = \"prefixes\"
count = \"lookups\"
by = [\"target_prefix:6\"]
keys = \"private\"
";
    let ledger = "key_delta = 1e-7".to_owned();
    Release { questions: questions.to_owned(), ledger, ..simulated() }
}

/// Shares, means and sums of a number, of simulated users.
pub(crate) fn averages() -> Release {
    let questions = "
[[question]]
name = \"sms_share\"
share = \"route = 'sms'\"
[[question]]
name = \"sms_share_by_country\"
share = \"route = 'sms'\"
by = [\"target_country\"]
[[question]]
name = \"sms_share_by_hour_and_app\"
share = \"route = 'sms'\"
by = [\"hour\", \"app\"]
[[question]]
name = \"mean_latency\"
mean = \"latency_ms\"
range = [1, 60000]
[[question]]
name = \"mean_latency_by_app\"
mean = \"latency_ms\"
range = [1, 2000]
by = [\"app\"]
[[question]]
name = \"latency_by_app\"
sum = \"latency_ms\"
range = [1, 2000]
by = [\"app\"]
";
    Release { questions: questions.to_owned(), ..simulated() }
}

/// Private prefixes of targets alone.
pub(crate) fn prefixes() -> Release {
    let questions = "
[[question]]
name = \"prefixes\"
count = \"lookups\"
by = [\"target_prefix:9\"]
keys = \"private\"
";
    Release {
        logs: String::new(),
        ledger: "key_delta = 1e-7".to_owned(),
        questions: questions.to_owned(),
    }
}

fn invented() -> Release {
    let logs = format!(
        "identifier = \"opaque\"\n[keys]\napp = {:?}\ncountry = {:?}",
        world::APPS,
        world::countries()
    );
    Release { logs, ledger: "key_delta = 0.0".to_owned(), questions: String::new() }
}

fn simulated() -> Release {
    let logs = format!("[keys]\napp = {:?}\ntarget_country = {COUNTRIES:?}", world::APPS);
    Release { logs, ledger: "key_delta = 0.0".to_owned(), questions: String::new() }
}
