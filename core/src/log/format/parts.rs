//! The parts of a payload on their way into a frame.

use crate::id::ObjectId;
use crate::log::format::row::Row;

/// Texts of a commit below this many bytes stay in the control block, whose prefix serves them.
const FEW_BYTES: usize = 1 << 10;

/// What becomes a payload.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) ids: Vec<ObjectId>,
    pub(crate) rows: Vec<Row>,
    /// Records of texts, and where each ends.
    pub(crate) texts: Vec<u8>,
    pub(crate) text_ends: Vec<u32>,
    pub(crate) stream: Vec<u8>,
    pub(crate) bodies: Vec<u8>,
    /// Where records end, so that blocks are cut between them.
    pub(crate) record_ends: Vec<u32>,
}

impl Parts {
    /// Bytes that the parts will take, before compression.
    pub(crate) fn size(&self) -> usize {
        self.ids.len() * 48 + self.texts.len() + self.stream.len() + self.bodies.len()
    }

    /// Puts texts that are too few for a block among the other records.
    pub(crate) fn fold_few_texts(&mut self) {
        if self.texts.is_empty() || !are_few(self.texts.len()) {
            return;
        }
        let mut stream = Vec::with_capacity(self.stream.len() + self.texts.len());
        self.record_ends.clear();
        for row in &mut self.rows {
            if let Some((at, len)) = row.record() {
                let from = if row.is_text() { &self.texts } else { &self.stream };
                let record = &from[at as usize..(at + len) as usize];
                row.become_record(stream.len() as u32);
                stream.extend_from_slice(record);
                self.record_ends.push(stream.len() as u32);
            }
        }
        self.stream = stream;
        self.texts.clear();
        self.text_ends.clear();
    }
}

/// Tells whether texts are too few for a block.
pub(crate) fn are_few(len: usize) -> bool {
    len < FEW_BYTES
}
