#!/usr/bin/env bash
# Checks that the library compiles without warnings under each set of features that somebody may choose, and that a
# host of tokens alone gets nothing that only a store needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc

for features in "" tokens serde fast-tokens store store,serde catalogue catalogue,fast-tokens; do
    echo "features: ${features:-none}"
    told=$($CARGO check --quiet -p partita --no-default-features --features "$features" 2>&1) || failed=1
    if [ -n "${failed:-}" ] || grep --quiet '^warning' <<<"$told"; then
        echo "$told" >&2
        exit 1
    fi
done

alone=$($CARGO tree -p partita --no-default-features --features tokens --edges normal --prefix none --format '{p}')
for crate in bincode cap-std fastcdc getrandom serde serde_json similar sled thiserror zstd; do
    if grep --quiet "^$crate v" <<<"$alone"; then
        echo "the feature \`tokens\` alone brings in $crate" >&2
        exit 1
    fi
done
