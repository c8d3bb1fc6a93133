import unittest

from tokens import tokens


class Tokens(unittest.TestCase):
    def test_nothing_has_no_tokens(self):
        self.assertEqual(tokens(" "), [])

    def test_signs_stand_alone(self):
        self.assertEqual(tokens("f(x);"), ["f", "(", "x", ")", ";"])

    def test_the_last_word_is_a_token(self):
        self.assertEqual(tokens("let x = y"), ["let", "x", "=", "y"])


if __name__ == "__main__":
    unittest.main()
