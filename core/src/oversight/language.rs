//! Languages: what their tests, assertions and skips look like, and which files hold tests.

use super::code::{Syntax, code_of, count};
use super::marks::{C_SHARP, GO, JAVA, Marks, PHP, PYTHON, RUBY, RUST, SCRIPT, WITHIN};
use crate::object::FilePath;

/// A language whose tests can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Language {
    Rust,
    Python,
    /// JavaScript and TypeScript.
    Script,
    Go,
    /// Java and Kotlin.
    Java,
    Ruby,
    CSharp,
    Php,
}

/// What a text holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts<'a> {
    /// How many tests.
    pub(super) tests: usize,
    /// How many assertions.
    pub(super) assertions: usize,
    /// The lines that keep a test from being run, with their numbers from 1, without white space
    /// around them.
    pub(super) skips: Vec<(usize, &'a [u8])>,
}

impl Language {
    /// Returns the language that a file is written in by its name, or none.
    pub(super) fn of(path: &FilePath) -> Option<Self> {
        let (_, extension) = name_of(path);
        match extension {
            b"rs" => Some(Language::Rust),
            b"py" => Some(Language::Python),
            b"js" | b"jsx" | b"mjs" | b"cjs" | b"ts" | b"tsx" | b"mts" | b"cts" => {
                Some(Language::Script)
            }
            b"go" => Some(Language::Go),
            b"java" | b"kt" | b"kts" => Some(Language::Java),
            b"rb" => Some(Language::Ruby),
            b"cs" => Some(Language::CSharp),
            b"php" => Some(Language::Php),
            _ => None,
        }
    }

    /// Counts what a text holds; `is_test` says whether its path is that of a test file.
    pub(super) fn counts(self, text: &[u8], is_test: bool) -> Counts<'_> {
        let (marks, syntax) = (self.marks(), self.syntax());
        let mut counts = Counts::default();
        // A source file's own assertions are no test's; its tests stand at its end.
        let mut is_within = is_test;
        for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let code = code_of(line.trim_ascii(), syntax);
            let tests = count(&code, marks.tests);
            is_within |= tests > 0 || count(&code, WITHIN) > 0;
            if !is_within {
                continue;
            }
            counts.tests += tests;
            counts.assertions += count(&code, marks.assertions);
            if count(&code, marks.skips) > 0 {
                counts.skips.push((at + 1, line.trim_ascii()));
            }
        }
        counts
    }

    fn syntax(self) -> Syntax {
        let (slashes, hash, quotes): (_, _, &[u8]) = match self {
            Language::Rust | Language::Java | Language::CSharp => (true, false, b"\""),
            Language::Go => (true, false, b"\"`"),
            Language::Script => (true, false, b"\"'`"),
            Language::Python | Language::Ruby => (false, true, b"\"'"),
            Language::Php => (true, true, b"\"'"),
        };
        Syntax { slashes, hash, quotes }
    }

    fn marks(self) -> Marks {
        match self {
            Language::Rust => RUST,
            Language::Python => PYTHON,
            Language::Script => SCRIPT,
            Language::Go => GO,
            Language::Java => JAVA,
            Language::Ruby => RUBY,
            Language::CSharp => C_SHARP,
            Language::Php => PHP,
        }
    }
}

/// Tells whether a path is that of a test file.
pub(super) fn is_test_path(path: &FilePath) -> bool {
    let mut directories: Vec<_> = path.components().collect();
    directories.pop();
    let is_of_tests = |directory: &&[u8]| {
        ["tests", "test", "__tests__", "spec", "specs"]
            .iter()
            .any(|known| directory.eq_ignore_ascii_case(known.as_bytes()))
    };
    directories.iter().any(is_of_tests) || is_test_name(path)
}

/// Tells whether a file has a name as only test files have.
pub(super) fn is_test_name(path: &FilePath) -> bool {
    let (stem, _) = name_of(path);
    let ends = |ends: &[&str]| ends.iter().any(|end| stem.ends_with(end.as_bytes()));
    match Language::of(path) {
        Some(Language::Script) => ends(&[".test", ".spec", "_test", "-test", "-spec"]),
        Some(Language::Python) => stem.starts_with(b"test_") || ends(&["_test"]),
        Some(Language::Ruby) => stem.starts_with(b"test_") || ends(&["_spec", "_test", ".spec"]),
        Some(Language::Go) => ends(&["_test"]),
        Some(Language::Rust) => stem == b"tests" || ends(&["_test", "_tests"]),
        Some(Language::Java) => ends(&["Test", "Tests", "IT", "Spec", ".spec"]),
        Some(Language::CSharp) => ends(&["Test", "Tests", ".spec"]),
        Some(Language::Php) => ends(&["Test", ".spec"]),
        None => ends(&["_test", ".test", ".spec"]),
    }
}

