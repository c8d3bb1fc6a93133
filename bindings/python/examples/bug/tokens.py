"""Splits a text into its words, numbers and signs."""


def tokens(text):
    """Returns the tokens of a text, in their order."""
    found, word = [], ""
    for char in text:
        if char.isalnum():
            word += char
            continue
        if word:
            found.append(word)
            word = ""
        if not char.isspace():
            found.append(char)
    return found
