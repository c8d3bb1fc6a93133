//! Every comparison of stored bytes with what vouches for them, and every look at what others did,
//! by name, so that a test can take out one at a time: a check that nothing misses would be one too
//! many, or a test too few.

/// Which comparison it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    not(feature = "knockouts"),
    expect(unreachable_pub, reason = "public for the tests of this package alone")
)]
pub enum CheckSite {
    /// The text of the store's format file.
    Format,
    /// The check of a segment's header, in each of its two copies.
    SegmentHeader,
    /// The check of a frame's header.
    FrameHeader,
    /// A frame's tag, as frames are replayed one after the other.
    TailTag,
    /// A frame's tag, as frames are looked for behind bytes that are none.
    ResyncTag,
    /// A frame's tag, as one is read by itself: a snapshot, a table, a frame that is scanned.
    FrameTag,
    /// The tag over a range of frames, before the first commit of a process.
    RangeTag,
    /// The id of a content that was read.
    ContentId,
    /// The id of a node that was read.
    NodeId,
    /// The tag of the mark.
    Mark,
    /// That nothing follows the segment at whose marker of closing a handle stands.
    MarkerSuccessor,
    /// That the frame that a handle took up last still stands where it stood.
    EndTag,
    /// That a segment's name was free when it got it.
    FreeName,
}

/// Tells whether a comparison holds.
#[cfg(not(feature = "knockouts"))]
pub(crate) const fn holds(_site: CheckSite, equal: bool) -> bool {
    equal
}

#[cfg(feature = "knockouts")]
pub(crate) use knockouts::holds;
#[cfg(feature = "knockouts")]
pub use knockouts::knock_out;

#[cfg(feature = "knockouts")]
mod knockouts {
    use std::cell::Cell;

    use super::CheckSite;

    thread_local! {
        static OUT: Cell<Option<CheckSite>> = const { Cell::new(None) };
    }

    impl CheckSite {
        /// Every comparison of stored bytes with what vouches for them.
        pub const ALL: [CheckSite; 10] = [
            CheckSite::Format,
            CheckSite::SegmentHeader,
            CheckSite::FrameHeader,
            CheckSite::TailTag,
            CheckSite::ResyncTag,
            CheckSite::FrameTag,
            CheckSite::RangeTag,
            CheckSite::ContentId,
            CheckSite::NodeId,
            CheckSite::Mark,
        ];

        /// Every look that keeps a handle with what the others do.
        pub const LOOKS: [CheckSite; 3] =
            [CheckSite::MarkerSuccessor, CheckSite::EndTag, CheckSite::FreeName];
    }

    /// Lets a comparison hold on this thread whatever it compares, or none any more.
    pub fn knock_out(site: Option<CheckSite>) {
        OUT.set(site);
    }

    pub(crate) fn holds(site: CheckSite, equal: bool) -> bool {
        equal || OUT.get() == Some(site)
    }
}
