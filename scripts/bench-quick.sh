#!/usr/bin/env bash
# Measures a few rows of this checkout and, with a COMMIT, of that commit too, by turns: medians, and their ratios with the
# least and the largest of the rounds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
ROUNDS=${ROUNDS:-7}
needs "${CARGO%% *}" cc git

before=${1:-}
built=$(target_directory)/quick
mkdir -p "$built"
work=$(mktemp -d "$built/work.XXXXXX")
tree=$built/before
trap 'rm -rf "$work" "$tree"; git worktree prune' EXIT

build() {
    $CARGO build --quiet --release --manifest-path "$1/benches/quick/Cargo.toml" --target-dir "$built/$2"
    cp "$built/$2/release/partita-quick" "$work/$2"
}

build . now
names=(now)
if [ -n "$before" ]; then
    git rev-parse --quiet --verify "$before^{commit}" >/dev/null || { echo "error: no commit $before" >&2; exit 2; }
    rm -rf "$tree" && git worktree prune
    git worktree add --quiet --detach "$tree" "$before"
    # The same rows, whatever that commit had.
    mkdir -p "$tree/benches/quick" && cp -r benches/quick/. "$tree/benches/quick"
    build "$tree" then
    rm -rf "$tree"
    names=(then now)
fi

for round in $(seq "$ROUNDS"); do
    echo "round $round of $ROUNDS" >&2
    for name in "${names[@]}"; do
        "$work/$name" "$work/store" | sed "s/^/$name\t$round\t/" >>"$work/rows"
        rm -rf "$work/store"
    done
    names=($(printf '%s\n' "${names[@]}" | tac)) # Who begins changes from round to round.
done

awk -F '\t' '
    function sorted(list, count,    at, to, value) {
        for (at = 2; at <= count; at++) {
            value = list[at]
            for (to = at - 1; to > 0 && list[to] > value; to--) list[to + 1] = list[to]
            list[to + 1] = value
        }
    }
    { if (!($3 in seen)) { seen[$3] = 1; rows[++many] = $3 }; took[$1, $3, $2] = $4; if ($2 > rounds) rounds = $2 }
    END {
        printf "%-30s %12s %12s   %s\n", "row", "before, us", "now, us", "now / before"
        for (row = 1; row <= many; row++) {
            name = rows[row]; paired = 0
            for (round = 1; round <= rounds; round++) {
                now[round] = took["now", name, round] / 1000
                if (("then", name, round) in took) {
                    then[++paired] = took["then", name, round] / 1000
                    ratio[paired] = now[round] / then[paired]
                }
            }
            sorted(now, rounds)
            middle = int((rounds + 1) / 2)
            if (!paired) { printf "%-30s %12s %12.1f\n", name, "", now[middle]; continue }
            sorted(then, paired); sorted(ratio, paired)
            printf "%-30s %12.1f %12.1f   %.2f [%.2f to %.2f]\n", name, then[middle], now[middle], ratio[middle], ratio[1], ratio[paired]
        }
    }
' "$work/rows"