/// Returns the name of a file without its extension, and the extension, which may be empty.
pub(super) fn name_of(path: &FilePath) -> (&[u8], &[u8]) {
    let name = path.components().last().unwrap_or_default();
    match name.iter().rposition(|&byte| byte == b'.') {
        Some(dot) => (&name[..dot], &name[dot + 1..]),
        None => (name, b""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(path: &str) -> FilePath {
        FilePath::new(path).unwrap()
    }

    #[test]
    fn test_files_are_known_by_their_paths() {
        for (at, is_test) in [
            ("test_a.py", true),
            ("src/a_test.py", true),
            ("a_test.go", true),
            ("src/a.test.ts", true),
            ("src/a.spec.tsx", true),
            ("a.test.mjs", true),
            ("tests/common/data.json", true),
            ("test/a.c", true),
            ("src/__tests__/a.js", true),
            ("spec/a.rb", true),
            ("src/ATest.java", true),
            ("src/ATests.cs", true),
            ("a_spec.rb", true),
            ("Tests/A.swift", true),
            ("src/log/tests.rs", true),
            ("src/test.rs.d/a", false),
            ("tests", false),
            ("src/contest.py", false),
            ("src/latest.go", false),
            ("src/attestation/a.rs", false),
            ("src/greatest.java", false),
            ("testing.md", false),
        ] {
            assert_eq!(is_test_path(&path(at)), is_test, "{at}");
        }
    }

    /// A file of each language, and how many tests, assertions and skips it has.
    const TEXTS: &[(&str, &str, [usize; 3])] = &[
        (
            "tests/a.rs",
            "#[test]\nfn a() { assert!(x); assert_eq!(a, b); }\n#[tokio::test(flavor = \"x\")]\n\
             #[ignore = \"slow\"]\nasync fn b() { debug_assert_ne!(a, b) }\n#[rstest]\nfn c() {}\n\
             #[cfg_attr(miri, ignore)]\n// #[test]\n// assert!(x);\n#[ignored]\n",
            [3, 3, 2],
        ),
        (
            "src/a.rs",
            "fn f() { assert!(x); }\n#[cfg(test)]\nmod tests {\n#[test]\nfn a() { assert!(x) }\n}\n",
            [1, 1, 0],
        ),
        ("src/b.rs", "fn f() { assert!(x); debug_assert!(y) }\n", [0, 0, 0]),
        (
            "test_a.py",
            "import pytest\n@pytest.mark.skipif(x)\ndef test_a():\n    assert x == 1, 'assert'\n\
             \x20   self.assertEqual(a, b)\n    with pytest.raises(E):\n        pass\n\
             async def test_b():\n    pytest.skip('x')\n#   assert y\n    return assertion\n\
             @pytest.mark.xfail\n@pytest.mark.parametrize('skip', [1])\n@unittest.skip('no')\n",
            [2, 3, 4],
        ),
        (
            "a.test.ts",
            "describe('a', () => { it('b', () => { expect(x).toBe(1) }) })\n  test('c', f)\n\
             it.skip('d', f)\nxit('e', f)\ndescribe.only('x', f)\n// it('f')\nassert.equal(a, b)\n\
             re.test(x)\nsubmit(x)\nconst s = 'it(\"x\")'\n",
            [4, 2, 3],
        ),
        (
            "a_test.go",
            "func TestA(t *testing.T) {\n\tt.Skip(\"x\")\n\tt.Errorf(\"y\")\n\tt.Fatal(err)\n\
             \trequire.NoError(t, err)\n\terr.Error()\n}\nfunc (s *Suite) TestB() {}\n",
            [2, 3, 1],
        ),
        (
            "ATest.java",
            "@Test\nvoid a() { assertEquals(1, 2); Assertions.assertTrue(x); }\n@Disabled\n\
             @ParameterizedTest\nvoid b() { assert x; }\n@Ignore(\"x\")\n@TestInstance(X)\n",
            [2, 3, 2],
        ),
        (
            "spec/a_spec.rb",
            "describe X do\n  it \"a\" do\n    expect(x).to eq(1)\n    skip \"no\"\n  end\n\
             \x20 test 'b' do\n    assert_equal 1, x\n    pending\n  end\n  xit 'c' do\n  end\n\
             \x20 pending = queue.size\n  # it \"d\" do\nend\n",
            [3, 2, 3],
        ),
        (
            "ATests.cs",
            "[Fact]\npublic void A() { Assert.Equal(1, x); }\n[Test, Ignore(\"x\")]\n\
             [Ignore]\n[Fact(Skip = \"y\")]\n[TestCase(1)]\nx.Should().Be(1);\n",
            [4, 2, 2],
        ),
        (
            "ATest.php",
            "public function testA() {\n  $this->assertSame(1, $x);\n\
             \x20 $this->expectException(E::class);\n  $this->markTestSkipped('x');\n}\n#[Test]\n\
             # function testB()\nit('x', f)->skip();\n",
            [3, 2, 2],
        ),
    ];

    #[test]
    fn each_language_has_its_tests_assertions_and_skips() {
        for (at, text, expected) in TEXTS {
            let path = path(at);
            let language = Language::of(&path).unwrap();
            let counts = language.counts(text.as_bytes(), is_test_path(&path));
            let found = [counts.tests, counts.assertions, counts.skips.len()];
            assert_eq!(found, *expected, "{at}: {counts:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_counted(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for (at, _, _) in TEXTS {
                Language::of(&path(at)).unwrap().counts(&bytes, true);
            }
        }
    }
}
