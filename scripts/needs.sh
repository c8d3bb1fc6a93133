# Sourced by the other scripts: makes sure that the tools named as arguments are there.
#
# Rust is not installed behind anybody's back; a C compiler and git are, where that needs no question (root, apt-get).

needs() {
    local tool missing=()
    for tool in "$@"; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    if [ "${#missing[@]}" -eq 0 ]; then
        return
    fi
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        local package packages=()
        for tool in "${missing[@]}"; do
            case "$tool" in
                cargo) continue ;;
                cc) package=build-essential ;;
                *) package=$tool ;;
            esac
            packages+=("$package")
        done
        if [ "${#packages[@]}" -gt 0 ]; then
            apt-get update -q && apt-get install -q -y --no-install-recommends "${packages[@]}"
        fi
    fi
    for tool in "${missing[@]}"; do
        if ! command -v "$tool" >/dev/null; then
            case "$tool" in
                cargo) echo "error: cargo is missing: install Rust 1.90 or newer from https://rustup.rs" >&2 ;;
                cc) echo "error: a C compiler is missing: install gcc or clang" >&2 ;;
                *) echo "error: $tool is missing: install it" >&2 ;;
            esac
            exit 1
        fi
    done
}

# Prints the virtual environment NAME under the target directory, made anew where REQUIREMENTS changed.
# Only then the package index is needed.
python_environment() {
    local name=$1 requirements=$2 python=${PYTHON:-python3} environment
    if ! command -v "$python" >/dev/null; then
        echo "error: python3 is missing: install Python 3.11 or newer, with venv" >&2
        exit 1
    fi
    environment=$(target_directory)/$name
    if ! cmp -s "$requirements" "$environment/installed.txt"; then
        rm -rf "$environment"
        if ! "$python" -m venv "$environment"; then
            echo "error: $python cannot make a virtual environment: install its venv module (python3-venv)" >&2
            exit 1
        fi
        "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
        cp "$requirements" "$environment/installed.txt"
    fi
    echo "$environment"
}

# Prints the path of a PROGRAM of the workspace, built with the features of the tests' own build, so that nothing is compiled
# twice.
program() {
    ${CARGO:-cargo} build --quiet --workspace --exclude partita-benches --bins --examples >&2
    echo "$(target_directory)/debug/$1"
}

# Prints the directory that cargo builds in.
target_directory() {
    ${CARGO:-cargo} metadata --quiet --offline --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

# Builds the Python package's wheel with a PROFILE of cargo's into an empty DIRECTORY, with what else maturin is told, and
# installs it in an ENVIRONMENT, without the package index.
install_wheel() {
    local environment=$1 profile=$2 directory=$3
    shift 3
    PATH="$environment/bin:$PATH" "$environment/bin/maturin" build --quiet --locked --profile "$profile" --strip \
        --auditwheel skip --manifest-path bindings/python/Cargo.toml --interpreter "$environment/bin/python" --out "$directory" "$@"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall \
        "$directory"/*.whl
}
