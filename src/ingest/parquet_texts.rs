//! A column of text in a Parquet file, read from its pages text by text.
//!
//! The library's decoder first makes a view of each text, which takes as long as reading the phone number in it.
//! So columns of phone numbers are read here, if their pages hold texts one after another, or places in a
//! dictionary. Whatever else a writer may do is left to the library: lists, nested columns, texts that
//! share their beginnings, levels that are not runs, huge row groups. Its decoder of runs is private.

use std::cell::{Cell, OnceCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ArrayBuilder, BinaryViewBuilder};
use bytes::Bytes;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::SerializedPageReader;

use super::parquet_pages::{self, Bounded, damaged};
use super::parquet_runs;

/// The most rows of a row group. A run of a few bytes may stand for any number of rows, which all get a place
/// in memory.
const MOST_ROWS: usize = 1 << 24;

/// The column of one row group, taken batch by batch.
pub(super) struct TextColumn {
    pages: SerializedPageReader<Bounded>,
    most_level: i16,
    dictionary: Option<Rc<Dictionary>>,
    /// The page that is read, and how many of its rows were taken.
    page: Option<(Rc<TextPage>, usize)>,
    is_damaged: Rc<Cell<bool>>,
}

/// The column of one batch.
pub(super) struct Texts {
    /// Pages, and which of their rows.
    parts: Vec<(Rc<TextPage>, Range<usize>)>,
    is_damaged: Rc<Cell<bool>>,
    array: OnceCell<ArrayRef>,
}

struct TextPage {
    rows: usize,
    /// Which rows are not null; `None` if all are.
    valid: Option<Vec<bool>>,
    texts: PageTexts,
}

enum PageTexts {
    /// Each text behind its length in four bytes. The second is a row and where its text begins, as far as the
    /// page was read.
    Plain(Bytes, Cell<(usize, usize)>),
    /// For each row its place in the dictionary.
    Coded(Rc<Dictionary>, Vec<u32>),
}

/// The page of a dictionary, and where its texts stand in it.
struct Dictionary {
    bytes: Bytes,
    texts: Vec<Range<usize>>,
}

impl TextColumn {
    /// Opens a column; `None` if it is left to the library.
    pub(super) fn open(
        file: &Arc<Bounded>,
        group: &RowGroupMetaData,
        column: &ColumnChunkMetaData,
    ) -> Result<Option<Self>> {
        let descriptor = column.column_descr();
        let is_one = descriptor.path().parts().len() == 1 && descriptor.max_rep_level() == 0;
        let is_text = column.column_type() == PhysicalType::BYTE_ARRAY;
        if !is_one || !is_text || column.encodings().any(parquet_pages::is_delta) {
            return Ok(None);
        }
        let rows = usize::try_from(group.num_rows()).ok().filter(|rows| *rows <= MOST_ROWS);
        let Some(rows) = rows else { return Ok(None) };
        let mut column = Self {
            pages: SerializedPageReader::new(Arc::clone(file), column, rows, None)?,
            most_level: descriptor.max_def_level(),
            dictionary: None,
            page: None,
            is_damaged: Rc::default(),
        };
        // A writer has one encoding of levels for all pages.
        let first = column.next_data()?;
        if first.as_ref().is_some_and(|page| column.most_level > 0 && !has_runs(page)) {
            return Ok(None);
        }
        column.page = first.map(|page| column.text_page(&page)).transpose()?;
        Ok(Some(column))
    }

    /// The texts of the next rows.
    pub(super) fn take(&mut self, rows: usize) -> Result<Texts> {
        let (mut parts, mut left) = (Vec::new(), rows);
        while left > 0 {
            let (page, taken) = match self.page.take().filter(|(page, taken)| *taken < page.rows) {
                Some(page) => page,
                None => {
                    let page = self.next_data()?.ok_or_else(damaged)?;
                    self.text_page(&page)?
                }
            };
            let end = page.rows.min(taken + left);
            left -= end - taken;
            parts.push((Rc::clone(&page), taken..end));
            self.page = Some((page, end));
        }
        Ok(Texts { parts, is_damaged: Rc::clone(&self.is_damaged), array: OnceCell::new() })
    }

    /// Fails unless all rows were taken, and all texts that were read are as long as they say.
    pub(super) fn finish(mut self) -> Result<()> {
        let is_taken = self.page.as_ref().is_none_or(|(page, taken)| *taken == page.rows);
        let is_whole = is_taken && self.next_data()?.is_none() && !self.is_damaged.get();
        is_whole.then_some(()).ok_or_else(damaged)
    }

