//! Text in UTF-16, as spreadsheets and PowerShell write it: read as UTF-8, and written back as it was.
//!
//! A mark at the beginning says so. Where the first line of a file is a row, the mark could be a part of it,
//! so it counts only if most line ends near it are those of UTF-16. (Not all: letters such as U+4E0A hold
//! the byte of a line end.) Half of a surrogate pair becomes the three
//! bytes that its number would have, which are no UTF-8: its record is a reject, and can be written back.

use std::io::{self, Cursor, Read, Write};

/// How much of a file is looked at.
const HEAD_BYTES: usize = 64 << 10;

/// Which byte of a unit of UTF-16 stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The lower one.
    Little,
    /// The higher one.
    Big,
}

impl Order {
    /// The order in text that begins so; `None` for text that is not UTF-16.
    fn of(head: &[u8]) -> Option<Self> {
        let order = match head.get(..2)? {
            b"\xff\xfe" => Self::Little,
            b"\xfe\xff" => Self::Big,
            _ => return None,
        };
        let (pairs, _) = head.as_chunks::<2>();
        let bytes = head.iter().filter(|byte| **byte == b'\n').count();
        let ends = pairs.iter().filter(|pair| order.unit(**pair) == u16::from(b'\n')).count();
        (ends * 2 >= bytes).then_some(order)
    }

    const fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(pair),
            Self::Big => u16::from_be_bytes(pair),
        }
    }

    const fn bytes(self, unit: u16) -> [u8; 2] {
        match self {
            Self::Little => unit.to_le_bytes(),
            Self::Big => unit.to_be_bytes(),
        }
    }
}

/// Reads text in UTF-8 or UTF-16 as UTF-8, and says in which order the bytes of UTF-16 stood.
pub(super) fn narrow<R: Read + Send + 'static>(
    mut text: R,
) -> io::Result<(Box<dyn Read + Send>, Option<Order>)> {
    let mut head = Vec::new();
    text.by_ref().take(2).read_to_end(&mut head)?;
    if matches!(head.as_slice(), b"\xff\xfe" | b"\xfe\xff") {
        text.by_ref().take(HEAD_BYTES as u64 - 2).read_to_end(&mut head)?;
    }
    let order = Order::of(&head);
    let whole = Cursor::new(head).chain(text);
    Ok(match order {
        Some(order) => (
            Box::new(Narrow {
                text: whole,
                order,
                rest: Vec::new(),
                out: Cursor::default(),
                high: None,
            }),
            Some(order),
        ),
        None => (Box::new(whole), None),
    })
}

/// UTF-16 that is read as UTF-8.
struct Narrow<R> {
    text: R,
    order: Order,
    /// Half of a unit whose other half is not read yet.
    rest: Vec<u8>,
    out: Cursor<Vec<u8>>,
    /// The first half of a surrogate pair whose second half is not read yet.
    high: Option<u16>,
}

impl<R: Read> Read for Narrow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.out.read(buffer)?;
            if read > 0 || buffer.is_empty() || !self.fill()? {
                return Ok(read);
            }
        }
    }
}

impl<R: Read> Narrow<R> {
    /// Takes some more of the text; `false` at its end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = std::mem::take(&mut self.rest);
        let before = bytes.len();
        self.text.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut bytes)?;
        let is_end = bytes.len() == before;
        if is_end && before > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "UTF-16 ends within a letter",
            ));
        }
        let (pairs, rest) = bytes.split_at(bytes.len() / 2 * 2);
        let units = pairs.chunks_exact(2).map(|pair| self.order.unit([pair[0], pair[1]]));
        let units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
        let mut units = units.as_slice();
        if let Some((last, others)) = units.split_last()
            && (0xd800..0xdc00).contains(last)
            && !is_end
        {
            (self.high, units) = (Some(*last), others);
        }
        let mut out = Vec::with_capacity(units.len() * 2);
        for letter in char::decode_utf16(units.iter().copied()) {
            match letter {
                Ok(letter) => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(half) => out.extend_from_slice(&three_bytes(half.unpaired_surrogate())),
            }
        }
        self.rest = rest.to_vec();
        self.out = Cursor::new(out);
        Ok(!is_end || !units.is_empty())
    }
}

/// Writes UTF-8 that was read from UTF-16 as UTF-16 again. Each write must hold whole letters.
pub struct Wide<'w> {
    to: &'w mut dyn Write,
    order: Order,
}

impl<'w> Wide<'w> {
    /// Writes to `to` in an order.
    pub fn new(to: &'w mut dyn Write, order: Order) -> Self {
        Self { to, order }
    }
}

impl Write for Wide<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut wide = Vec::with_capacity(text.len() * 2);
        let mut put = |unit: u16| wide.extend_from_slice(&self.order.bytes(unit));
        let mut half = Vec::with_capacity(3);
        for chunk in text.utf8_chunks() {
            chunk.valid().encode_utf16().for_each(&mut put);
            half.extend_from_slice(chunk.invalid());
            if let [first, second, third] = half.as_slice() {
                put((u16::from(first & 15) << 12)
                    | (u16::from(second & 63) << 6)
                    | u16::from(third & 63));
                half.clear();
            }
        }
        self.to.write_all(&wide)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn three_bytes(unit: u16) -> [u8; 3] {
    let six = |shift: u16| (unit >> shift & 63) as u8 | 0x80;
    [(unit >> 12) as u8 | 0xe0, six(6), six(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text in an order, as a file would have it.
    fn wide(text: &str, order: Order) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| order.bytes(unit)).collect()
    }

    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        narrow(Cursor::new(bytes.to_vec())).unwrap().0.read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn text_is_read_and_written_back_in_both_orders() {
        // The pair stands where one reading ends.
        let long = format!("\u{feff}{}\u{1f600}\r\nü\n", "a".repeat(HEAD_BYTES / 2 - 2));
        for order in [Order::Little, Order::Big] {
            for text in ["\u{feff}", "\u{feff}a,ü\n\u{1f600},b\n", &long] {
                let mut bytes = wide(text, order);
                // Half of a pair, which no letter has.
                bytes.extend(order.bytes(0xd83d));
                bytes.extend(order.bytes(0x0a));
                let seen = read(&bytes);
                assert!(seen.starts_with(text.as_bytes()));
                assert!(std::str::from_utf8(&seen[text.len()..]).is_err());
                let mut back = Vec::new();
                Wide::new(&mut back, order).write_all(&seen).unwrap();
                assert!(back == bytes);
            }
        }
    }

    #[test]
    fn a_mark_in_front_of_lines_of_other_text_is_a_part_of_the_first() {
        for bytes in [&b"\xff\xfea\0\nb,c\n"[..], b"\xfe\xffa,b\nc\n", b"\xff", b"a\0\n\0"] {
            assert_eq!(read(bytes), bytes);
        }
    }

    #[test]
    fn letters_that_hold_the_byte_of_a_line_end_are_letters() {
        for order in [Order::Little, Order::Big] {
            let text = "\u{feff}who,\u{4e0a},when\na,b,c\n\u{a05},e,f\n";
            assert_eq!(read(&wide(text, order)), text.as_bytes());
        }
    }

    #[test]
    fn text_that_ends_within_a_letter_is_cut_short() {
        let mut text = narrow(Cursor::new(b"\xff\xfea\0b".to_vec())).unwrap().0;
        assert!(text.read_to_end(&mut Vec::new()).is_err());
    }
}
