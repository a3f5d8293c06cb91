use super::{PAGE, SqlCell, SqlTable, database};

const SQL: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)";

fn row(number: i64, text: &str) -> Vec<SqlCell> {
    vec![SqlCell::Null, SqlCell::Whole(number), SqlCell::Text(text.to_owned())]
}

fn table(rows: Vec<Vec<SqlCell>>) -> Vec<u8> {
    database(&[SqlTable { name: "t", sql: SQL, rows }])
}

/// What isn't zero of the database that `SQLite` 3.40 makes of six rows in one transaction: where, and which bytes.
const OF_SQLITE: [(usize, &str); 6] = [
    (0, "53514c69746520666f726d617420330010000101004020200000000100000002"),
    (43, "0100000004"),
    (59, "01"),
    (95, "01002e63010d000000010fb5000fb5"),
    (
        4021,
        "490107170f0f0181017461626c65747402435245415445205441424c4520742028696420494e5445474552205052494d415259204b4559\
         2c206120494e54454745522c20622054455854290d000000060f7d000ff90ff30fe90f990f8c0f7d",
    ),
    (
        8061,
        "0d060400060fc000000000000000770b050400050f0100000000007a4e040500038119009c40797979797979797979797979797979797979\
         7979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797908030400\
         0211ff7fc3a904020400090d05010400080f78",
    ),
];

#[test]
fn a_small_database_is_sqlites_own_byte_for_byte() {
    let long = "y".repeat(70);
    let rows = [(0, "x"), (1, ""), (-129, "é"), (40_000, long.as_str()), (1 << 40, "z"), (-(1 << 62), "w")];
    let mut expected = vec![0; 2 * PAGE];
    for (place, hex) in OF_SQLITE {
        let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).expect("a digit")).collect();
        for (byte, pair) in expected[place..].iter_mut().zip(digits.chunks(2)) {
            *byte = (pair[0] * 16 + pair[1]) as u8;
        }
    }
    let written = table(rows.into_iter().map(|(number, text)| row(number, text)).collect());
    let differs = written.iter().zip(&expected).position(|(own, its)| own != its);
    assert_eq!((differs, written.len()), (None, expected.len()));
}

/// Reads a table's tree as the description of the format says, and no more of it than is needed here.
struct Reader<'b> {
    bytes: &'b [u8],
    read: Vec<u32>,
}

impl Reader<'_> {
    fn number(&self, place: usize, width: usize) -> usize {
        self.bytes[place..place + width].iter().fold(0, |value, byte| value << 8 | usize::from(*byte))
    }

    fn varint(&self, place: &mut usize) -> usize {
        let mut value = 0;
        loop {
            let byte = usize::from(self.bytes[*place]);
            *place += 1;
            value = value << 7 | byte & 0x7f;
            if byte < 0x80 {
                return value;
            }
        }
    }

    /// Numbers of rows with their records, in the order of the tree.
    fn rows(&mut self, page: usize, found: &mut Vec<(usize, Vec<u8>)>) {
        self.read.push(page as u32);
        let begin = (page - 1) * PAGE;
        let cells = self.number(begin + 3, 2);
        let is_leaf = self.bytes[begin] == 13;
        let head = if is_leaf { 8 } else { 12 };
        for cell in 0..cells {
            let mut place = begin + self.number(begin + head + 2 * cell, 2);
            if is_leaf {
                let length = self.varint(&mut place);
                let number = self.varint(&mut place);
                let record = self.record(length, place);
                found.push((number, record));
            } else {
                let child = self.number(place, 4);
                place += 4;
                let last = self.varint(&mut place);
                self.rows(child, found);
                assert_eq!(found.last().map(|(number, _)| *number), Some(last), "a page's last row");
            }
        }
        if !is_leaf {
            assert!(cells > 0, "page {page} leads to a single one");
            self.rows(self.number(begin + 8, 4), found);
        }
    }

    fn record(&mut self, length: usize, place: usize) -> Vec<u8> {
        if length <= PAGE - 35 {
            return self.bytes[place..place + length].to_vec();
        }
        let fewest = (PAGE - 12) * 32 / 255 - 23;
        let here = fewest + (length - fewest) % (PAGE - 4);
        let here = if here <= PAGE - 35 { here } else { fewest };
        let mut record = self.bytes[place..place + here].to_vec();
        let mut next = self.number(place + here, 4);
        while next != 0 {
            self.read.push(next as u32);
            let begin = (next - 1) * PAGE;
            let part = (length - record.len()).min(PAGE - 4);
            record.extend(&self.bytes[begin + 4..begin + 4 + part]);
            next = self.number(begin, 4);
        }
        record
    }
}

#[test]
fn many_rows_and_long_ones_are_found_again_in_their_order() {
    // Around what a page holds, what its chain does, and enough pages for a page above those above the leaves.
    let lengths = (4_040..4_080).chain([8_100, 8_200, 100_000]).chain((0..600).map(|row| 3_000 + row));
    let texts: Vec<String> = lengths.map(|length| "ä".repeat(length / 2) + &"y".repeat(length % 2)).collect();
    let bytes = table(texts.iter().map(|text| row(7, text)).collect());
    let mut reader = Reader { bytes: &bytes, read: vec![1] };
    let root = bytes.windows(SQL.len()).position(|window| window == SQL.as_bytes()).expect("a schema") - 2;
    let mut found = Vec::new();
    reader.rows(reader.number(root, 2), &mut found);
    assert_eq!(found.len(), texts.len());
    for ((place, text), (number, record)) in texts.iter().enumerate().zip(&found) {
        assert_eq!(*number, place + 1);
        assert!(record.ends_with(text.as_bytes()), "row {number}");
    }
    reader.read.sort_unstable();
    let pages: Vec<u32> = (1..=(bytes.len() / PAGE) as u32).collect();
    assert_eq!(reader.read, pages, "every page belongs to one place");
}
