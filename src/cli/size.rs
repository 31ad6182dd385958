//! Reads sizes such as 4GiB and counts such as 1,000,000, and finds out how much memory the machine has.

use std::fs;

use crate::{Error, Result};

/// Assumed if the memory of the machine cannot be found out.
const UNKNOWN: usize = 4 << 30;

/// Reads `--memory`; the default is half of the memory of the machine.
pub(super) fn memory(text: Option<&str>) -> Result<usize> {
    let Some(text) = text else { return Ok(machine().unwrap_or(UNKNOWN) / 2) };
    parse(text).filter(|bytes| *bytes > 0).ok_or_else(|| {
        Error::usage(format!("`--memory` is `{text}`"))
            .help("write a size such as 4GiB, 512MiB or 1000000000")
    })
}

/// Parses a number of bytes, or a number followed by K, M, G or T (steps of 1024) and optionally B
/// or iB.
fn parse(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit.trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// Reads a whole number from 1 on, as people write it: `1000000`, `1_000_000` or `1,000,000`.
/// Groups of other than three digits are refused, since they may be two numbers, or one with a
/// fraction.
pub(super) fn count(text: &str) -> std::result::Result<u64, String> {
    let groups: Vec<&str> = text.split([',', '_']).collect();
    let is_grouped =
        (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    let number = (groups.len() == 1 || is_grouped).then(|| groups.concat().parse().ok()).flatten();
    let number = number.filter(|number| *number > 0);
    number.ok_or_else(|| "write a whole number from 1 on, such as 1000000".to_owned())
}

/// The memory that this process may use: that of the machine, or the limit of its container.
fn machine() -> Option<usize> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let whole = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1 << 10)
    });
    let share = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .into_iter()
        .find_map(|path| read(path)?.trim().parse::<usize>().ok());
    whole.into_iter().chain(share).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_people_type_them() {
        for text in ["1000000", "1,000,000", "1_000_000"] {
            assert_eq!(count(text), Ok(1_000_000));
        }
        for text in ["0", "-1", "1e6", "1M", "many", "", "1,2", "1,5", "1000,000", ",100", "1,000,"]
        {
            assert!(count(text).unwrap_err().contains("such as 1000000"), "{text}");
        }
    }

    #[test]
    fn sizes_as_people_type_them() {
        for (text, bytes) in [
            ("1000", Some(1_000)),
            ("4GiB", Some(4 << 30)),
            ("4 gb", Some(4 << 30)),
            ("512M", Some(512 << 20)),
            ("1k", Some(1_024)),
            ("GiB", None),
            ("4.5G", None),
            ("-1", None),
            ("1Q", None),
            ("99999999999T", None),
        ] {
            assert_eq!(parse(text), bytes, "{text}");
        }
        assert!(memory(Some("0")).is_err());
        assert!(memory(None).unwrap() > 0);
    }
}
