//! Transcripts and responses: what became of them.

use super::fields::{object, texts};
use crate::interop::{AtifAgent, Place, Remark, Remarks, Report, Response, Skipped};

texts! {
    Place, place => place;
}

object!(Remark, remark => {
    at: remark.at,
    what: remark.what,
});

object!(Remarks, remarks => {
    count: remarks.count,
    first: remarks.first,
});

object!(Skipped, skipped => {
    what: skipped.what,
    why: skipped.why,
    count: skipped.count,
});

object!(Report, report => {
    kept: report.kept,
    mended: report.mended,
    refused: report.refused,
    skipped: report.skipped,
    waiting: report.waiting,
});

object!(AtifAgent, agent => {
    name: agent.name,
    version: agent.version,
    session: agent.session,
});

object!(Response, response => {
    memory: response.memory,
    call: response.call,
    report: response.report,
});
