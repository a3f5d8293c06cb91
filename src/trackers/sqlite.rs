//! `SQLite`'s file format, as far as a new database without indices needs it (<https://www.sqlite.org/fileformat2.html>).
//!
//! Rows are numbered from 1 in the order in which they are given. A table is a tree of pages: leaves hold rows, the pages above
//! hold the last row's number of each page below. What doesn't fit on a leaf goes on in a chain of pages of its own.

/// Bytes of a page.
const PAGE: usize = 4096;
/// Bytes at the front of the file, on its first page.
const FILE_HEAD: usize = 100;
const LEAF_HEAD: usize = 8;
const INNER_HEAD: usize = 12;
/// Most bytes of a row that lie on a leaf as a whole.
const MOST: usize = PAGE - 35;
/// Fewest bytes of a longer row that lie there.
const FEWEST: usize = (PAGE - 12) * 32 / 255 - 23;
/// Bytes of a row on a further page, behind the number of the next.
const FURTHER: usize = PAGE - 4;
/// Most pages below one page: a child's number, the longest number of a row, and where both are.
const CHILDREN: usize = (PAGE - INNER_HEAD) / (4 + 9 + 2);

const LEAF: u8 = 13;
const INNER: u8 = 5;

/// What a column of a row holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SqlCell {
    /// Nothing; in the column that is the number of the row, that number.
    Null,
    /// A whole number.
    Whole(i64),
    /// Text.
    Text(String),
}

/// A table with its rows.
#[derive(Debug)]
pub(super) struct SqlTable {
    /// Its name.
    pub(super) name: &'static str,
    /// The statement that makes it.
    pub(super) sql: &'static str,
    /// Its rows, with a cell for each column.
    pub(super) rows: Vec<Vec<SqlCell>>,
}

/// The bytes of a database with these tables.
pub(super) fn database(tables: &[SqlTable]) -> Vec<u8> {
    let mut file = File { pages: vec![Vec::new()] };
    let mut schema = Vec::new();
    for table in tables {
        let root = file.tree(&table.rows);
        let text = |text: &str| SqlCell::Text(text.to_owned());
        let row =
            [text("table"), text(table.name), text(table.name), SqlCell::Whole(root.into()), text(table.sql)];
        schema.push(file.on_leaf(schema.len() + 1, &record(&row)));
    }
    let room = PAGE - FILE_HEAD - LEAF_HEAD;
    assert!(taken(&schema) <= room, "the statements of a database fit on its first page");
    let pages = file.pages.len() as u32;
    file.pages[0] = [file_head(pages), page(LEAF, None, &schema, FILE_HEAD)].concat();
    file.pages.concat()
}

/// Bytes that cells take on a page, each with two bytes that say where it is.
fn taken(cells: &[Vec<u8>]) -> usize {
    cells.iter().map(|cell| cell.len() + 2).sum()
}

struct File {
    pages: Vec<Vec<u8>>,
}

/// A page of a tree, by its number, and the number of the last row that it leads to.
#[derive(Clone, Copy)]
struct Child {
    page: u32,
    last: usize,
}

impl File {
    /// Adds a page and says its number; `SQLite` counts from 1.
    fn add(&mut self, page: Vec<u8>) -> u32 {
        self.pages.push(page);
        self.pages.len() as u32
    }

    /// Adds the pages of a table and says the number of the topmost.
    fn tree(&mut self, rows: &[Vec<SqlCell>]) -> u32 {
        let mut level = self.leaves(rows);
        while level.len() > 1 {
            let groups = level.len().div_ceil(CHILDREN);
            // Even groups, so that none has a single page.
            let group = |at: usize| &level[at * level.len() / groups..(at + 1) * level.len() / groups];
            level = (0..groups).map(|at| self.above(group(at))).collect();
        }
        level[0].page
    }

    /// At least one leaf, even without rows.
    fn leaves(&mut self, rows: &[Vec<SqlCell>]) -> Vec<Child> {
        let mut leaves = Vec::new();
        let mut cells: Vec<Vec<u8>> = Vec::new();
        for (before, row) in rows.iter().enumerate() {
            let cell = self.on_leaf(before + 1, &record(row));
            if taken(&cells) + cell.len() + 2 > PAGE - LEAF_HEAD {
                leaves.push(Child { page: self.add(page(LEAF, None, &cells, 0)), last: before });
                cells.clear();
            }
            cells.push(cell);
        }
        leaves.push(Child { page: self.add(page(LEAF, None, &cells, 0)), last: rows.len() });
        leaves
    }

