//! The JSON Schema of a release file, from the types of `raw`. Editors complete and check release
//! files by it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::raw::RawReleaseFile;

/// The name of the schema that `init` writes beside a release file.
pub const FILE: &str = ".pointillist.schema.json";

/// The schema as text, in draft 7 of the format, which editors of TOML read.
pub fn schema() -> String {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.transforms.push(Box::new(RecursiveTransform(for_toml)));
    });
    let mut schema = settings.into_generator().into_root_schema_for::<RawReleaseFile>();
    schema.insert("title".to_owned(), "A release file of Pointillist".into());
    schema.remove("description");
    format!("{:#}\n", schema.as_value())
}

/// The places of a release file that have a field of this name, in words.
pub(crate) fn homes_of(field: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(&schema()).unwrap_or_default();
    let is_open = |table: &Value| table["additionalProperties"] != Value::Bool(false);
    let mut homes = Vec::new();
    for (name, table) in schema["properties"].as_object().into_iter().flatten() {
        let (table, home) = match &table["items"] {
            Value::Null => (table, format!("below [{name}]")),
            item => (item, format!("below [[{name}]]")),
        };
        if name == field {
            homes.push(
                match table["properties"].is_object() || is_open(table) && table["type"] == "object"
                {
                    true => format!("at the beginning of a line, as [{name}]"),
                    false => "above all tables".to_owned(),
                },
            );
        }
        if !table["properties"][field].is_null() {
            homes.push(home);
        }
    }
    homes
}

/// TOML has no null: a field that may be missing is one that is not required.
fn for_toml(schema: &mut Schema) {
    // Lines of the source end where they must; what editors show has no such ends.
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    let is_null = |kind: &Value| kind == "null" || kind["type"] == "null";
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| !is_null(kind));
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("anyOf") {
        kinds.retain(|kind| !is_null(kind));
        if let [Value::Object(kind)] = kinds.as_slice() {
            let kind = kind.clone();
            schema.remove("anyOf");
            for (name, value) in kind {
                schema.ensure_object().entry(name).or_insert(value);
            }
        }
    }
}
