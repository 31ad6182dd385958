//! What is wrong with the text of a release file, in the terms of TOML, and an example of what is right.

/// An example for each field. For a name that several tables have, it is of the commonest one.
const EXAMPLES: [(&str, &str); 37] = [
    ("name", "name = \"daily\""),
    ("path", "path = \"lookups/**/*.csv\""),
    ("table", "table = \"lake.calls.lookups\""),
    ("columns", "columns = { requester = \"src\", target = \"dst\" }"),
    ("time_unit", "time_unit = \"ms\""),
    ("time_zone", "time_zone = \"Europe/Vienna\""),
    ("time_format", "time_format = \"%d/%m/%Y %H:%M:%S\""),
    ("default_year", "default_year = 2026"),
    ("default_region", "default_region = \"AT\""),
    ("identifier", "identifier = \"opaque\""),
    ("where", "where = \"app <> 'healthcheck'\""),
    ("settle", "settle = \"2h\""),
    ("day_folder", "day_folder = \"day\""),
    ("day_file", "day_file = true"),
    ("expect", "expect = { hours = 24 }"),
    ("hours", "expect = { hours = 24 }"),
    ("files_per_day", "expect = { files_per_day = 4 }"),
    ("days", "days = 30"),
    ("epsilon", "epsilon = 1.0"),
    ("delta", "delta = 1e-6"),
    ("key_delta", "key_delta = 1e-7"),
    ("epsilon_30_days", "epsilon_30_days = 10.0"),
    ("unit", "unit = \"requester-day\""),
    ("budget_share", "budget_share = 0.7"),
    ("by", "by = [\"hour\", \"app\"]"),
    ("count", "count = \"lookups\""),
    ("distinct", "distinct = \"requester\""),
    ("share", "share = \"route = 'sms'\""),
    ("sum", "sum = \"latency_ms\""),
    ("mean", "mean = \"latency_ms\""),
    ("quantiles", "quantiles = [0.5, 0.95, 0.99]"),
    ("histogram", "histogram = \"lookups per requester\""),
    ("of", "of = \"latency_ms\""),
    ("range", "range = [1, 60000]"),
    ("top", "top = 10"),
    ("having", "having = \"lookups >= 100\""),
    ("weight", "weight = 0.5"),
];

/// Tables, and what each must hold at least.
const TABLES: [(&str, &str); 7] = [
    ("logs", "[logs] with path = \"lookups/**/*.csv\""),
    ("ledger", "[ledger] with path = \"daily.ledger\", epsilon = 1.0 and delta = 1e-6"),
    ("keys", "[keys] with app = [\"messages\", \"calls\"]"),
    ("retention", "[retention] with days = 30"),
    ("privacy", "[privacy] with unit = \"requester-day\""),
    ("output", "[output] with path = \"published\""),
    ("question", "[[question]] with name = \"volume\" and count = \"lookups\""),
];

/// Slips of the pen by a word of the parser's message, and what mends them.
const SLIPS: [(&str, &str); 13] = [
    (
        "duplicate key",
        "write each field once, and each table once; lists of questions begin with [[question]]",
    ),
    (
        "escaped value",
        "between double quotes \\ has a meaning of its own: write paths and expressions in single quotes, \
         path = 'C:\\logs\\*.csv' or pattern = '(?<requester>\\S+) .*'",
    ),
    ("quoted", "write text in quotes, such as app = \"messages\""),
    ("basic string", "close the quote that is opened"),
    ("no value", "write a field as name = \"daily\", with = between name and value"),
    ("missing assignment", "write = between name and value, as in { requester = \"src\" }"),
    ("missing comma", "write a comma between the values of a list"),
    (
        "expected newline",
        "write one field on each line, and behind its value nothing but a comment",
    ),
    ("unclosed", "close each bracket that is opened"),
    ("mantissa", NUMBERS),
    ("fraction", NUMBERS),
    ("float", NUMBERS),
    ("integer number", NUMBERS),
];

const NUMBERS: &str = "write a number as 30, 0.5 or 1e-6, with nothing behind it";

