//! What tests, assertions and skips look like in the code of each language.

use super::code::Pattern;

/// What is looked for in the code of a language.
pub(super) struct Marks {
    pub(super) tests: &'static [Pattern],
    pub(super) assertions: &'static [Pattern],
    pub(super) skips: &'static [Pattern],
}

/// Where the tests of a source file of Rust begin.
pub(super) const WITHIN: &[Pattern] =
    &["# [ cfg ( test ) ]", "# [ cfg ( all ( test", "# [ cfg ( any ( test"];

pub(super) const RUST: Marks = Marks {
    tests: &[
        "# [ test* ]",
        "# [ test* (",
        "# [ *::test* ]",
        "# [ *::test* (",
        "# [ *::*::test* ]",
        "# [ *::*::test* (",
        "# [ rstest",
        "# [ case",
        "# [ quickcheck",
        "# [ wasm_bindgen_test",
    ],
    assertions: &[
        "assert* !",
        "assert* (",
        "debug_assert* !",
        "prop_assert* !",
        "# [ should_panic",
    ],
    skips: &["# [ ignore", ", ignore ) ]", ", ignore = "],
};

pub(super) const PYTHON: Marks = Marks {
    tests: &["def test* ("],
    assertions: &["assert* (", "assert", "raises (", "warns (", "expect ("],
    skips: &[
        "mark.skip*",
        "mark.xfail",
        "pytest.skip",
        "pytest.xfail",
        "pytest.importorskip",
        "unittest.skip*",
        "@ skip* (",
        "SkipTest",
        ".skipTest (",
        "expectedFailure",
        "__test__ = False",
    ],
};

pub(super) const SCRIPT: Marks = Marks {
    // What skips a test is one too: else it would be one that is gone.
    tests: &[
        "^it (",
        "^it.only",
        "^it.skip",
        "^it.each",
        "^it.concurrent",
        "^it.failing",
        "^it.fails",
        "^test (",
        "^test.only",
        "^test.skip (",
        "^test.skipIf",
        "^test.each",
        "^test.concurrent",
        "^test.failing",
        "^test.fails",
        "^test.fixme",
        "^Deno.test",
        "^xit (",
        "^xtest (",
        "^fit (",
    ],
    assertions: &["expect* (", "expect.soft", "expect.poll", "assert* (", "assert.*", ".should"],
    skips: &[
        ".skip (",
        ".skip.",
        ".skipIf (",
        ".only (",
        ".only.",
        ".fixme (",
        ".failing (",
        ".fails (",
        "^xit (",
        "^xtest (",
        "^xdescribe (",
        "^xcontext (",
        "^fit (",
        "^fdescribe (",
        "skip : true",
        "only : true",
        "ignore : true",
    ],
};

pub(super) const GO: Marks = Marks {
    tests: &["func Test* (", "func Fuzz* (", ") Test* ("],
    assertions: &[
        "t.Error*",
        "t.Fatal*",
        "t.Fail*",
        "tb.Error*",
        "tb.Fatal*",
        "tb.Fail*",
        "require.*",
        "assert.*",
        ".Require (",
        ".Assert (",
        "Expect (",
    ],
    skips: &["t.Skip* (", ".Skip (", ".Skipf (", ".SkipNow ("],
};

pub(super) const JAVA: Marks = Marks {
    tests: &["@Test", "@ParameterizedTest", "@RepeatedTest", "@TestFactory", "@TestTemplate"],
    assertions: &[
        "assert* (",
        "assert",
        "verify (",
        "expect (",
        "fail (",
        "shouldBe",
        "shouldNotBe",
        "shouldThrow*",
    ],
    skips: &["@Disabled*", "@Enabled*", "@Ignore", "assume* ("],
};

pub(super) const RUBY: Marks = Marks {
    tests: &[
        "^it \"",
        "^it '",
        "^it (",
        "^it {",
        "^it do",
        "^xit",
        "^fit",
        "^specify",
        "^xspecify",
        "^example \"",
        "^scenario",
        "^test \"",
        "^test '",
        "^def test_*",
    ],
    assertions: &[
        "expect",
        "is_expected",
        "assert*",
        "refute*",
        "flunk",
        ".should",
        ".should_not",
        ".must_*",
        ".wont_*",
    ],
    skips: &[
        "^skip $",
        "^skip \"",
        "^skip '",
        "^skip (",
        "^skip if",
        "^skip unless",
        "^pending $",
        "^pending \"",
        "^pending '",
        "^pending (",
        "^pending do",
        "^pending if",
        "^xit",
        "^xspecify",
        "^xdescribe",
        "^xcontext",
        "^fit",
        "^fdescribe",
        "^fcontext",
        ", :skip",
        ", :pending",
        ", :focus",
        ", skip:",
        ", pending:",
        ", focus:",
    ],
};

pub(super) const C_SHARP: Marks = Marks {
    tests: &[
        "[ Fact",
        "[ Theory",
        "[ Test",
        "[ TestCase",
        "[ TestMethod",
        "[ DataTestMethod",
        "[ InlineData",
    ],
    assertions: &[
        "Assert.*",
        "Assert* (",
        "CollectionAssert.*",
        "StringAssert.*",
        ".Should (",
        ".ShouldBe*",
        ".ShouldThrow*",
        ".Verify (",
        "[ ExpectedException",
    ],
    skips: &[
        "[ Ignore",
        "[ Explicit",
        "Skip = ",
        "Skip.If*",
        "Assert.Ignore",
        "Assert.Inconclusive",
        "Assert.Skip*",
    ],
};

pub(super) const PHP: Marks = Marks {
    tests: &["function test* (", "#[ Test", "^it (", "^test ("],
    assertions: &["assert* (", "expect* ("],
    skips: &["markTestSkipped", "markTestIncomplete", "->skip (", "->todo (", "->only ("],
};
