//! Blame against git's on the shared history of 2,000 commits; `make soak SUITE=blame` takes another.

use partita_tests::blame;
use partita_tests::history::History;

#[test]
fn lines_are_blamed_as_git_blames_them() {
    let history = History::shared();
    let store = partita::Store::open(history.partita.store()).unwrap();
    let session = store.open_session("history").unwrap();
    let compared = blame::compare(&history.repository.git, &session).unwrap();
    assert!(compared.lines > 1_000, "{compared:?}");
    blame::enough(&compared).unwrap();
}
