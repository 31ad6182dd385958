//! What rejected identifiers look like, in sentences that say what would mend them.

use crate::ingest::IdentifierForm;
use crate::phone::WORLD;
use crate::release_file::logs::{Identifier, Logs};
use crate::words::grouped;

/// What is wrong with identifiers of one form.
pub(super) fn of_identifiers(form: IdentifierForm, rows: u64, logs: &Logs) -> String {
    match logs.identifier {
        Identifier::E164Exact => of_inexact(form, rows),
        _ => of_form(form, rows, logs.default_region.as_deref()),
    }
}

/// What is wrong with identifiers that are to stand in E.164 already.
fn of_inexact(form: IdentifierForm, rows: u64) -> String {
    match form {
        IdentifierForm::International | IdentifierForm::National | IdentifierForm::Lossy => {
            format!(
                "{} as +436641234567 does, or no number of any country: `identifier = \"e164\"` reads \
             numbers however they are written",
                count(rows, "identifier does not stand", "identifiers do not stand")
            )
        }
        IdentifierForm::Name | IdentifierForm::Address | IdentifierForm::Encoded => {
            of_form(form, rows, None)
        }
    }
}

fn of_form(form: IdentifierForm, rows: u64, region: Option<&str>) -> String {
    let identifiers = |is: &str, are: &str| {
        count(rows, &format!("identifier {is}"), &format!("identifiers {are}"))
    };
    match (form, region) {
        (IdentifierForm::Name, _) => format!(
            "{}: if people have such names, write `identifier = \"opaque\"` in [logs]",
            identifiers("is no phone number but a name", "are no phone numbers but names")
        ),
        (IdentifierForm::Encoded, _) => format!(
            "{}, in which `%2B` stands for `+`: if a `pattern` reads them, put `%2B` into it \
             before the group, as in `%2B(?<requester>\\d+)`, and set `default_region = \"world\"` in [logs]; otherwise \
             decode them before this program reads the log",
            identifiers("is a percent-encoded number", "are percent-encoded numbers")
        ),
        (IdentifierForm::Address, _) => format!(
            "{}: if addresses stand for people, write `identifier = \"opaque\"` in [logs]",
            identifiers("is an internet address", "are internet addresses")
        ),
        (IdentifierForm::National, None) => format!(
            "{} no `+`: `default_region` in [logs] is the country in which they are dialled, such as \"AT\", or \
             \"world\" if they begin with their calling code; `identifier = \"opaque\"` means that they are no \
             phone numbers",
            identifiers("has", "have")
        ),
        (IdentifierForm::National, Some(WORLD)) => format!(
            "{} with a calling code in front (they are too short, too long or not assigned, or begin with no calling \
             code): `--rejects DIR` writes them out. If they are written as they are dialled in one country, \
             `default_region` in [logs] is that country; if they are no phone numbers, write \
             `identifier = \"opaque\"`",
            identifiers("is no valid number", "are no valid numbers")
        ),
        (IdentifierForm::National, Some(region)) => format!(
            "{} in {region}: correct `default_region` (\"world\" if numbers begin with their calling code), or \
             write `identifier = \"opaque\"` if they are no phone numbers. If the log has numbers of several countries \
             as they are dialled there, some of the other countries' were read as numbers of {region}, and so as other \
             people's: write all numbers in E.164 before this program reads the log (docs/logs.md, \"Identifiers\")",
            identifiers("cannot be dialled", "cannot be dialled")
        ),
        (IdentifierForm::Lossy, _) => format!(
            "{} with a sign, a fraction or an exponent, and may have lost digits: export them as text",
            identifiers("is a number", "are numbers")
        ),
        (IdentifierForm::International, _) => format!(
            "{} with `+` and cannot be dialled: `--rejects DIR` writes them out",
            identifiers("begins", "begin")
        ),
    }
}

pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}
