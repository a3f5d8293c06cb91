//! Writes pickles and ZIP containers byte by byte: honest ones as `torch.save` does, and dishonest ones.

/// A pickle under construction; its bytes so far.
#[derive(Debug, Clone)]
#[must_use]
pub struct Pickle(pub Vec<u8>);

/// What the pickle says of a tensor.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Name of the storage's class in `torch`.
    pub kind: &'a str,
    /// Name of the storage in the archive.
    pub key: &'a str,
    /// How many numbers the storage has.
    pub elements: i64,
    /// Where the tensor begins in it, in numbers.
    pub offset: i64,
    /// Shape.
    pub shape: &'a [i64],
    /// Strides, in numbers.
    pub strides: &'a [i64],
}

/// Two by three float32, row-major, in storage `0`.
pub const HONEST: Claim<'static> =
    Claim { kind: "FloatStorage", key: "0", elements: 6, offset: 0, shape: &[2, 3], strides: &[3, 1] };

impl Pickle {
    /// Says which protocol it is.
    pub fn begin() -> Self {
        Self(vec![0x80, 2])
    }

    /// Appends opcodes as they are.
    pub fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Pushes a name of a module.
    pub fn global(self, module: &str, name: &str) -> Self {
        self.op(format!("c{module}\n{name}\n").as_bytes())
    }

    /// Pushes a text.
    pub fn text(self, text: &str) -> Self {
        let length = u32::try_from(text.len()).expect("a short text");
        self.op(b"X").op(&length.to_le_bytes()).op(text.as_bytes())
    }

    /// Pushes a whole number.
    pub fn int(self, value: i64) -> Self {
        self.op(&[0x8a, 8]).op(&value.to_le_bytes())
    }

    /// Pushes a tuple of whole numbers.
    pub fn ints(self, values: &[i64]) -> Self {
        values.iter().fold(self.op(b"("), |pickle, &value| pickle.int(value)).op(b"t")
    }

    /// Pushes an empty `OrderedDict`.
    pub fn ordered_dict(self) -> Self {
        self.global("collections", "OrderedDict").op(b")R")
    }

    /// Pushes a storage, by its persistent id.
    pub fn storage(self, claim: Claim<'_>) -> Self {
        let Claim { kind, key, elements, .. } = claim;
        self.op(b"(").text("storage").global("torch", kind).text(key).text("cpu").int(elements).op(b"tQ")
    }

    /// Pushes a tensor.
    pub fn tensor(self, claim: Claim<'_>) -> Self {
        self.global("torch._utils", "_rebuild_tensor_v2")
            .op(b"(")
            .storage(claim)
            .int(claim.offset)
            .ints(claim.shape)
            .ints(claim.strides)
            .op(&[0x89])
            .ordered_dict()
            .op(b"tR")
    }

    /// A state dict of one tensor called `weight`.
    pub fn of(claim: Claim<'_>) -> Vec<u8> {
        Self::begin().ordered_dict().op(b"(").text("weight").tensor(claim).op(b"u.").0
    }
}

/// A ZIP entry; both headers say the same of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Name.
    pub name: String,
    /// Content, as it is stored.
    pub content: Vec<u8>,
    /// Method of compression; 0 for none.
    pub method: u16,
    /// General-purpose flags.
    pub flags: u16,
    /// Checksum in the headers.
    pub crc: u32,
    /// Size in the headers.
    pub size: u32,
    /// Place of the local header in the directory, if not the true one.
    pub offset: Option<u32>,
    /// System and version that made it.
    pub made_by: u16,
    /// External attributes.
    pub attributes: u32,
}

impl Entry {
    /// An honest one, below `forged/`.
    pub fn new(name: &str, content: &[u8]) -> Self {
        Self {
            name: format!("forged/{name}"),
            content: content.to_vec(),
            method: 0,
            flags: if content.is_empty() { 0x800 } else { 0x808 },
            crc: crc32fast::hash(content),
            size: u32::try_from(content.len()).expect("a small entry"),
            offset: None,
            made_by: 0,
            attributes: 0,
        }
    }

