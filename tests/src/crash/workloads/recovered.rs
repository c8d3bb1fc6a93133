//! A bit of a closed store flips, and a recovery makes it whole again; work goes on.

use std::ops::ControlFlow;
use std::sync::Arc;

use partita::upkeep::GcOptions;
use partita::vfs::{SyncSite, Vfs};
use partita::{Error, ErrorKind, Result, Store, StoreOptions, Timestamp};

use super::{noise, text};
use crate::crash::{Stage, Workload, entropy};
use crate::forge::kind;
use crate::vfs::Recorder;

/// Bytes of the marker.
const MARKER: usize = 48;

pub(super) struct Recovered;

impl Workload for Recovered {
    fn name(&self) -> &'static str {
        "recovered"
    }

    fn share(&self) -> usize {
        1
    }

    fn options(&self) -> StoreOptions {
        let options = Store::options().segment_bytes(4 << 10).bulk_bytes(8 << 10);
        options.entropy(entropy::fill).clock(|| Timestamp::from_millis(0))
    }

    fn content(&self, number: usize) -> Vec<u8> {
        if number == 2 { noise(number, 2_500) } else { text(number) }
    }

    fn is_recovered(&self) -> bool {
        true
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=3 {
            stage.commit(&store, number)?;
        }
        store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(()))?;
        stage.commit(&store, 4)?;
        drop(store);
        flip(&stage.vfs)?;
        self.options()
            .recover_vfs(Arc::new(stage.vfs.clone()), &mut |_| ControlFlow::Continue(()))?;
        let store = stage.open(&stage.vfs)?;
        stage.commit(&store, 5)
    }
}

/// Flips a bit of the marker that closing left, for good. Where closing could leave none, the last
/// commit has nothing behind it that vouches for it, and is left as it is.
fn flip(vfs: &Recorder) -> Result<()> {
    let image = vfs.disk();
    let log = image.files().filter(|(name, _)| name.ends_with(".log")).last();
    let Some((name, bytes)) = log else { return Ok(()) };
    let Some(at) = bytes.iter().rposition(|&byte| byte != 0) else { return Ok(()) };
    if (at + 1).checked_sub(MARKER).is_none_or(|from| bytes[from + 4] != kind::CLOSE) {
        return Ok(());
    }
    let (_, name) = name.split_once('/').unwrap_or(("", name));
    let file = vfs.open(name, true);
    let flipped = file.and_then(|file| {
        file.write_at(&[bytes[at] ^ 1], at as u64)?;
        file.sync_data(SyncSite::Commit)
    });
    flipped.map_err(|error| Error::new(ErrorKind::Io, "flip a bit").with_source(error))
}
