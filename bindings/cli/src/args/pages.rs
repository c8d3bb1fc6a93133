//! What a shell and the manual are told of the command line, by clap's own generators.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::generate;

use super::{Cli, Json};

/// A shell that completes command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// bash, from version 4.4 on
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Directory for the pages, made if need be; without it the first page is printed
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// A page of the manual.
#[derive(Debug)]
pub(crate) struct Page {
    /// The file's name, such as `partita-log.1`.
    pub(crate) file: String,
    /// The page in roff.
    pub(crate) roff: Vec<u8>,
}

/// What the foot of each page names.
const VERSION: &str = concat!("partita ", env!("CARGO_PKG_VERSION"));

/// Returns the script that completes command lines in a shell.
pub(crate) fn completion(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    generate(shell, &mut Cli::command(), "partita", &mut script);
    script
}

/// Returns the pages of the manual: that of the command, then one of each subcommand.
pub(crate) fn pages() -> std::io::Result<Vec<Page>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(command, &mut pages)?;
    Ok(pages)
}

fn collect(command: clap::Command, pages: &mut Vec<Page>) -> std::io::Result<()> {
    let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let man = clap_mangen::Man::new(command).manual("partita").source(VERSION);
    let mut roff = Vec::new();
    man.render(&mut roff)?;
    pages.push(Page { file: man.get_filename(), roff });
    below.into_iter().try_for_each(|command| collect(command, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// The commands, those of `import` as `import git`.
    fn commands() -> Vec<String> {
        let mut names = Vec::new();
        for command in Cli::command().get_subcommands() {
            names.push(command.get_name().to_owned());
            let below = command.get_subcommands();
            names.extend(below.map(|below| format!("{} {}", command.get_name(), below.get_name())));
        }
        assert!(names.len() > 40, "{names:?}");
        names
    }

    #[test]
    fn each_script_names_every_command_and_every_option() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = text(&completion(shell));
            for name in commands().iter().flat_map(|name| name.split(' ')) {
                assert!(script.contains(name), "{shell:?}: {name}");
            }
            for command in Cli::command().get_subcommands() {
                for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                    assert!(script.contains(option), "{shell:?}: --{option}");
                }
            }
        }
    }

    #[test]
    fn each_command_has_a_page_with_its_usage_options_and_examples() {
        let pages = pages().unwrap();
        let files: Vec<&str> = pages.iter().map(|page| &page.file[..]).collect();
        assert_eq!(files[0], "partita.1");
        for name in commands() {
            let file = format!("partita-{}.1", name.replace(' ', "-"));
            assert!(files.contains(&&file[..]), "no {file} in {files:?}");
        }
        assert_eq!(pages.len(), commands().len() + 1);
        for page in &pages {
            let roff = text(&page.roff);
            for heading in [".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS"] {
                assert!(roff.contains(heading), "{}: no {heading}", page.file);
            }
            assert!(roff.contains("partita"), "{}", page.file);
        }
    }
}
