#!/usr/bin/env bash
# Writes reports of test runners and benchmarks into DIRECTORY by running the tools on small projects, each with the tool's version
# and command in `tools.txt`. A tool that is not there is left out, and said so.
#
#     scripts/reports.sh DIRECTORY
#
# `make soak SUITE=reports` runs it and reads what it wrote; `tests/data/reports` holds what it wrote once. PYTHON names a Python that has
# pytest and pytest-benchmark. Paths and names of the machine do not stay in the reports.
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$out/tools.txt"

# Notes which tool wrote a report, and how.
note() { printf '%s: %s; %s\n' "$1" "$2" "$3" >>"$out/tools.txt"; }

# Tells whether a program is there.
has() { command -v "$1" >/dev/null || { echo "left out: $1 is not there" >&2; return 1; }; }

# Takes paths, hosts and users out of a report.
clean() { sed -i "s#$work#/sample#g; s#$(hostname)#host#g" "$1"; }

# Runs what may fail: the projects have tests that do.
may_fail() { "$@" || true; }

# pytest: 2 passed, 1 failed, 1 skipped, 1 xfailed, 1 xpassed, 1 error.
mkdir "$work/py"
cat >"$work/py/test_sample.py" <<'PY'
import pytest

def test_adds(): assert 1 + 1 == 2

@pytest.mark.parametrize("text", ["<a & b>"])
def test_text(text): assert text

def test_fails(): assert 1 + 1 == 3, "sums <differ> & more"

@pytest.mark.skip(reason="not here")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_xfails(): assert False

@pytest.mark.xfail(reason="mended")
def test_xpasses(): pass

@pytest.fixture
def broken(): raise RuntimeError("no set-up")

def test_errs(broken): pass
PY
cat >"$work/py/bench_sample.py" <<'PY'
def test_sum(benchmark): benchmark.pedantic(sum, args=([1] * 100,), rounds=8, iterations=10)

def test_sorted(benchmark): benchmark.pedantic(sorted, args=([3, 1, 2],), rounds=8, iterations=10)
PY
if "$python" -c 'import pytest' 2>/dev/null; then
    version=$("$python" -m pytest --version 2>&1)
    cd "$work/py"
    may_fail "$python" -m pytest -p no:cacheprovider -p no:benchmark -v -rfE --junitxml="$out/pytest.xml" test_sample.py >"$out/pytest.txt"
    clean "$out/pytest.xml" && clean "$out/pytest.txt"
    note pytest.xml "$version" "pytest --junitxml=pytest.xml test_sample.py"
    note pytest.txt "$version" "pytest -v -rfE test_sample.py"
    if "$python" -c 'import pytest_benchmark' 2>/dev/null; then
        "$python" -m pytest -p no:cacheprovider -q --benchmark-json="$work/b.json" bench_sample.py >/dev/null
        "$python" - "$work/b.json" "$out/pytest-benchmark.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
report["machine_info"] = {"python_version": report["machine_info"]["python_version"]}
report["commit_info"] = {}
json.dump(report, open(sys.argv[2], "w"), indent=1)
PY
        note pytest-benchmark.json "$("$python" -c 'import pytest_benchmark as b; print("pytest-benchmark", b.__version__)')" "pytest --benchmark-json=pytest-benchmark.json bench_sample.py"
    fi
else
    echo "left out: pytest is not there" >&2
fi

# Test::More: 2 passed, 1 failed, 1 skipped, 1 expected failure.
if has perl; then
    cat >"$work/a.t" <<'PL'
use Test::More tests => 5;
ok(1, 'adds');
is('a', 'a', 'text with # a mark');
ok(0, 'fails');
SKIP: { skip 'not here', 1; ok(1) }
TODO: { local $TODO = 'known'; ok(0, 'not yet') }
PL
    may_fail perl "$work/a.t" >"$out/perl.tap" 2>/dev/null
    note perl.tap "Test::More $(perl -MTest::More -e 'print $Test::More::VERSION')" "perl a.t"
fi