/// What mends a slip that the text at its place, `at`, shows and the parser's words do not.
fn slip(message: &str, line: &str, at: &str) -> Option<&'static str> {
    let is_lost = message.contains("expected newline") || message.contains("expected nothing");
    let is_number = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    if line.contains(['“', '”', '„', '‘', '’']) {
        return Some("write plain quotes, \" or ', in place of those of a word processor");
    }
    if message.contains("quoted") && at.contains("//") {
        return Some("a comment begins with #");
    }
    if message.contains("missing comma") && at == line.trim_start() {
        return Some("close the bracket that is opened above, or write a comma before this line");
    }
    match at.chars().next().filter(|_| is_lost)? {
        ',' if is_number(at.chars().nth(1)) => Some("write a number with a point: 1.0"),
        ',' => Some("remove the comma: each field ends with its line"),
        ';' => Some("remove the semicolon: each field ends with its line"),
        ']' => Some("write as many brackets before a name as behind it: [[question]]"),
        _ if line.matches('"').count() > 2 => {
            Some("write quotes within a text as single ones: share = \"route = 'sms'\"")
        }
        _ => None,
    }
}

/// What a parser's message means, for a person who wrote the file.
pub(super) fn plain(message: &str, line: &str) -> String {
    if message.starts_with("invalid type") && line.trim().starts_with("[[") {
        return "one table is expected here, and there is a list of tables".to_owned();
    }
    if message.contains("string values must be quoted") && line.trim_end().ends_with('=') {
        return "a value is expected here, and there is none".to_owned();
    }
    if message.contains("string values must be quoted") {
        return "this is no value: write a number, or text in quotes".to_owned();
    }
    if let Some((unknown, _)) = message.split_once(", expected one of") {
        return unknown.to_owned();
    }
    if let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let is_table = TABLES.iter().any(|(name, _)| {
            *name != "question"
                && expected != "a string"
                && line.split_once('=').is_some_and(|it| it.0.trim() == *name)
        });
        let wanted = if is_table { "a table".to_owned() } else { wanted(expected) };
        return format!("{wanted} is expected here, and there is {}", kind(found));
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("{field} is missing");
    }
    message.to_owned()
}

/// Fields that are still read, and only to be refused.
const GONE: [&str; 5] = ["`clip`", "`target_clip`", "`loose`", "`whole_days`", "`collapse`"];

/// The fields that a parser expected in place of one that it does not know.
pub(super) fn known(message: &str) -> String {
    let Some((_, known)) = message.split_once(", expected ") else {
        return "no field belongs here".to_owned();
    };
    match known.strip_prefix("one of ") {
        Some(several) => {
            let here: Vec<&str> = several.split(", ").filter(|name| !GONE.contains(name)).collect();
            format!("the fields here are {}", here.join(", "))
        }
        None if known.contains(" or ") => {
            format!("the fields here are {}", known.replace(" or ", " and "))
        }
        None => format!("the only field here is {known}"),
    }
}

/// An example for the field that a message or a line of the file is about, or what mends a slip of the pen at
/// its place.
pub(super) fn example(message: &str, line: &str, at: &str) -> Option<String> {
    if let Some(mend) = slip(message, line, at) {
        return Some(mend.to_owned());
    }
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let is_value = message.starts_with("invalid type") || message.contains("must be quoted");
    let of_line = || line.split_once('=').map(|(name, _)| name.trim()).filter(|_| is_value);
    let of_table = || is_value.then(|| line.trim().trim_matches(['[', ']']));
    let name = missing.or_else(of_line).or_else(of_table);
    let known = name.and_then(|name| {
        let known = EXAMPLES.iter().chain(&TABLES).find(|(known, _)| *known == name);
        known.map(|(_, example)| format!("for example {example}"))
    });
    let of_key = || {
        let is_list = message.ends_with("a sequence") || line.contains('[');
        let name = of_line().filter(|_| is_list)?;
        Some(format!("for example {name} = [\"messages\", \"calls\"]"))
    };
    known.or_else(of_key).or_else(|| {
        let slip = SLIPS.into_iter().find(|(word, _)| message.contains(word));
        slip.map(|(_, mend)| mend.to_owned())
    })
}

/// What a parser expects, in the words of TOML.
fn wanted(expected: &str) -> String {
    let words = match expected {
        "a string" => "text in quotes",
        "f64" | "f32" => "a number",
        "i64" | "u32" | "u64" | "i16" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list in square brackets",
        "a map" => "a table",
        raw if raw.starts_with("struct ") => "a table",
        other => other,
    };
    words.to_owned()
}

/// What a parser found, in the words of TOML and without the value.
fn kind(found: &str) -> &'static str {
    let kinds = [
        ("string", "text"),
        ("integer", "a whole number"),
        ("floating point", "a number"),
        ("boolean", "true or false"),
        ("map", "a table"),
        ("sequence", "a list"),
        ("datetime", "a date without quotes"),
    ];
    let known = kinds.into_iter().find(|(word, _)| found.starts_with(word));
    known.map_or("something else", |(_, words)| words)
}
