//! Index tables: which frame and row may hold an id, for a run of frames of one segment.
//!
//! A table's bytes: the number of frames; for each, its distance from the one before (the first
//! from the table's `from`) and its number of objects; the bits by which entries are put into
//! buckets (0, 8 or 16); the size of each bucket; for each entry, in the order of ids, the rest of
//! the first 32 bits of its id (4, 3 or 2 bytes, big-endian); for each entry its object's ordinal
//! among all of the table (1 to 4 bytes, as many as the largest needs, little-endian).
//!
//! An entry is a hint: the frame decides.

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::{ObjectId, Prefix};
use crate::limits::{FRAME_BYTES_MAX, FRAME_OBJECTS_MAX};
use crate::log::format::row::Location;

/// A table in memory: about six bytes an object.
#[derive(Debug)]
pub(crate) struct Table {
    /// Where each frame begins, and the ordinal of its first object.
    frames: Vec<(u32, u32)>,
    objects: u32,
    bits: u32,
    /// Where each bucket begins, and the end.
    buckets: Vec<u32>,
    rests: Vec<u8>,
    ordinals: Vec<u8>,
    filter: Filter,
}

/// Bits a key of a [`Filter`] at the least.
const FILTER_BITS: usize = 8;

/// Says at one look of most keys that a table has them not: whoever adds an object asks every table.
#[derive(Debug, Default)]
struct Filter {
    /// A bit for each run of keys; empty where there is no filter.
    bits: Vec<u64>,
    /// By how much a key is shifted to its run.
    shift: u32,
}

impl Filter {
    fn new(objects: usize) -> Self {
        let runs = (objects * FILTER_BITS).next_power_of_two().max(64);
        Filter { bits: vec![0; runs / 64], shift: 32 - runs.ilog2() }
    }

    fn add(&mut self, key: u32) {
        let run = key >> self.shift;
        self.bits[run as usize / 64] |= 1 << (run % 64);
    }

    fn may_hold(&self, key: u32) -> bool {
        let run = key >> self.shift;
        self.bits.get(run as usize / 64).is_none_or(|bits| bits >> (run % 64) & 1 == 1)
    }
}

/// A frame's offset and its number of objects.
pub(crate) type FrameCount = (u32, u32);

/// The first 32 bits of an id, by which entries are sorted.
pub(crate) fn key_of(id: &ObjectId) -> u32 {
    u32::from_be_bytes(id.as_bytes()[..4].try_into().expect("four bytes"))
}

/// Builds a table's bytes of frames and the keys of their objects, in order.
pub(crate) fn encode(from: u64, frames: &[FrameCount], keys: &[u32]) -> Vec<u8> {
    let mut table = Writer::new();
    table.uint(frames.len() as u64);
    let mut before = from;
    for (offset, count) in frames {
        table.uint(u64::from(*offset) - before).uint(u64::from(*count));
        before = u64::from(*offset);
    }
    let bits = match keys.len() {
        0..128 => 0,
        128..65_536 => 8,
        _ => 16,
    };
    table.uint(bits);
    let bits = bits as u32;
    let mut entries: Vec<(u32, u32)> =
        keys.iter().enumerate().map(|(ordinal, key)| (*key, ordinal as u32)).collect();
    entries.sort_unstable();
    let mut at = 0;
    for bucket in 0..1u64 << bits {
        let end = at + entries[at..].partition_point(|(key, _)| bucket_of(*key, bits) <= bucket);
        table.uint((end - at) as u64);
        at = end;
    }
    let rest = rest_bytes(bits);
    for (key, _) in &entries {
        table.raw(&key.to_be_bytes()[4 - rest..]);
    }
    let width = width(keys.len());
    for (_, ordinal) in &entries {
        table.raw(&ordinal.to_le_bytes()[..width]);
    }
    table.into_bytes()
}

fn bucket_of(key: u32, bits: u32) -> u64 {
    u64::from(key) >> (32 - bits)
}

fn rest_bytes(bits: u32) -> usize {
    4 - bits as usize / 8
}

fn width(objects: usize) -> usize {
    match objects {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        0x1_0001..=0x100_0000 => 3,
        _ => 4,
    }
}