    /// Adds the page above some.
    fn above(&mut self, below: &[Child]) -> Child {
        let (last, others) = below.split_last().expect("a group has pages");
        let cell = |child: &Child| [&child.page.to_be_bytes()[..], &varint(child.last as u64)].concat();
        let cells: Vec<Vec<u8>> = others.iter().map(cell).collect();
        Child { page: self.add(page(INNER, Some(last.page), &cells, 0)), last: last.last }
    }

    /// A row as a leaf holds it; what doesn't fit there is added as pages of its own.
    fn on_leaf(&mut self, number: usize, record: &[u8]) -> Vec<u8> {
        let head = [varint(record.len() as u64), varint(number as u64)].concat();
        if record.len() <= MOST {
            return [&head[..], record].concat();
        }
        let here = FEWEST + (record.len() - FEWEST) % FURTHER;
        let (here, rest) = record.split_at(if here <= MOST { here } else { FEWEST });
        let mut next = 0_u32;
        // The last page first, because each names the one behind it.
        for part in rest.chunks(FURTHER).rev() {
            let mut page = [&next.to_be_bytes()[..], part].concat();
            page.resize(PAGE, 0);
            next = self.add(page);
        }
        [&head[..], here, &next.to_be_bytes()].concat()
    }
}

/// A page of a tree without the `before` bytes in front of it; cells fill it from its end on, as `SQLite` does.
fn page(kind: u8, last_child: Option<u32>, cells: &[Vec<u8>], before: usize) -> Vec<u8> {
    let mut places = Vec::new();
    let mut begin = PAGE;
    for cell in cells {
        begin -= cell.len();
        places.extend((begin as u16).to_be_bytes());
    }
    let mut page = vec![kind, 0, 0];
    page.extend((cells.len() as u16).to_be_bytes());
    page.extend((begin as u16).to_be_bytes());
    page.push(0);
    page.extend(last_child.into_iter().flat_map(u32::to_be_bytes));
    page.extend(places);
    page.resize(begin - before, 0);
    page.extend(cells.iter().rev().flatten());
    page
}

/// A row: the kinds of its cells behind the length of that list, then what they hold.
fn record(row: &[SqlCell]) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut body = Vec::new();
    for cell in row {
        match cell {
            SqlCell::Null => kinds.push(0),
            SqlCell::Whole(0) => kinds.push(8),
            SqlCell::Whole(1) => kinds.push(9),
            SqlCell::Whole(value) => {
                let (kind, width) = kind_and_width(*value);
                kinds.push(kind);
                body.extend(&value.to_be_bytes()[8 - width..]);
            }
            SqlCell::Text(text) => {
                kinds.extend(varint(2 * text.len() as u64 + 13));
                body.extend(text.as_bytes());
            }
        }
    }
    // The length counts itself; a row of few cells keeps it below 128.
    let length = varint(kinds.len() as u64 + 1);
    assert_eq!(length.len(), 1, "a row has few cells");
    [length, kinds, body].concat()
}

/// The kind of a whole number, and the fewest bytes that `SQLite` keeps it in.
fn kind_and_width(value: i64) -> (u8, usize) {
    let bits = 65 - if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    match bits.div_ceil(8) {
        width @ 1..=4 => (width as u8, width as usize),
        5 | 6 => (5, 6),
        _ => (6, 8),
    }
}

/// Seven bits a byte, highest first; a length or the number of a row, and so below 2^56.
fn varint(value: u64) -> Vec<u8> {
    let width = (64 - (value | 1).leading_zeros()).div_ceil(7);
    let byte = |place: u32| (value >> (7 * place)) as u8 & 0x7f | if place > 0 { 0x80 } else { 0 };
    (0..width).rev().map(byte).collect()
}

/// The first bytes of a database.
fn file_head(pages: u32) -> Vec<u8> {
    let number = |value: u32| value.to_be_bytes();
    let mut head = b"SQLite format 3\0".to_vec();
    head.extend((PAGE as u16).to_be_bytes());
    // A journal and no write-ahead log; no bytes kept free; how full pages are, which has one value alone.
    head.extend([1, 1, 0, 64, 32, 32]);
    // Changes so far, pages, none of them free, changes of the tables, format 4, UTF-8.
    head.extend([1, pages, 0, 0, 1, 4, 0, 0, 1].map(number).concat());
    head.resize(FILE_HEAD - 8, 0);
    // The count of changes that the number of pages is right for, and a version of SQLite that writes this format.
    head.extend([1, 3_040_001].map(number).concat());
    head
}

#[cfg(test)]
mod tests;