    fn shared(&self, sizes: bool, extra: u16) -> Vec<u8> {
        let (crc, size) = if sizes { (self.crc, self.size) } else { (0, 0) };
        let name = u16::try_from(self.name.len()).expect("a short name");
        let mut bytes = Vec::new();
        for short in [0, self.flags, self.method, 0, 0] {
            bytes.extend_from_slice(&short.to_le_bytes());
        }
        for long in [crc, size, size] {
            bytes.extend_from_slice(&long.to_le_bytes());
        }
        bytes.extend_from_slice(&name.to_le_bytes());
        bytes.extend_from_slice(&extra.to_le_bytes());
        bytes
    }

    fn local(&self, position: usize) -> Vec<u8> {
        let unpadded = position + 30 + self.name.len() + 4;
        let filling = unpadded.next_multiple_of(64) - unpadded;
        let filling_length = u16::try_from(filling).expect("less than 64");
        let has_descriptor = self.flags & 8 != 0;
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend(self.shared(!has_descriptor, filling_length + 4));
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.extend_from_slice(b"FB");
        bytes.extend_from_slice(&filling_length.to_le_bytes());
        bytes.resize(bytes.len() + filling, b'Z');
        bytes.extend_from_slice(&self.content);
        if has_descriptor {
            bytes.extend_from_slice(b"PK\x07\x08");
            for long in [self.crc, self.size, self.size] {
                bytes.extend_from_slice(&long.to_le_bytes());
            }
        }
        bytes
    }

    fn central(&self, position: usize) -> Vec<u8> {
        let position = u32::try_from(position).expect("a small archive");
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend_from_slice(&self.made_by.to_le_bytes());
        bytes.extend(self.shared(true, 0));
        bytes.extend_from_slice(&[0; 6]);
        bytes.extend_from_slice(&self.attributes.to_le_bytes());
        bytes.extend_from_slice(&self.offset.unwrap_or(position).to_le_bytes());
        bytes.extend_from_slice(self.name.as_bytes());
        bytes
    }
}

/// The numbers of the end records.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// Number of entries.
    pub entries: u64,
    /// Bytes of the directory.
    pub size: u64,
    /// Where the directory begins.
    pub start: u64,
}

impl End {
    /// Both end records, at `position`.
    pub fn bytes(self, position: usize) -> Vec<u8> {
        let mut bytes = b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x1e\x03\x2d\0\0\0\0\0\0\0\0\0".to_vec();
        for number in [self.entries, self.entries, self.size, self.start] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        bytes.extend_from_slice(&(position as u64).to_le_bytes());
        bytes.extend_from_slice(&1_u32.to_le_bytes());
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX).to_le_bytes();
        bytes.extend_from_slice(&entries);
        bytes.extend_from_slice(&entries);
        for number in [self.size, self.start] {
            bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 2]);
        bytes
    }
}

/// Local headers and contents, then the directory, then the end; `bend` may falsify the numbers of the end.
pub fn zip_with(entries: &[Entry], bend: impl FnOnce(End) -> End) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        directory.extend(entry.central(bytes.len()));
        bytes.extend(entry.local(bytes.len()));
    }
    let (start, size) = (bytes.len() as u64, directory.len() as u64);
    bytes.extend(directory);
    let end = bend(End { entries: entries.len() as u64, size, start });
    bytes.extend(end.bytes(bytes.len()));
    bytes
}

/// An archive whose numbers are true.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    zip_with(entries, |end| end)
}

/// The entries of an honest checkpoint, except that the pickle and the storages are given.
pub fn entries(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<Entry> {
    let mut entries = vec![Entry::new("data.pkl", pickle), Entry::new("byteorder", b"little")];
    entries.extend(storages.iter().map(|(key, bytes)| Entry::new(&format!("data/{key}"), bytes)));
    entries.push(Entry::new("version", b"3\n"));
    entries.push(Entry::new(".data/serialization_id", b"0123456789012345678901234567890123456789"));
    entries
}

/// An archive as `torch.save` writes it, with this pickle and these storages.
pub fn checkpoint(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&entries(pickle, storages))
}

/// Bytes of float32, little-endian.
pub fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The storage of [`HONEST`]: 0 to 5.
pub fn six() -> Vec<u8> {
    floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
}