# node: 2 passed, 1 failed, 1 skipped.
if has node; then
    cat >"$work/a.test.mjs" <<'JS'
import test from "node:test";
import assert from "node:assert";
test("adds", () => assert.equal(1 + 1, 2));
test("text <a & b>", () => {});
test("fails", () => assert.equal(1, 2));
test("skipped", { skip: "not here" }, () => {});
JS
    may_fail node --test --test-reporter=tap "$work/a.test.mjs" >"$out/node.tap"
    clean "$out/node.tap"
    note node.tap "node $(node --version)" "node --test --test-reporter=tap a.test.mjs"
    if node --test --test-reporter=junit "$work/a.test.mjs" >"$out/node.xml" 2>/dev/null || grep -q '<testsuites' "$out/node.xml"; then
        clean "$out/node.xml"
        note node.xml "node $(node --version)" "node --test --test-reporter=junit a.test.mjs"
    else
        rm -f "$out/node.xml"
    fi
fi

# Go: 2 passed, 1 failed, 1 skipped, and 2 benchmarks run 3 times.
if has go; then
    mkdir "$work/go"
    cat >"$work/go/go.mod" <<'GO'
module example.org/sample

go 1.18
GO
    cat >"$work/go/a_test.go" <<'GO'
package sample

import "testing"

func TestAdds(t *testing.T)    {}
func TestText(t *testing.T)    { t.Log("some <text>") }
func TestFails(t *testing.T)   { t.Fatal("sums differ") }
func TestSkipped(t *testing.T) { t.Skip("not here") }

var sink int

func BenchmarkSum(b *testing.B) {
	for i := 0; i < b.N; i++ {
		sink += i
	}
}

func BenchmarkMake(b *testing.B) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		sink += len(make([]byte, 100+i%2))
	}
}
GO
    cd "$work/go"
    may_fail go test -json . >"$out/go-test.json"
    may_fail go test -run '^$' -bench . -benchtime 1000x -count 3 . >"$out/go-bench.txt"
    sed -i '/^cpu: /d' "$out/go-bench.txt"
    clean "$out/go-test.json" && clean "$out/go-bench.txt"
    note go-test.json "$(go version | cut -d' ' -f1-3)" "go test -json ."
    note go-bench.txt "$(go version | cut -d' ' -f1-3)" "go test -run '^\$' -bench . -benchtime 1000x -count 3 ."
fi

# libtest: 2 passed, 1 failed, 1 ignored, in two suites and none in the third.
if has cargo; then
    mkdir -p "$work/rust/src" "$work/rust/tests" "$work/rust/.config"
    cat >"$work/rust/Cargo.toml" <<'TOML'
[package]
name = "sample"
version = "0.1.0"
edition = "2021"
[workspace]
TOML
    cat >"$work/rust/src/lib.rs" <<'RS'
#[test]
fn adds() { assert_eq!(1 + 1, 2); }
#[test]
#[ignore = "not here"]
fn skipped() {}
RS
    cat >"$work/rust/tests/more.rs" <<'RS'
#[test]
#[should_panic]
fn panics() { println!("some <text>"); panic!("as it should") }
#[test]
fn fails() { assert_eq!(1, 2, "sums differ"); }
RS
    printf '[profile.default.junit]\npath = "junit.xml"\n' >"$work/rust/.config/nextest.toml"
    cd "$work/rust"
    may_fail cargo test --quiet --no-fail-fast --offline -- --format pretty >"$out/libtest.txt" 2>/dev/null
    RUSTC_BOOTSTRAP=1 may_fail cargo test --quiet --no-fail-fast --offline -- -Z unstable-options --format json >"$out/libtest.json" 2>/dev/null
    note libtest.txt "$(cargo --version)" "cargo test --no-fail-fast -- --format pretty"
    note libtest.json "$(cargo --version)" "cargo test --no-fail-fast -- -Z unstable-options --format json"
    if has cargo-nextest; then
        may_fail cargo nextest run --offline --no-fail-fast >/dev/null 2>&1
        cp target/nextest/default/junit.xml "$out/nextest.xml"
        note nextest.xml "$(cargo nextest --version | sed -n 1p | cut -d' ' -f1-2)" "cargo nextest run --no-fail-fast"
        clean "$out/nextest.xml"
    fi
    clean "$out/libtest.txt" && clean "$out/libtest.json"
