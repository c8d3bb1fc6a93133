//! Segments, frames, and the checks of both: sections 8.2 and 8.3 of `docs/format.md`.

/// Where the first frame of a segment begins.
pub const FRAMES_FROM: usize = 256;

/// Kinds of frames.
pub mod kind {
    /// Objects and ref updates of one transaction.
    pub const COMMIT: u8 = 1;
    /// The refs' root, the live segments, an index table.
    pub const SNAPSHOT: u8 = 2;
    /// Objects of a data segment.
    pub const BULK: u8 = 3;
    /// The marker that closing leaves.
    pub const CLOSE: u8 = 4;
    /// The marker of a successor.
    pub const SEAL: u8 = 5;
}

const STORE: [u8; 16] = *b"made by hand ...";

/// Bytes in the forms of section 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// Starts with nothing.
    pub fn new() -> Self {
        Bytes::default()
    }

    /// Appends a `uint` in its shortest form.
    #[must_use]
    pub fn uint(mut self, value: u64) -> Self {
        let (marker, len) = match value {
            0..251 => (value as u8, 0),
            251..0x1_0000 => (0xfb, 2),
            0x1_0000..0x1_0000_0000 => (0xfc, 4),
            _ => (0xfd, 8),
        };
        self.0.push(marker);
        self.0.extend_from_slice(&value.to_le_bytes()[..len]);
        self
    }

    /// Appends bytes alone.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends a length and bytes.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.uint(bytes.len() as u64).raw(bytes)
    }

    /// Appends what a function appends for each item.
    #[must_use]
    pub fn each<T>(self, items: &[T], append: impl Fn(Self, &T) -> Self) -> Self {
        items.iter().fold(self, append)
    }
}

/// A segment in the making. Fields of the next frame's header may be set to anything.
#[derive(Clone, Debug)]
pub struct Segment {
    is_data: bool,
    number: u64,
    salt: [u8; 32],
    bytes: Vec<u8>,
    tag: [u8; 16],
    /// The sequence number of the next frame.
    pub sequence: u32,
    /// The offset of the newest snapshot.
    pub snapshot: u32,
    /// What the next frame says was synced.
    pub durable: u32,
}

impl Segment {
    /// Begins a log segment without a predecessor.
    pub fn log(number: u64) -> Self {
        Segment::begin(false, number, 0, [0; 16])
    }

    /// Begins a data segment.
    pub fn data(number: u64) -> Self {
        Segment::begin(true, number, 0, [0; 16])
    }

    /// Begins a log segment that says how long its predecessor was.
    pub fn after(number: u64, predecessor_len: u64, predecessor_tag: [u8; 16]) -> Self {
        Segment::begin(false, number, predecessor_len, predecessor_tag)
    }

    /// Begins a log segment whose header is changed before its check is computed.
    pub fn log_with(number: u64, change: impl FnOnce(&mut [u8])) -> Self {
        Segment::begin_with(false, number, 0, [0; 16], change)
    }

    fn begin(is_data: bool, number: u64, len: u64, tag: [u8; 16]) -> Self {
        Segment::begin_with(is_data, number, len, tag, |_| {})
    }

    fn begin_with(
        is_data: bool,
        number: u64,
        len: u64,
        tag: [u8; 16],
        change: impl FnOnce(&mut [u8]),
    ) -> Self {
        let mut salt = [0x5a; 32];
        salt[..8].copy_from_slice(&number.to_le_bytes());
        salt[8] = u8::from(is_data);
        let mut header = b"partita\n".to_vec();
        header.extend_from_slice(&1u16.to_le_bytes());
        header.extend_from_slice(&[u8::from(is_data), 0]);
        header.extend_from_slice(&[0; 12]);
        header.extend_from_slice(&STORE);
        header.extend_from_slice(&number.to_le_bytes());
        header.extend_from_slice(&salt);
        header.extend_from_slice(&len.to_le_bytes());
        header.extend_from_slice(&tag);
        header.extend_from_slice(&[0; 8]);
        change(&mut header);
        let check = keyed(&salt, &[&header]);
        header.extend_from_slice(&check);
        assert_eq!(header.len(), FRAMES_FROM / 2);
        let bytes = [&header[..], &header].concat();
        Segment { is_data, number, salt, bytes, tag: check, sequence: 1, snapshot: 0, durable: 256 }
    }

    /// Returns the file's name below the store's directory.
    pub fn path(&self) -> String {
        let suffix = if self.is_data { "data" } else { "log" };
        format!("segments/{:016x}.{suffix}", self.number)
    }

    /// Returns the segment's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns where the next frame will begin.
    pub fn end(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// Returns the tag of the last frame, or the header's check.
    pub fn tag(&self) -> [u8; 16] {
        self.tag
    }

    /// Returns the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the file, to be changed where it stands.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a frame whose checks hold, whatever its kind and its payload; returns its offset.
    pub fn push(&mut self, kind: u8, payload: &[u8]) -> u32 {
        let offset = self.end();
        let magic = keyed(&self.salt, &[b"frame"]);
        let mut frame = magic[..4].to_vec();
        frame.extend_from_slice(&[kind, 0, 0, 0]);
        for word in [payload.len() as u32, self.snapshot, self.durable, self.sequence] {
            frame.extend_from_slice(&word.to_le_bytes());
        }
        let check = keyed(&self.salt, &[&u64::from(offset).to_le_bytes(), &frame]);
        frame.extend_from_slice(&check[..8]);
        frame.extend_from_slice(payload);
        self.tag = keyed(&self.salt, &[&self.tag, &frame]);
        self.bytes.extend_from_slice(&frame);
        self.bytes.extend_from_slice(&self.tag);
        self.sequence = self.sequence.wrapping_add(1);
        if kind == self::kind::SNAPSHOT {
            self.snapshot = offset;
        }
        offset
    }

    /// Returns the tag over a range of the segment, as an index table names it.
    pub fn range_tag(&self, from: usize, to: usize) -> [u8; 16] {
        keyed(&self.salt, &[&self.bytes[from..to]])
    }
}

/// The first 32 bits of an id, by which an index table sorts.
pub fn key(id: &[u8; 32]) -> u32 {
    u32::from_be_bytes([id[0], id[1], id[2], id[3]])
}

fn keyed(salt: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(salt);
    for part in parts {
        hasher.update(part);
    }
    let mut tag = [0; 16];
    hasher.finalize_xof().fill(&mut tag);
    tag
}
