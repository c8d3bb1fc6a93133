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
        "partita redo a --json",
        "partita sessions --deleted --json",
        "partita undelete 5d1f",
        "partita undelete 5d1f a --json",
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
        "partita init --json",
        "partita new a --json",
        "partita rename a b --json",
        "partita delete a --json",
        "partita fork a b --at 3 --json",
        "partita log a --graph --json --limit 3",
        "partita report a -o f --json",
        "partita completion bash",
        "partita completion zsh",
        "partita completion fish",
        "partita man",
        "partita man d --json",
        "partita merge a b",
        "partita merge a b c --into d --dialog whole --plan --json",
        "partita merge a b --dialog summary --summary f",
        "partita conflicts a --json",
        "partita resolve a p --side 1 --json",
        "partita resolve a p --base",
        "partita resolve a p --file -",
        "partita resolve a p --remove",
        "partita learned a b c --counter cl100k --json",
        "partita overlap a b --json",
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
        "partita restore a --at 3 --iteration 3",
        "partita restore a --at 3 --iteration 3 --plan",
        "partita purge a --memory 3 --iteration 3 --reason r",
        "partita purge --matching f --iteration 3 --reason r",
        "partita log a --ascii",
        "partita log a --ascii --json",
        "partita sessions --deleted --sizes",
        "partita undelete",
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
        "partita log a --graph --ascii --json",
        "partita completion",
        "partita completion tcsh",
        "partita merge a",
        "partita merge a b --dialog summary",
        "partita merge a b --dialog some",
        "partita resolve a p",
        "partita resolve a p --side x",
        "partita resolve a p --side 1 --base",
        "partita learned a",
        "partita overlap a",
    ] {
        assert!(!parses(line), "{line}");
    }
}

/// The page that describes the command.
const PAGE: &str = include_str!("../../../../docs/cli.md");

/// Every command with what is typed for it, such as `import git`, and what it takes.
fn commands() -> Vec<(String, clap::Command)> {
    let mut all = Vec::new();
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let below: Vec<&clap::Command> = command.get_subcommands().collect();
        if below.is_empty() {
            all.push((name.to_owned(), command.clone()));
        }
        all.extend(below.iter().map(|&leaf| (format!("{name} {}", leaf.get_name()), leaf.clone())));
    }
    all
}

/// The first cells of the page's table of commands, as they are typed.
fn documented() -> Vec<String> {
    let rows = PAGE.split("| command | does |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = rows.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.replace("\\|", " or "));
    cells.map(|row| row.split(" | ").next().unwrap().replace(['`', '|'], "")).collect()
}

/// The options in a text, without their hyphens.
fn options(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    words.filter_map(|word| word.strip_prefix("--")).filter(|word| !word.is_empty()).collect()
}

fn longs(command: &clap::Command) -> Vec<&str> {
    command.get_arguments().filter_map(clap::Arg::get_long).collect()
}

#[test]
fn the_page_has_a_row_for_each_command_and_no_other() {
    let (commands, rows) = (commands(), documented());
    assert!(rows.len() > 50, "{rows:?}");
    let is_of = |row: &str, name: &str| format!("{} ", row.trim()).starts_with(&format!("{name} "));
    for (name, _) in &commands {
        assert!(rows.iter().any(|row| is_of(row, name)), "no row for {name}");
    }
    for row in &rows {
        let (name, command) =
            commands.iter().find(|(name, _)| is_of(row, name)).expect("a row of a command");
        for option in options(row) {
            assert!(longs(command).contains(&option), "{name} has no --{option}");
        }
    }
}

#[test]
fn the_page_tells_of_every_option_and_its_examples_are_taken() {
    let told = options(PAGE);
    for (name, command) in commands() {
        for option in longs(&command) {
            assert!(told.contains(&option), "{name} --{option} is not on the page");
        }
    }
    let examples = PAGE.lines().filter_map(|line| line.strip_prefix("$ partita "));
    let mut count = 0;
    for example in examples {
        let line = example.split(" # ").next().unwrap().split(" > ").next().unwrap();
        let words = line.replace("'a key'", "key");
        let words = std::iter::once("partita").chain(words.split_whitespace());
        assert!(Cli::try_parse_from(words.collect::<Vec<_>>()).is_ok(), "{example}");
        count += 1;
    }
    assert!(count > 20, "{count} examples");
}

/// The usage that the help of a command shows.
fn usage_of(name: &str) -> String {
    let words = ["partita", "help"].into_iter().chain(name.split(' '));
    let help = Cli::try_parse_from(words).unwrap_err().to_string();
    let usage = help.split("Usage: ").nth(1).unwrap_or_else(|| panic!("no usage: {help}"));
    usage.split("\n\n").next().unwrap().to_owned()
}

#[test]
fn the_usage_of_a_command_shows_the_options_that_exclude_each_other() {
    let mut count = 0;
    for (name, command) in commands() {
        let usage = usage_of(&name);
        for arg in command.get_arguments() {
            let others = command.get_arg_conflicts_with(arg);
            let both = others.iter().copied().chain([arg]).filter(|_| !others.is_empty());
            for long in both.filter_map(clap::Arg::get_long).filter(|long| *long != "json") {
                assert!(usage.contains(&format!("--{long}")), "{name} --{long}: {usage}");
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count} of them");
}

#[test]
fn every_way_that_a_usage_shows_is_taken() {
    let usages = [
        usage::SESSIONS,
        usage::LOG,
        usage::CAT,
        usage::DIFF,
        usage::RESTORE,
        usage::PURGE,
        usage::TRIM,
        usage::PIN,
        usage::UNPIN,
        usage::CONTEXT,
    ];
    for line in usages.iter().flat_map(|usage| usage.lines()) {
        // What may be left out, left out; values that every option takes.
        let mut short = line.trim().to_owned();
        while let Some(from) = short.rfind('[') {
            let to = from + short[from..].find(']').unwrap();
            short.replace_range(from..=to, "");
        }
        for (value, instead) in
            [("<D>", "gemini"), ("<A..B>", "1..2"), ("<ID>", "3"), ("<T>", "30d")]
        {
            short = short.replace(value, instead);
        }
        let words =
            short.split_whitespace().map(|word| if word.starts_with('<') { "4" } else { word });
        assert!(Cli::try_parse_from(words).is_ok(), "{line}: {short}");
    }
}
