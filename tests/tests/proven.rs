//! A store that holds evidence and claims, as the first version with them wrote it: read, checked and gone on
//! with for ever.

use std::path::Path;

use partita::evidence::{ClaimStatus, EvidenceOutcome, Integrity};
use partita::object::TestOutcome;
use partita::statistics::Options;
use partita::upkeep::{GcOptions, go_on};
use partita::{Session, Store};
use partita_tests::command::Partita;

/// A copy of the store.
fn copied(room: &Path) -> Partita {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores/evidence");
    Partita::at(data).copy_to(room.join("store"))
}

fn statuses(session: &Session) -> Vec<(ClaimStatus, Option<u64>)> {
    let claims = session.claims().unwrap().into_iter();
    let since = |claim: &partita::evidence::ClaimEntry| {
        claim.stale_since.as_ref().and_then(|since| since.iteration)
    };
    claims.map(|claim| (claim.status, since(&claim))).collect()
}

const AS_IT_WAS: [(ClaimStatus, Option<u64>); 4] = [
    (ClaimStatus::Stale, Some(SINCE)),
    (ClaimStatus::Unsupported, None),
    (ClaimStatus::Unsupported, None),
    (ClaimStatus::Stale, Some(SINCE)),
];
/// The iteration of `src/lib.rs` that made claims stale.
const SINCE: u64 = 2;

#[test]
fn a_store_with_evidence_says_what_it_said() {
    let room = tempfile::tempdir().unwrap();
    copied(room.path());
    let store = Store::open(room.path().join("store")).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    let session = store.open_session("evidence").unwrap();
    assert_eq!(statuses(&session), AS_IT_WAS);
    let now = session.latest().unwrap();
    let all: Vec<_> = now.evidence().map(Result::unwrap).collect();
    let outcomes: Vec<_> = all.iter().rev().map(|entry| entry.result()).collect();
    let (passed, failed) = (EvidenceOutcome::Passed, EvidenceOutcome::Failed);
    assert_eq!(outcomes, [passed, failed, EvidenceOutcome::Unread, passed, passed, passed]);
    // The ids of what is stored are part of the format.
    assert_eq!(
        all[5].id.to_string(),
        "067701b2dfc8790039452d4924e834ba7c621f9eb38b6fb88625abc0fe5aff5e"
    );
    assert_eq!(
        session.claims().unwrap()[0].id.to_string(),
        "b11554358980d70c243c9d7b1262b551cd520523aaa748c77a4cdcfcba063658"
    );
    let results = now.results(&all[5]).unwrap();
    assert_eq!(results.tests[0].name, "lib::parses");
    assert_eq!(results.tests[0].took.unwrap().as_millis(), 250);
    assert_eq!(results.tests[1].outcome, TestOutcome::Skipped);
    let inputs: Vec<_> = now.inputs(&all[5]).map(|input| input.unwrap().0.to_string()).collect();
    assert_eq!(inputs, ["src/lib.rs"]);
    let compared = session.compare(5, 6, Some("time"), &Options::new()).unwrap();
    assert_eq!((compared.comparison.is_paired, compared.comparison.counts), (true, (6, 6)));
    assert!(compared.changed.iter().any(|path| path.to_string() == "src/lib.rs"));
}

#[test]
fn one_goes_on_with_it() {
    let room = tempfile::tempdir().unwrap();
    let partita = copied(room.path());
    let store = Store::open(room.path().join("store")).unwrap();
    let session = store.open_session("evidence").unwrap();
    session.write("src/lib.rs", "fn a() {}\nfn b() {}\n").unwrap();
    let supported = (ClaimStatus::Supported, None);
    assert_eq!(statuses(&session)[0], supported);
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    let claim = session.claim("one more", [1]).unwrap();
    let claim = session.latest().unwrap().claim(claim).unwrap();
    assert_eq!((claim.number, claim.status, claim.integrity), (5, supported.0, Integrity::Intact));
    drop((session, store));
    let said = partita.text(["claims", "evidence"]);
    assert!(said.starts_with("1  supported"), "{said}");
    let text = partita.text(["context", "evidence", "--dialect", "anthropic", "--json"]);
    assert!(text.contains("[claim 1: supported by evidence 1]"), "{text}");
}
