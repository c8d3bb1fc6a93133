use clap::CommandFactory as _;

use super::*;

fn parses(line: &str) -> bool {
    Cli::try_parse_from(line.split(' ')).is_ok()
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_form_that_scripts_rely_on_is_taken() {
    for line in [
        "partita init",
        "partita new a",
        "partita rename a b",
        "partita delete a",
        "partita sessions --json",
        "partita import git r --session a",
        "partita import git r --session a --rev v1",
        "partita log a --json --limit 3",
        "partita files a --at 3 --json",
        "partita history a p --json",
        "partita cat a p",
        "partita cat a p --iteration 3",
        "partita cat a p --at latest",
        "partita diff a",
        "partita diff a p --from 1 --to 2",
        "partita write a p",
        "partita write a p - --expect 2",
        "partita remove a p",
        "partita restore a p --iteration 2",
        "partita restore a p --iteration 2 --plan",
        "partita restore a --at 3 --files",
        "partita restore a --at 3 --dialog --plan",
        "partita restore a --at 3 --all",
        "partita checkout a d --at 3 --plan",
        "partita fork a b --at 3",
        "partita undo a",
        "partita check --json",
        "partita stats --json --store d",
        "partita --store d --color never stats",
        "partita gc",
        "partita gc --dry-run --keep 0 --json",
        "partita purge a p --reason r",
        "partita purge a p --iteration 3 --reason r --json",
        "partita purge a --memory 7 --reason r",
        "partita purge --matching f --reason r --everywhere",
        "partita trim a --keep 3",
        "partita trim a --since 2026-01-01",
        "partita pin a",
        "partita pin a --at 3",
        "partita unpin a --at 3",
        "partita recover --json",
        "partita import transcript f --session a",
        "partita import transcript - --session a --format auto --conversation 2 --json",
        "partita memories a --json --limit 3 --at latest",
        "partita say a --role user",
        "partita say a --role user f",
        "partita say a --role tool -",
        "partita forget a 3..7",
        "partita forget a role:tool --json",
        "partita recall a id:0123",
        "partita refresh a",
        "partita hide a src/**",
        "partita show a src/**",
        "partita compact a 3..7 --summary f",
        "partita compact a 3..7 --summary -",
        "partita expand a 3",
        "partita pin a --memory 3",
        "partita pin a --files *.rs --json",
        "partita unpin a --memory 3",
        "partita unpin a --files *.rs",
        "partita set a instructions f",
        "partita set a tools -",
        "partita set a sandbox f",
        "partita search a words --role user --json --limit 3",
        "partita view a --json",
        "partita export a --format atif --at 3",
        "partita capacity a",
        "partita capacity a --counter o200k --limit 3 --json",
        "partita plan a --limit 3",
        "partita plan a --limit 3 --apply --json",
        "partita context a --dialect anthropic",
        "partita context a --dialect openai-chat --at 3 --json",
        "partita context a --diff 1..2 --json",
        "partita count f",
        "partita count - --counter o200k --messages --json",
        "partita budget f --limit 100 --counter cl100k --json",
    ] {
        assert!(parses(line), "{line}");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    for line in [
        "partita",
        "partita import git r",
        "partita cat a p --iteration 3 --at 3",
        "partita restore a",
        "partita restore a p",
        "partita restore a --iteration 3",
        "partita restore a p --iteration 3 --at 3",
        "partita restore a --at 3 --files --all",
        "partita restore a p --iteration 3 --all",
        "partita write a p f --expect x",
        "partita purge a p",
        "partita purge a --reason r",
        "partita purge --reason r",
        "partita purge a p --memory 3 --reason r",
        "partita purge a --matching f --reason r",
        "partita trim a",
        "partita say a",
        "partita forget a",
        "partita compact a 3..7",
        "partita set a mood f",
        "partita budget f",
        "partita plan a",
        "partita context a",
        "partita context a --diff 1..2 --at 3",
        "partita pin a --at 3 --memory 3",
        "partita pin a --files x --memory 3",
        "partita import transcript f",
        "partita export a",
        "partita trim a --keep 3 --since 2026-01-01",
    ] {
        assert!(!parses(line), "{line}");
    }
}
