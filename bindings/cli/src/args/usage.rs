//! The usage of commands that have several: a line of each.

pub(super) const SESSIONS: &str = "\
partita sessions [OPTIONS] [--sizes | --deleted]";

pub(super) const LOG: &str = "\
partita log [OPTIONS] <NAME> [--follow | --graph [--ascii]]";

pub(super) const CAT: &str = "\
partita cat [OPTIONS] <NAME> <PATH> [--iteration <N> | --at <CHECKPOINT>]
       partita cat [OPTIONS] --content <ID>";

pub(super) const DIFF: &str = "\
partita diff [OPTIONS] <NAME> [--from <CHECKPOINT>] [--to <CHECKPOINT>]
       partita diff [OPTIONS] <NAME> <PATH> [--from <ITERATION>] [--to <ITERATION>]";

pub(super) const RESTORE: &str = "\
partita restore [OPTIONS] <NAME> <PATH> --iteration <N>
       partita restore [OPTIONS] <NAME> --at <CHECKPOINT> [--files | --dialog | --all]";

pub(super) const PURGE: &str = "\
partita purge [OPTIONS] --reason <TEXT> <NAME> <PATH> [--iteration <N>]
       partita purge [OPTIONS] --reason <TEXT> <NAME> --memory <ID>
       partita purge [OPTIONS] --reason <TEXT> --matching <FILE>";

pub(super) const TRIM: &str = "\
partita trim [OPTIONS] <NAME> --keep <N>
       partita trim [OPTIONS] <NAME> --since <T>";

pub(super) const PIN: &str = "\
partita pin [OPTIONS] <NAME> [--at <CHECKPOINT>]
       partita pin [OPTIONS] <NAME> --memory <SELECTOR>
       partita pin [OPTIONS] <NAME> --files <GLOB>";

pub(super) const UNPIN: &str = "\
partita unpin [OPTIONS] <NAME> [--at <CHECKPOINT>]
       partita unpin [OPTIONS] <NAME> --memory <SELECTOR>
       partita unpin [OPTIONS] <NAME> --files <GLOB>";

pub(super) const MERGE: &str = "\
partita merge [OPTIONS] <NAME> <OTHER>... [--into <NEW>] [--dialog none|whole]
       partita merge [OPTIONS] <NAME> <OTHER>... [--into <NEW>] --dialog summary --summary <FILE>";

pub(super) const RESOLVE: &str = "\
partita resolve [OPTIONS] <NAME> <PATH> --side <N>
       partita resolve [OPTIONS] <NAME> <PATH> --base
       partita resolve [OPTIONS] <NAME> <PATH> --file <FILE>
       partita resolve [OPTIONS] <NAME> <PATH> --remove";

pub(super) const REVIEW: &str = "\
partita review [OPTIONS] <NAME> <PROPOSAL> --accept [--reason <TEXT>] [--revision <N>]
       partita review [OPTIONS] <NAME> <PROPOSAL> --reject [--reason <TEXT>] [--revision <N>]";

pub(super) const FINDINGS: &str = "\
partita findings [OPTIONS] <NAME> [--all]
       partita findings [OPTIONS] <NAME> --resolve <NUMBER> [--reason <TEXT>]";

pub(super) const APPROVE: &str = "\
partita approve [OPTIONS] <NAME>
       partita approve [OPTIONS] <NAME> <STEP> --allow-once | --allow-always | --reject-once | --reject-always
       partita approve [OPTIONS] <NAME> <STEP> --was-done | --do-again | --give-up
       partita approve [OPTIONS] <NAME> <STEP> --accept | --reject";

pub(super) const CONTEXT: &str = "\
partita context [OPTIONS] <NAME> --dialect <D> [--at <CHECKPOINT>] [--end-with-user] [--without-stale]
       partita context [OPTIONS] <NAME> --diff <A..B>";
