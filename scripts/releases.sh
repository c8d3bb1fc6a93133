#!/usr/bin/env bash
# Makes a git repository out of the releases of a crate, one commit each, oldest first.
#
#     scripts/releases.sh DIR CRATE VERSION...
#
# DIR is created, or gets the commits on top where it is such a repository already; then each crate has a directory of
# its own. A version that cannot be had is skipped. Nothing but cargo touches the network.
set -euo pipefail
if [ "$#" -lt 3 ]; then
    echo "usage: $0 DIR CRATE VERSION..." >&2
    exit 2
fi
CARGO=${CARGO:-cargo}
repository=$1 crate=$2
shift 2

# The same input makes the same commits: a fixed identity, and a fixed time that moves a day a commit.
export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.invalid
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

if [ ! -d "$repository/.git" ]; then
    git init --quiet --initial-branch=main "$repository"
    git -C "$repository" config core.autocrlf false
    git -C "$repository" config gc.auto 0
fi
commits=$(git -C "$repository" rev-list --count --all)

# cargo allows one version of a crate in a graph where they are compatible: so a manifest for each.
manifest=$(mktemp -d)
trap 'rm -rf "$manifest"' EXIT
mkdir "$manifest/src"
: >"$manifest/src/lib.rs"

for version in "$@"; do
    rm -f "$manifest/Cargo.lock"
    cat >"$manifest/Cargo.toml" <<TOML
[package]
name = "releases"
version = "0.0.0"
edition = "2021"

[dependencies]
$crate = { version = "=$version", default-features = false }

[workspace]
TOML
    if ! $CARGO fetch --quiet --manifest-path "$manifest/Cargo.toml" 2>/dev/null; then
        echo "skipped $crate $version: cargo could not fetch it" >&2
        continue
    fi
    source=$($CARGO metadata --quiet --offline --format-version 1 --manifest-path "$manifest/Cargo.toml" |
        tr ',' '\n' | sed -n "s|.*\"manifest_path\":\"\\(.*/$crate-$version\\)/Cargo.toml\".*|\\1|p" | head -n 1)
    if [ -z "$source" ]; then
        echo "skipped $crate $version: cargo metadata does not say where it is" >&2
        continue
    fi
    rm -rf "${repository:?}/$crate"
    cp -R "$source" "$repository/$crate"
    rm -f "$repository/$crate/.cargo-ok" "$repository/$crate/.cargo_vcs_info.json"
    git -C "$repository" add --all --force
    time=$((1600000000 + commits * 86400))
    GIT_AUTHOR_DATE="$time +0000" GIT_COMMITTER_DATE="$time +0000" \
        git -C "$repository" commit --quiet --allow-empty --message "$crate $version"
    commits=$((commits + 1))
done
