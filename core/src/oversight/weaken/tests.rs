use proptest::prelude::*;

use super::*;

/// Reports on a change: each file with its text before and after.
fn reports(files: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
    let paths: Vec<_> = files.iter().map(|file| FilePath::new(file.0).unwrap()).collect();
    let changed = files.iter().zip(&paths).map(|((_, before, after), path)| ChangedText {
        path,
        before: before.map(str::as_bytes),
        after: after.map(str::as_bytes),
    });
    let changes: Vec<_> = changed.collect();
    weakened(&changes).iter().map(ToString::to_string).collect()
}

const GONE: &str = "is gone, and its tests are nowhere else";
const ONE: &str = "def test_a():\n    assert x\n    assert y\n";
const TWO: &str =
    "def test_a():\n    assert x\n    assert y\ndef test_b():\n    assert z\n    assert w\n";

#[test]
fn each_language_says_when_its_tests_say_less() {
    for (path, before, after, report) in [
        (
            "src/a.rs",
            "#[test]\nfn a() { assert!(x) }\n#[test]\nfn b() {}\n",
            "#[test]\nfn a() {}\n",
            "has 1 test, 2 before",
        ),
        (
            "src/a.rs",
            "#[test]\nfn a() { assert!(x) }\n",
            "#[test]\nfn a() {}\n",
            "has 0 assertions, 1 before",
        ),
        (
            "src/a.rs",
            "#[test]\nfn a() {}\n",
            "#[test]\n#[ignore]\nfn a() {}\n",
            "skips tests in line 2: \"#[ignore]\"",
        ),
        ("tests/a.py", TWO, ONE, "has 1 test, 2 before"),
        (
            "tests/a.py",
            TWO,
            "def test_a():\n  assert x\ndef test_b(): 1",
            "has 1 assertion, 4 before",
        ),
        (
            "a.test.ts",
            "it('a', f)\n",
            "it.skip('a', f)\n",
            "skips tests in line 1: \"it.skip('a', f)\"",
        ),
        (
            "a.test.ts",
            "it('a', f)\n",
            "it.only('a', f)\n",
            "skips tests in line 1: \"it.only('a', f)\"",
        ),
        ("a.test.ts", "it('a', f)\n", "// it('a', f)\n", "has 0 tests, 1 before"),
        ("a_test.go", "func TestA(", "func DisabledTestA(", "has 0 tests, 1 before"),
        ("a_test.go", "t.Error(1)", "t.Log(1)", "has 0 assertions, 1 before"),
        ("ATest.java", "@Test\n", "@Test\n@Disabled\n", "skips tests in line 2: \"@Disabled\""),
        ("ATest.kt", "assertThat(x)", "", "has 0 assertions, 1 before"),
        ("a_spec.rb", "it 'a' do", "xit 'a' do", "skips tests in line 1: \"xit 'a' do\""),
        (
            "ATests.cs",
            "[Fact]",
            "[Fact(Skip = \"x\")]",
            "skips tests in line 1: \"[Fact(Skip = \\\"x\\\")]\"",
        ),
        ("ATest.php", "function testA() {", "function a() {", "has 0 tests, 1 before"),
    ] {
        let found = reports(&[(path, Some(before), Some(after))]);
        assert_eq!(found, [format!("{path} {report}")], "{before}");
        assert!(reports(&[(path, Some(after), Some(after))]).is_empty(), "{path}: {after}");
    }
}

