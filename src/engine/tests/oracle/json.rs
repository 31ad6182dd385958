//! JSON lines: how they may be written, and what they say.

use super::Setup;
use super::chance::Chance;
use super::rules::{Malformed, Record, Value};
use super::spelled;

/// One line with values of these names, in one of the many forms of JSON.
pub(super) fn line(chance: &mut Chance, setup: &Setup, names: &[String]) -> String {
    let blank = chance.of(&["", "", " ", "\t"]);
    let mut members: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let value = spelled::text(chance, setup, name);
            let value = match value {
                None if chance.once_in(2) => return None,
                None => chance.of(&["null", "[]", "{\"app\":\"calls\"}", "[[1,{}]]"]).to_owned(),
                Some(text) if chance.once_in(3) => bare(chance, &text),
                Some(text) => string(chance, &text),
            };
            Some(format!("{}{blank}:{blank}{value}", string(chance, name)))
        })
        .collect();
    if chance.once_in(12) {
        let name = chance.of(&["requester", "app", "requested_at", "x"]);
        members
            .push(format!("\"{name}\":{}", chance.of(&["\"a\"", "null", "7", "{}", "\"calls\""])));
    }
    if chance.once_in(40) {
        let depth = chance.of(&[15, 17, 126, 127, 128, 300]);
        members.push(format!("\"deep\":{}{}", "[".repeat(depth), "]".repeat(depth)));
    }
    chance.shuffle(&mut members);
    format!("{blank}{{{blank}{}{blank}}}{blank}", members.join(&format!("{blank},{blank}")))
}

/// A value without quotes, as JSON has numbers and words; a text that is neither gets quotes.
fn bare(chance: &mut Chance, text: &str) -> String {
    let is_number = serde_json::from_str::<serde_json::Number>(text).is_ok();
    if is_number || matches!(text, "true" | "null") {
        return text.to_owned();
    }
    let number = text.trim_start_matches('+');
    if number.len() > 1 && serde_json::from_str::<serde_json::Number>(number).is_ok() {
        return format!("{number}{}", chance.of(&["", "", ".0", ".00", "e0", ".5"]));
    }
    let others = [
        "true",
        "false",
        "-0",
        "0.0",
        "1e400",
        "18446744073709551616",
        "18446744073709551615",
        "9007199254740993.0",
        "01",
        "1.",
        "nan",
    ];
    if chance.once_in(6) { chance.of(&others).to_owned() } else { string(chance, text) }
}

fn string(chance: &mut Chance, text: &str) -> String {
    let is_escaped = chance.once_in(8);
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            letter if is_escaped && (letter as u32) < 0x1_0000 => {
                quoted.push_str(&format!("\\u{:04x}", letter as u32));
            }
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// What a line says, by a JSON library.
pub(super) fn object(line: &[u8]) -> Record {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(line).map_err(|_| Malformed)?;
    let value = |value: serde_json::Value| match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => Value::Nested,
        serde_json::Value::Number(number) => match (number.as_i128(), number.as_f64()) {
            (Some(whole), _) => Value::Whole(whole),
            (None, float) => Value::Float(float.unwrap()),
        },
    };
    let member = |(name, member): (String, serde_json::Value)| {
        // The digits of a time count, not the binary number that is nearest to them.
        let read = match value(member) {
            Value::Float(float) if name == "requested_at" => Value::Text(float.to_string()),
            other => other,
        };
        (name, read)
    };
    Ok(object.into_iter().map(member).collect())
}
