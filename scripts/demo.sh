#!/usr/bin/env bash
# Records the whole history of a real git repository as a session, and shows what can be done with it.
#
#     scripts/demo.sh [REPOSITORY]
#
# Without an argument: this project's own history where it has 50 commits or more, else the releases of a crate, which
# cargo fetches. Works in a temporary directory and leaves nothing behind. Needs cargo, a C compiler, git and coreutils.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc git

COMMITS_MIN=50
LINES=12

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

title() { printf '\n== %s\n' "$1"; }

# Prints a command as a reader would type it, runs it, and shows the first lines of what it says.
show() {
    printf '$ %s\n' "${*/#$partita/partita}"
    "$@" >"$work/output"
    head -n "$LINES" "$work/output"
    local lines
    lines=$(wc -l <"$work/output")
    if [ "$lines" -gt "$LINES" ]; then
        echo "... and $((lines - LINES)) lines more"
    fi
}

same() { cmp "$1" "$2" && echo "equal, byte for byte: $3"; }

title "Build the command"
# In the profile of the tests: a release build takes two minutes more, and the work itself is seconds either way.
$CARGO build --quiet -p partita-cli
target=$($CARGO metadata --quiet --offline --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
partita=$target/debug/partita

repository=${1:-}
if [ -z "$repository" ]; then
    if [ "$(git rev-list --count --first-parent HEAD 2>/dev/null || echo 0)" -ge "$COMMITS_MIN" ]; then
        repository=$PWD
    else
        title "Fetch a history: releases of the crate anyhow, one commit each"
        repository=$work/anyhow
        CARGO=$CARGO scripts/releases.sh "$repository" anyhow 1.0.{40..104}
    fi
fi
commits=$(git -C "$repository" rev-list --count --first-parent HEAD)

# The file that changed most often, of those that are still there and are text.
path=$(git -C "$repository" -c core.quotePath=false log --first-parent -m --no-renames --name-only --format= HEAD -- '*.rs' '*.md' '*.toml' |
    sort | uniq -c | sort -k1,1nr -k2 | sed 's/^ *[0-9]* //' |
    while IFS= read -r name; do
        if git -C "$repository" cat-file -e "HEAD:$name" 2>/dev/null; then printf '%s\n' "$name"; fi
    done | sed -n 1p)
first=$(git -C "$repository" log --first-parent -m --no-renames --diff-filter=A --format=%H --reverse HEAD -- "$path" | sed -n 1p)

export PARTITA_STORE=$work/store
title "Record $commits commits"
show "$partita" init
seconds=$SECONDS
show "$partita" import git "$repository" --session demo
echo "took $((SECONDS - seconds)) s"

title "The log"
show "$partita" log demo --limit 10

title "The history of $path"
show "$partita" history demo "$path"

title "Its first version, as git has it and as partita has it"
show "$partita" cat demo "$path" --iteration 1
git -C "$repository" show "$first:$path" >"$work/expected"
"$partita" cat demo "$path" --at "git:$first" >"$work/actual"
same "$work/expected" "$work/actual" "$path at $(git -C "$repository" rev-parse --short "$first")"

title "What changed first"
show "$partita" diff demo "$path" --from 1 --to 2

title "Restore it: a new iteration, equal to the first"
show "$partita" restore demo "$path" --iteration 1
"$partita" cat demo "$path" >"$work/actual"
same "$work/expected" "$work/actual" "$path now"

title "And undo that"
show "$partita" undo demo
git -C "$repository" show "HEAD:$path" >"$work/expected"
"$partita" cat demo "$path" >"$work/actual"
same "$work/expected" "$work/actual" "$path as in git's HEAD"

title "A second import adds only what is new: nothing"
"$partita" log demo >"$work/before"
show "$partita" import git "$repository" --session demo
"$partita" log demo >"$work/after"
same "$work/before" "$work/after" "the log before and after"

title "Record a dialog of another agent, and see what its tokens are spent on"
show "$partita" import transcript tests/data/transcripts/claude-code.jsonl --session dialog
show "$partita" memories dialog
show "$partita" capacity dialog --limit 8000

title "Forget a part of it: what the model is sent is still valid, and undo brings it back"
"$partita" context dialog --dialect anthropic --json >"$work/expected"
show "$partita" forget dialog role:assistant
show "$partita" context dialog --dialect anthropic
show "$partita" undo dialog
"$partita" context dialog --dialect anthropic --json >"$work/actual"
same "$work/expected" "$work/actual" "the request before and after"

title "Run a command that edits files: what it changed is one checkpoint"
mkdir "$work/dir"
"$partita" checkout demo "$work/dir" >/dev/null
cp -R "$work/dir" "$work/copy"
edit='echo "one line more" >>"$1" && mkdir -p made && date >made/when'
show "$partita" run demo --dir "$work/dir" -- sh -c "$edit" edit "$path"
show "$partita" log demo --limit 2
show "$partita" diff demo "$path"
show "$partita" history demo made/when

title "Undo it, and the directory is as before"
show "$partita" undo demo
show "$partita" checkout demo "$work/dir"
diff --recursive "$work/copy" "$work/dir" && echo "equal, file for file: the directory before and after"

title "Two agents work on one project at once"
mkdir "$work/calc"
printf 'add() { echo $(($1 + $2)); }\n' >"$work/calc/calc.sh"
cat >"$work/calc/test.sh" <<'TEST'
. ./calc.sh
i=0
check() { i=$((i + 1)); if [ "$2" = "$3" ]; then echo "ok $i - $1"; else echo "not ok $i - $1"; failed=1; fi; }
check add "$(add 2 3)" 5
if command -v times_ >/dev/null; then check times "$(times_ 2 3)" 6; fi
if command -v minus >/dev/null; then check minus "$(minus 5 3)" 2; fi
echo "1..$i"
exit "${failed:-0}"
TEST
"$partita" capture calc "$work/calc" >/dev/null
show "$partita" fork calc times
show "$partita" fork calc minus
agent() {
    "$partita" checkout "$1" "$work/$1" >/dev/null
    printf '%s() { echo $(($1 %s $2)); }\n' "$2" "$3" >>"$work/$1/calc.sh"
    "$partita" run "$1" --dir "$work/$1" --claim "$1 works" -- sh test.sh >/dev/null
}
agent times times_ '*' &
agent minus minus '-'
wait $!
show "$partita" claims times
show "$partita" overlap times minus

title "Unite their work: both added a line in one place, and that is a conflict"
status=0
echo '$ partita merge times minus --into both'
"$partita" merge times minus --into both 2>&1 || status=$?
[ "$status" -eq 1 ] && echo "exit code 1: a conflict is left"
show "$partita" conflicts both
show "$partita" cat both calc.sh
show "$partita" claims both

title "Resolve it, run the tests again, and the claims are supported"
grep -hv '^[<|=>]\{7\}' <("$partita" cat both calc.sh) >"$work/resolved"
show "$partita" resolve both calc.sh --file "$work/resolved"
"$partita" checkout both "$work/both" >/dev/null
show "$partita" run both --dir "$work/both" -- sh test.sh
show "$partita" claims both --check
show "$partita" log both --graph --limit 8

title "Check every byte and every id"
show "$partita" check

title "Size, beside git's for the same commits"
show "$partita" stats
git clone --quiet --bare --no-local --single-branch "file://$(cd "$repository" && pwd)" "$work/clone.git"
git -C "$work/clone.git" gc --quiet --aggressive --prune=now
ours=$(du -sk --apparent-size "$PARTITA_STORE/segments" | cut -f1)
git_pack=$(du -sk --apparent-size "$work/clone.git/objects" | cut -f1)
echo "partita, its segments, no gc yet:  $ours KiB"
echo "git, after gc --aggressive:        $git_pack KiB"
echo "ratio:                             $((ours * 100 / git_pack)) %"

title "Done: $commits commits recorded, compared, restored and checked"