#[test]
fn tests_that_say_more_or_the_same_are_not_reported() {
    for (path, before, after) in [
        ("tests/a.py", ONE, TWO),
        ("tests/a.py", ONE, "def test_b():\n    assert x\n    assert y\n"),
        // No tests are here.
        ("src/a.py", TWO, ""),
        ("src/a.rs", "fn f() { assert!(x) }", "fn f() {}"),
        ("src/a.rs", "fn f() { assert!(x) }\n#[test]\nfn a() {}", "fn f() {}\n#[test]\nfn a() {}"),
        // Another test is skipped in place of the first: no more than before.
        (
            "tests/a.py",
            "@pytest.mark.skip(1)\ndef test_a(): assert x\ndef test_b(): assert y\n",
            "def test_a(): assert x\n@pytest.mark.skip(2)\ndef test_b(): assert y\n",
        ),
        ("tests/a.py", "def test_a(): return", "def test_a():\n    return\n"),
        ("tests/a.py", "def test_a(): x", "def test_a(): x\n# pytest.skip('x')\n"),
        ("tests/a.sh", "echo a", "echo b"),
        ("tests/a.sh", "echo a", ""),
    ] {
        let found = reports(&[(path, Some(before), Some(after))]);
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[test]
fn files_that_are_gone_are_reported_once() {
    for (path, before) in [
        ("tests/a.py", TWO),
        ("tests/helpers.py", "def check(x):\n    assert x\n"),
        ("test_script.py", "main()\n"),
        ("tests/run.sh", "diff a b\n"),
        ("src/a.rs", "#[test]\nfn a() { assert!(x) }\n"),
    ] {
        assert_eq!(reports(&[(path, Some(before), None)]), [format!("{path} {GONE}")], "{path}");
    }
    for (path, before) in [
        ("src/a.py", TWO),
        ("tests/__init__.py", ""),
        ("tests/data.py", "x = 1\n"),
        ("src/a.rs", "fn f() { assert!(x) }\n"),
        ("src/run.sh", "diff a b\n"),
    ] {
        assert!(reports(&[(path, Some(before), None)]).is_empty(), "{path}");
    }
}

#[test]
fn what_moves_between_files_is_not_lost() {
    for files in [
        // Renamed, and changed on the way.
        &[("tests/a.py", Some(ONE), None), ("tests/b.py", None, Some(ONE))][..],
        &[("tests/a.py", Some(ONE), None), ("tests/x/a.py", None, Some(TWO))],
        &[("tests/a.sh", Some("x"), None), ("tests/b.sh", None, Some("y"))],
        &[("test_a.py", Some("main()"), None), ("test_b.py", None, Some("main(1)"))],
        // Moved to a file that was there.
        &[("tests/a.py", Some(ONE), None), ("tests/b.py", Some(ONE), Some(TWO))],
        // A part of a file moved.
        &[("tests/a.py", Some(TWO), Some(ONE)), ("tests/b.py", None, Some(ONE))],
        &[("tests/b.py", None, Some(ONE)), ("tests/a.py", Some(TWO), Some(ONE))],
        // One file became two.
        &[
            ("tests/a.py", Some(TWO), None),
            ("tests/b.py", None, Some(ONE)),
            ("tests/c.py", None, Some(ONE)),
        ],
        // From a source file to a file of tests.
        &[
            ("src/a.rs", Some("f();\n#[test]\nfn a() { assert!(x) }"), Some("f();\n")),
            ("tests/a.rs", None, Some("#[test]\nfn a() { assert!(x) }")),
        ],
        // A test that is skipped moved.
        &[
            ("tests/a.py", Some("@unittest.skip('x')\ndef test_a(): assert x"), Some("")),
            ("tests/b.py", None, Some("@unittest.skip('x')\ndef test_a(): assert x")),
        ],
    ] {
        let found = reports(files);
        assert!(found.is_empty(), "{files:?}: {found:?}");
    }
}

#[test]
fn what_moves_only_in_part_or_to_no_test_file_is_lost() {
    let gone = format!("tests/a.py {GONE}");
    for (files, expected) in [
        (
            &[("tests/a.py", Some(TWO), None), ("tests/b.py", None, Some(ONE))][..],
            &[gone.as_str()][..],
        ),
        (&[("tests/a.py", Some(ONE), None), ("src/a.py", None, Some(ONE))], &[&gone]),
        (&[("tests/a.py", Some(ONE), None), ("tests/a.py.bak", None, Some(ONE))], &[&gone]),
        // Another language cannot make up for it.
        (
            &[
                ("tests/a.py", Some(ONE), None),
                ("a_test.go", None, Some("func TestA() { t.Error() }")),
            ],
            &[&gone],
        ),
        (
            &[("tests/a.py", Some(TWO), None), ("tests/x/a.py", None, Some(ONE))],
            &["tests/x/a.py has 1 test, 2 before"],
        ),
        (
            &[
                ("tests/a.py", Some(ONE), None),
                ("tests/b.py", None, Some("def test_a():\n    assert x\n")),
            ],
            &["tests/a.py has 0 assertions, 2 before"],
        ),
        // The renamed file keeps what it has; the other one is reported, whatever their order.
        (
            &[
                ("tests/a.py", Some("def test_x(): assert y"), None),
                ("tests/y.py", None, Some("def test_z(): assert y")),
                ("tests/z.py", Some("def test_z(): assert y"), None),
            ],
            &[&gone],
        ),
        // A test is made to run, and another one is skipped in the same way.
        (
            &[
                (
                    "tests/a.py",
                    Some("@unittest.skip('x')\ndef test_a(): 1"),
                    Some("def test_a(): 1"),
                ),
                (
                    "tests/b.py",
                    Some("def test_b(): 1"),
                    Some("@unittest.skip('x')\ndef test_b(): 1"),
                ),
            ],
            &["tests/b.py skips tests in line 1: \"@unittest.skip('x')\""],
        ),
    ] {
        assert_eq!(reports(files), expected, "{files:?}");
    }
}

#[test]
fn of_skips_that_are_alike_the_added_one_is_reported() {
    let before = "#[test]\nfn a() {}\n#[test]\n#[ignore]\nfn b() {}\n";
    let after = "#[test]\n#[ignore]\nfn a() {}\n#[test]\n#[ignore]\nfn b() {}\n";
    let found = reports(&[("src/a.rs", Some(before), Some(after))]);
    assert_eq!(found, ["src/a.rs skips tests in line 2: \"#[ignore]\""]);
}

#[test]
fn a_file_is_reported_for_a_bounded_number_of_skips_and_long_lines_are_cut() {
    for (count, reported) in [(SKIPS_MAX, SKIPS_MAX), (SKIPS_MAX + 1, SKIPS_MAX)] {
        let after = "pytest.skip(x)\n".repeat(count);
        assert_eq!(reports(&[("test_a.py", None, Some(&after))]).len(), reported);
    }
    let after = format!("pytest.skip({})", "x".repeat(SKIP_CHARS_MAX));
    let path = FilePath::new("test_a.py").unwrap();
    let change = ChangedText { path: &path, before: None, after: Some(after.as_bytes()) };
    let found = weakened(&[change]);
    let Weakening::Skipped { text, .. } = &found[0].how else { panic!("{found:?}") };
    assert_eq!(text.len(), SKIP_CHARS_MAX);
}

proptest! {
    #[test]
    fn any_bytes_never_panic_and_a_file_left_alone_is_not_reported(
        texts in prop::collection::vec(
            (0usize..12, prop::option::of(hostile()), prop::option::of(hostile())),
            0..6,
        ),
    ) {
        let names = [
            "src/a.rs", "tests/a.rs", "test_a.py", "a.test.ts", "a_test.go", "ATest.java",
            "a_spec.rb", "ATests.cs", "ATest.php", "tests/a.sh", "tests/a", "src/a.c",
        ];
        let paths: Vec<_> = names.iter().map(|name| FilePath::new(name).unwrap()).collect();
        let changes: Vec<_> = texts.iter().map(|(at, before, after)| ChangedText {
            path: &paths[*at],
            before: before.as_deref(),
            after: after.as_deref(),
        }).collect();
        for weaker in weakened(&changes) {
            prop_assert!(!weaker.to_string().contains('\n'));
        }
        let same: Vec<_> =
            changes.iter().map(|change| ChangedText { after: change.before, ..*change }).collect();
        prop_assert!(weakened(&same).is_empty());
    }
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "#[test]\n",
            "#[ignore]\n",
            "assert!(",
            "def test_a",
            "assert ",
            "it('",
            ".skip(",
            "func Test",
            "t.Error(",
            "@Test",
            "[Fact]",
            "\n",
            "\"",
            "// ",
            "# ",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}
