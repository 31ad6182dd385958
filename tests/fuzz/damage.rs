//! Bytes that were sound, with some changes.

use std::path::Path;

use crate::chance::Chance;

/// A seed by its name in `tests/fuzz/seeds`.
pub(crate) struct Seed {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// All seeds of a folder, by name.
pub(crate) fn seeds(folder: &str) -> Vec<Seed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            seeds.push(Seed { name, bytes: std::fs::read(&path).unwrap() });
        }
    }
    seeds.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!seeds.is_empty());
    seeds
}

/// Changes bytes in one to six places, seldom in many; `words` are what the format gives a meaning to.
pub(crate) fn damage(chance: &mut Chance, bytes: &mut Vec<u8>, words: &[&str], other: &[u8]) {
    let changes = if chance.once_in(12) { 40 } else { 1 + chance.below(6) };
    for _ in 0..changes {
        change(chance, bytes, words, other);
    }
}

fn change(chance: &mut Chance, bytes: &mut Vec<u8>, words: &[&str], other: &[u8]) {
    if bytes.is_empty() {
        bytes.extend_from_slice(other);
        return;
    }
    let most = bytes.len();
    // Ends and footers are more than their share of what can go wrong.
    let last = if chance.once_in(4) { most.min(1_500) } else { most };
    let at = most - 1 - chance.below(last);
    let longest = 1 << chance.below(9);
    let end = (at + 1 + chance.below(longest)).min(most);
    match chance.below(14) {
        0 | 1 => bytes[at] ^= 1 << chance.below(8),
        2 => bytes[at] = chance.of(b"\0\x01\x7f\x80\xff\"\n\r,\t{[\\"),
        3 => number(chance, &mut bytes[at..]),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let again = bytes[at..end].to_vec();
            let most = if chance.once_in(20) { 20_000 } else { 4 };
            let times = 1 + chance.below(most);
            drop(bytes.splice(at..at, again.repeat(times).into_iter().take(1 << 18)));
        }
        6 => bytes.truncate(at),
        7 | 8 if !words.is_empty() => {
            let word = chance.of(words);
            let until = if chance.once_in(2) { at } else { end };
            drop(bytes.splice(at..until, word.bytes()));
        }
        9 => {
            let from = chance.below(other.len().max(1)).min(other.len());
            let until = (from + 1 + chance.below(200)).min(other.len());
            drop(bytes.splice(at..end, other[from..until].iter().copied()));
        }
        10 => digits(chance, bytes, at),
        11 => bytes.swap(at, chance.below(most)),
        12 => {
            let moved: Vec<u8> = bytes.drain(at..end).collect();
            let to = chance.below(bytes.len() + 1);
            drop(bytes.splice(to..to, moved));
        }
        _ => {
            let some: Vec<u8> = (0..8).map(|_| chance.below(256) as u8).collect();
            drop(bytes.splice(at..at, some));
        }
    }
}

/// Writes a number at which counts and lengths end over some bytes.
fn number(chance: &mut Chance, bytes: &mut [u8]) {
    let number: u64 = chance.of(&[
        0,
        1,
        0x7f,
        0xff,
        0x7fff,
        0xffff,
        0x7fff_ffff,
        0xffff_ffff,
        1 << 62,
        u64::MAX >> 1,
        u64::MAX,
    ]);
    let width = chance.of(&[1, 2, 4, 8]);
    for (to, from) in bytes.iter_mut().zip(&number.to_le_bytes()[..width]) {
        *to = *from;
    }
}

/// Puts another number in place of the next digits.
fn digits(chance: &mut Chance, bytes: &mut Vec<u8>, at: usize) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|behind| at + behind)
    else {
        return;
    };
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let other = chance.of(&[
        "0",
        "1",
        "-1",
        "00",
        "1e999",
        "1e-320",
        "NaN",
        "inf",
        "-0.0",
        "255",
        "65536",
        "2147483648",
        "4294967296",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1.7976931348623157e308",
        "0.1",
        "366",
        "1969",
        "9999",
        "123456789012345678901234567890",
    ]);
    drop(bytes.splice(start..start + length, other.bytes()));
}