fi

# hyperfine: two commands, 5 runs each.
if has hyperfine; then
    hyperfine --style none --runs 5 --shell none --export-json "$out/hyperfine.json" true 'sleep 0.001' >/dev/null 2>&1
    note hyperfine.json "$(hyperfine --version)" "hyperfine --runs 5 --export-json hyperfine.json true 'sleep 0.001'"
fi

# surefire: 2 passed, 1 failed, 1 error, 1 skipped. What Maven needs may stand in a Debian system's repository (maven-debian-helper,
# libsurefire-java, junit4), or Maven fetches it.
if has mvn; then
    mkdir -p "$work/java/src/test/java/sample"
    settings=/etc/maven/settings-debian.xml junit=4.x
    [ -f "$settings" ] && offline=(-o -s "$settings") || offline=() junit=4.13.2
    cat >"$work/java/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sample</groupId>
  <artifactId>sample</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>11</maven.compiler.source>
    <maven.compiler.target>11</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>$junit</version><scope>test</scope></dependency>
  </dependencies>
</project>
XML
    cat >"$work/java/src/test/java/sample/SampleTest.java" <<'JAVA'
package sample;

import org.junit.*;

public class SampleTest {
    @Test public void adds() { Assert.assertEquals(2, 1 + 1); }
    @Test public void text() { System.out.println("some <text> & ]]> more"); }
    @Test public void fails() { Assert.assertEquals("sums <differ> & more", 3, 1 + 1); }
    @Test public void errs() { throw new IllegalStateException("no set-up"); }
    @Ignore("not here") @Test public void skipped() { }
}
JAVA
    cd "$work/java"
    may_fail mvn "${offline[@]}" -B test >"$work/mvn.txt" 2>&1
    report=target/surefire-reports/TEST-sample.SampleTest.xml
    if [ -f "$report" ]; then
        # The properties are the machine's.
        sed '/<properties>/,/<\/properties>/d' "$report" >"$out/surefire.xml"
        clean "$out/surefire.xml"
        version=$(sed -n 's/.*maven-surefire-plugin:\([0-9.]*\):test .*/\1/p' "$work/mvn.txt" | head -1)
        note surefire.xml "maven-surefire-plugin $version" "mvn test"
    else
        echo "left out: surefire could not be run" >&2
    fi
fi

# criterion: one benchmark, 10 samples.
if has cargo; then
    mkdir -p "$work/criterion/src" "$work/criterion/benches"
    cat >"$work/criterion/Cargo.toml" <<'TOML'
[package]
name = "sample"
version = "0.1.0"
edition = "2021"
[workspace]
[dev-dependencies]
criterion = { version = "0.5", default-features = false }
[[bench]]
name = "sums"
harness = false
TOML
    touch "$work/criterion/src/lib.rs"
    cat >"$work/criterion/benches/sums.rs" <<'RS'
use criterion::{Criterion, black_box, criterion_group, criterion_main};
fn sums(c: &mut Criterion) {
    c.bench_function("sum", |b| b.iter(|| (0..black_box(100u64)).sum::<u64>()));
}
criterion_group! { name = all; config = Criterion::default().sample_size(10); targets = sums }
criterion_main!(all);
RS
    cd "$work/criterion"
    if CARGO_TARGET_DIR=target cargo bench --quiet --bench sums -- --warm-up-time 0.2 --measurement-time 0.2 >/dev/null 2>&1; then
        version=$(sed -n '/^name = "criterion"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
        for part in sample estimates; do
            cp "target/criterion/sum/new/$part.json" "$out/criterion-$part.json"
            note "criterion-$part.json" "criterion $version" "cargo bench --bench sums; target/criterion/sum/new/$part.json"
        done
    else
        echo "left out: criterion could not be built" >&2
    fi
fi