    /// The next page with rows.
    fn next_data(&mut self) -> Result<Option<Page>> {
        while let Some(page) = self.pages.get_next_page()? {
            if page.is_dictionary_page() {
                let dictionary = Dictionary::read(page.buffer(), page.num_values());
                self.dictionary = Some(Rc::new(dictionary.ok_or_else(damaged)?));
            } else if page.num_values() > 0 {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// A page of which no row is taken.
    fn text_page(&self, page: &Page) -> Result<(Rc<TextPage>, usize)> {
        self.read_page(page).map(|page| (Rc::new(page), 0)).ok_or_else(damaged)
    }

    fn read_page(&self, page: &Page) -> Option<TextPage> {
        let rows = usize::try_from(page.num_values()).ok().filter(|rows| *rows <= MOST_ROWS)?;
        let (levels, values) = parquet_pages::levels_and_values(page, [0, self.most_level])?;
        let valid = match levels.filter(|levels| !parquet_runs::are_all_one(levels, rows)) {
            Some(levels) => {
                let levels = parquet_runs::read(levels, 1, rows)?;
                Some(levels.iter().map(|level| *level > 0).collect::<Vec<bool>>())
            }
            None => None,
        };
        let there = valid.as_deref().map_or(rows, count);
        let texts = match page.encoding() {
            // Without any text, nothing need stand there, nor need there be a dictionary.
            _ if there == 0 => PageTexts::Plain(Bytes::new(), Cell::default()),
            Encoding::PLAIN => PageTexts::Plain(page.buffer().slice_ref(values), Cell::default()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let (width, codes) = values.split_first()?;
                let codes = parquet_runs::read(codes, usize::from(*width), there)?;
                PageTexts::Coded(Rc::clone(self.dictionary.as_ref()?), spread(codes, &valid))
            }
            _ => return None,
        };
        Some(TextPage { rows, valid, texts })
    }
}

/// Whether the levels of a page are written as runs.
const fn has_runs(page: &Page) -> bool {
    match page {
        Page::DataPage { def_level_encoding, .. } => matches!(def_level_encoding, Encoding::RLE),
        Page::DataPageV2 { .. } | Page::DictionaryPage { .. } => true,
    }
}

/// How many rows are not null.
fn count(valid: &[bool]) -> usize {
    valid.iter().filter(|is_valid| **is_valid).count()
}

/// One place in the dictionary for each row, null or not.
fn spread(codes: Vec<u32>, valid: &Option<Vec<bool>>) -> Vec<u32> {
    let Some(valid) = valid else { return codes };
    let mut codes = codes.into_iter();
    let mut code = |is_valid: &bool| if *is_valid { codes.next() } else { None };
    valid.iter().map(|is_valid| code(is_valid).unwrap_or(0)).collect()
}

/// Takes the texts of rows, one after another.
pub(super) trait TakeText {
    /// Takes the text of the next row, `None` for null.
    fn take(&mut self, text: Option<&[u8]>);
}

impl TakeText for BinaryViewBuilder {
    fn take(&mut self, text: Option<&[u8]>) {
        self.append_option(text);
    }
}

impl Texts {
    /// Hands the texts on. One that is cut short is left out with all behind it, and then the column does not
    /// [finish](TextColumn::finish).
    #[inline(always)]
    pub(super) fn each(&self, take: &mut impl TakeText) {
        for (page, rows) in &self.parts {
            if page.each(rows.clone(), take).is_none() {
                self.is_damaged.set(true);
                return;
            }
        }
    }

    /// The texts as an array.
    pub(super) fn array(&self) -> &ArrayRef {
        self.array.get_or_init(|| {
            let mut array = BinaryViewBuilder::new();
            self.each(&mut array);
            let rows: usize = self.parts.iter().map(|(_, rows)| rows.len()).sum();
            (array.len()..rows).for_each(|_| array.append_null());
            Arc::new(array.finish())
        })
    }
}

impl TextPage {
    /// Hands the texts of these rows on; `None` if one is cut short.
    #[inline(always)]
    fn each(&self, rows: Range<usize>, take: &mut impl TakeText) -> Option<()> {
        let (PageTexts::Plain(bytes, reached), None) = (&self.texts, &self.valid) else {
            return self.each_or_null(rows, &mut |text| take.take(text));
        };
        // Nearly all pages of identifiers are like this.
        let mut rest = bytes.get(self.start(rows.start)?..)?;
        for _ in rows.clone() {
            let text;
            (text, rest) = first_text(rest)?;
            take.take(Some(text));
        }
        reached.set((rows.end, bytes.len() - rest.len()));
        Some(())
    }

    /// The same for pages with nulls or a dictionary.
    #[inline(never)]
    fn each_or_null(&self, rows: Range<usize>, take: &mut dyn FnMut(Option<&[u8]>)) -> Option<()> {
        let mut at = self.start(rows.start)?;
        for row in rows.clone() {
            if self.is_null(row) {
                take(None);
                continue;
            }
            match &self.texts {
                PageTexts::Plain(bytes, _) => {
                    let (text, rest) = first_text(bytes.get(at..)?)?;
                    at = bytes.len() - rest.len();
                    take(Some(text));
                }
                PageTexts::Coded(dictionary, codes) => {
                    let text = dictionary.texts.get(codes[row] as usize)?;
                    take(Some(&dictionary.bytes[text.clone()]));
                }
            }
        }
        if let PageTexts::Plain(_, reached) = &self.texts {
            reached.set((rows.end, at));
        }
        Some(())
    }

    /// Where the text of a row begins, in a page without a dictionary.
    fn start(&self, row: usize) -> Option<usize> {
        let PageTexts::Plain(bytes, reached) = &self.texts else { return Some(0) };
        let (mut before, mut at) = reached.get();
        if before > row {
            (before, at) = (0, 0);
        }
        for before in before..row {
            if !self.is_null(before) {
                at = bytes.len() - first_text(bytes.get(at..)?)?.1.len();
            }
        }
        Some(at)
    }

    fn is_null(&self, row: usize) -> bool {
        self.valid.as_ref().is_some_and(|valid| !valid[row])
    }
}

impl Dictionary {
    fn read(bytes: &Bytes, count: u32) -> Option<Self> {
        let (mut texts, mut rest) = (Vec::new(), &bytes[..]);
        for _ in 0..count {
            let text;
            (text, rest) = first_text(rest)?;
            let end = bytes.len() - rest.len();
            texts.push(end - text.len()..end);
        }
        Some(Self { bytes: bytes.clone(), texts })
    }
}

/// The first of texts that stand each behind its length in four bytes, and the others; `None` if it is cut short.
#[inline(always)]
fn first_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests;
