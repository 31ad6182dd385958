//! The one place that calls the phone library: text → valid E.164 text, or nothing.
//!
//! Formatting never fails, not even for numbers far too long, so validity is checked first. Texts on
//! which the library would panic are turned away before it sees them: its message quotes the text.

use std::sync::OnceLock;

use rlibphonenumber::{PhoneNumberFormat, PhoneNumberUtil, Region};

use super::calling_codes::CountryIndex;
use crate::{Error, Result};

/// Longer texts are refused. Other ports of the library have the same bound, this one has none.
const BYTES_MAX: usize = 250;

/// A valid number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normalised<'a> {
    /// The E.164 text: `+`, calling code, national number, nothing else.
    pub e164: &'a str,
    /// Its digits as one number. No calling code begins with 0, so two texts have two numbers.
    pub number: u64,
    /// The country in [`CallingCodes`](super::calling_codes::CallingCodes); `None` means `other`.
    pub country: Option<CountryIndex>,
}

/// Reads numbers as a caller in one region would dial them.
pub(super) struct Library {
    shared: &'static PhoneNumberUtil,
    default_region: Option<Region>,
}

impl Library {
    /// Prepares the library for a default region, ISO 3166 alpha-2 in capitals.
    ///
    /// # Errors
    /// Usage, when the region is not one that has a calling code.
    pub(super) fn new(default_region: Option<&str>) -> Result<Self> {
        static SHARED: OnceLock<Option<PhoneNumberUtil>> = OnceLock::new();
        let shared = SHARED
            .get_or_init(|| PhoneNumberUtil::new().ok())
            .as_ref()
            .ok_or_else(|| Error::internal("the phone metadata in this program is damaged"))?;
        let default_region = default_region.map(|code| region(shared, code)).transpose()?;
        Ok(Self { shared, default_region })
    }

    /// The E.164 text of a valid number.
    ///
    /// A result that the library itself would read as another number, or as none, is refused: kept,
    /// it would be a second person. (Belarus: 8 10 dials abroad and begins premium numbers.)
    pub(super) fn e164(&self, text: &str) -> Option<String> {
        let e164 = self.read(text, self.default_region)?;
        (e164 == text || self.read(&e164, None)? == e164).then_some(e164)
    }

    fn read(&self, text: &str, region: Option<Region>) -> Option<String> {
        if text.len() > BYTES_MAX || would_panic(text) {
            return None;
        }
        let number = self.shared.parse(text, region).ok()?;
        let valid = self.shared.is_valid_number(&number);
        valid.then(|| self.shared.format(&number, PhoneNumberFormat::E164).into_owned())
    }
}

fn region(shared: &PhoneNumberUtil, code: &str) -> Result<Region> {
    shared.get_supported_regions().find(|region| region.to_string() == code).ok_or_else(|| {
        Error::usage(format!("`[logs] default_region` is `{code}`, no region with a calling code"))
            .help(
                "write its ISO 3166 code in two capitals, such as default_region = \"US\", or \"world\" if \
                 numbers begin with their calling code",
            )
    })
}

/// Whether the library would slice the text backwards and panic: `tel:` stands behind the context.
fn would_panic(text: &str) -> bool {
    match (text.find("tel:"), text.find(";phone-context=")) {
        (Some(scheme), Some(context)) => scheme > context,
        _ => false,
    }
}