impl Table {
    pub(crate) fn decode(bytes: &[u8], from: u64) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let count = reader.count(bytes.len(), "the number of frames")?;
        let mut frames = Vec::with_capacity(count);
        let (mut offset, mut objects) = (from, 0u64);
        for _ in 0..count {
            let distance = reader.bounded(u64::from(u32::MAX), "a frame's distance")?;
            offset = offset.saturating_add(distance);
            let at = u32::try_from(offset).map_err(|_| malformed("a frame beyond 4 GiB"))?;
            frames.push((at, objects as u32));
            objects += reader.bounded(FRAME_OBJECTS_MAX as u64, "a frame's objects")?;
            if objects > FRAME_BYTES_MAX as u64 {
                return Err(malformed("a table of too many objects"));
            }
        }
        let bits = match reader.uint()? {
            bits @ (0 | 8 | 16) => bits as u32,
            bits => return Err(malformed(format!("a table with {bits} bits"))),
        };
        let mut buckets = vec![0];
        let mut end = 0u64;
        for _ in 0..1u32 << bits {
            end += reader.bounded(objects, "a bucket")?;
            buckets.push(end.min(objects) as u32);
        }
        if end != objects {
            return Err(malformed("buckets of another size"));
        }
        let rests = reader.raw(objects as usize * rest_bytes(bits))?.to_vec();
        let ordinals = reader.raw(objects as usize * width(objects as usize))?.to_vec();
        reader.finish()?;
        let filter = Filter::default();
        let mut table =
            Table { frames, objects: objects as u32, bits, buckets, rests, ordinals, filter };
        table.filter = table.make_filter();
        Ok(table)
    }

    /// The buckets of a large table are small, and serve as well.
    fn make_filter(&self) -> Filter {
        if self.bits == 16 {
            return Filter::default();
        }
        let mut filter = Filter::new(self.objects as usize);
        for (bucket, ends) in self.buckets.windows(2).enumerate() {
            for at in ends[0]..ends[1] {
                filter.add(self.key(bucket as u64, at));
            }
        }
        filter
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = FrameCount> + '_ {
        self.frames.iter().enumerate().map(|(at, (offset, first))| {
            let end = self.frames.get(at + 1).map_or(self.objects, |(_, first)| *first);
            (*offset, end - first)
        })
    }

    /// Forgets every object but those to keep. Frames and ordinals stay.
    pub(crate) fn retain(&mut self, keep: impl Fn(Location) -> bool) {
        let (rest, width) = (rest_bytes(self.bits), width(self.objects as usize));
        let (mut buckets, mut rests, mut ordinals) = (vec![0], Vec::new(), Vec::new());
        for bucket in self.buckets.windows(2) {
            for at in bucket[0]..bucket[1] {
                if self.location(self.ordinal(at)).is_some_and(&keep) {
                    rests.extend_from_slice(&self.rests[at as usize * rest..][..rest]);
                    ordinals.extend_from_slice(&self.ordinals[at as usize * width..][..width]);
                }
            }
            buckets.push((ordinals.len() / width) as u32);
        }
        (self.buckets, self.rests, self.ordinals) = (buckets, rests, ordinals);
    }

    /// Returns the keys of all objects by their ordinals.
    pub(crate) fn keys(&self) -> Vec<u32> {
        let mut keys = vec![0; self.objects as usize];
        for bucket in 0..self.buckets.len() - 1 {
            for at in self.buckets[bucket]..self.buckets[bucket + 1] {
                if let Some(slot) = keys.get_mut(self.ordinal(at) as usize) {
                    *slot = self.key(bucket as u64, at);
                }
            }
        }
        keys
    }

    /// Returns the places that may hold the id.
    pub(crate) fn find(&self, id: &ObjectId) -> impl Iterator<Item = Location> + '_ {
        let key = key_of(id);
        self.filter.may_hold(key).then(|| self.between(key, key)).into_iter().flatten()
    }

    /// Returns the places that may hold ids with that prefix.
    pub(crate) fn find_prefix(&self, prefix: &Prefix) -> impl Iterator<Item = Location> + '_ {
        self.between(key_of(&prefix.first()), key_of(&prefix.last()))
    }

    fn between(&self, first: u32, last: u32) -> impl Iterator<Item = Location> + '_ {
        let (from_bucket, to_bucket) = (bucket_of(first, self.bits), bucket_of(last, self.bits));
        (from_bucket..=to_bucket).flat_map(move |bucket| {
            let (from, to) = (self.buckets[bucket as usize], self.buckets[bucket as usize + 1]);
            let begin = self.partition(bucket, from, to, |key| key < first);
            (begin..to)
                .take_while(move |&at| self.key(bucket, at) <= last)
                .filter_map(|at| self.location(self.ordinal(at)))
        })
    }

    fn partition(&self, bucket: u64, from: u32, to: u32, before: impl Fn(u32) -> bool) -> u32 {
        let (mut low, mut high) = (from, to);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.key(bucket, middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn key(&self, bucket: u64, at: u32) -> u32 {
        let bytes = rest_bytes(self.bits);
        let rest = &self.rests[at as usize * bytes..][..bytes];
        let rest = rest.iter().fold(0u64, |key, byte| key << 8 | u64::from(*byte));
        (bucket << (32 - self.bits) | rest) as u32
    }

    fn ordinal(&self, at: u32) -> u32 {
        let width = width(self.objects as usize);
        let bytes = &self.ordinals[at as usize * width..][..width];
        bytes.iter().rev().fold(0, |ordinal, byte| ordinal << 8 | u32::from(*byte))
    }

    fn location(&self, ordinal: u32) -> Option<Location> {
        let at = self.frames.partition_point(|(_, first)| *first <= ordinal).checked_sub(1)?;
        let (frame, first) = self.frames[at];
        (ordinal < self.objects).then_some(Location { frame, position: ordinal - first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(count: usize) -> Vec<ObjectId> {
        (0..count).map(|at| ObjectId::of_content(&at.to_le_bytes())).collect()
    }

    #[test]
    fn every_object_is_found_where_it_is_and_few_others() {
        for count in [0, 1, 127, 128, 256, 257, 5_000, 70_000] {
            let ids = ids(count);
            let keys: Vec<u32> = ids.iter().map(key_of).collect();
            let frames: Vec<FrameCount> = (0..count.div_ceil(7))
                .map(|at| (500 + at as u32 * 90, 7.min(count - at * 7) as u32))
                .collect();
            let bytes = encode(256, &frames, &keys);
            let table = Table::decode(&bytes, 256).unwrap();
            assert_eq!(table.frames().collect::<Vec<_>>(), frames);
            assert_eq!(table.keys(), keys);
            for (at, id) in ids.iter().enumerate() {
                let place =
                    Location { frame: 500 + (at / 7) as u32 * 90, position: (at % 7) as u32 };
                assert!(table.find(id).any(|found| found == place));
                let prefix: Prefix = id.to_string()[..6].parse().unwrap();
                assert!(table.find_prefix(&prefix).any(|found| found == place));
            }
            let absent = (0..10_000u32).filter(|at| {
                table
                    .find(&ObjectId::of_content(&[b"absent", &at.to_le_bytes()[..]].concat()))
                    .next()
                    .is_some()
            });
            assert!(absent.count() <= 3);
            if count == 5_000 {
                assert!(bytes.len() < 5_000 * 7, "{}", bytes.len());
            }
        }
    }

    #[test]
    fn a_table_names_no_object_that_it_forgot() {
        for count in [0, 1, 127, 128, 5_000] {
            let ids = ids(count);
            let keys: Vec<u32> = ids.iter().map(key_of).collect();
            let frames = [(500, count as u32 / 2), (900, (count - count / 2) as u32)];
            let mut table = Table::decode(&encode(256, &frames, &keys), 256).unwrap();
            let is_kept = |at: Location| at.position.is_multiple_of(3);
            table.retain(is_kept);
            assert_eq!(table.frames().collect::<Vec<_>>(), frames);
            for (at, id) in ids.iter().enumerate() {
                let (frame, first) = if at < count / 2 { (500, 0) } else { (900, count / 2) };
                let place = Location { frame, position: (at - first) as u32 };
                assert_eq!(table.find(id).any(|found| found == place), is_kept(place), "{at}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail_without_panic(
            bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(8), any::<u8>()], 0..400),
        ) {
            if let Ok(table) = Table::decode(&bytes, 256) {
                let _ = table.keys();
                let _ = table.find(&ObjectId::of_content(b"x")).count();
                let _ = table.find_prefix(&"0000".parse().unwrap()).count();
            }
        }
    }
}
