"""The YAML reader accepts the forms that people use and refuses all others with their line."""

import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import TemplateError
from connector.yaml_subset import read_yaml

ACCEPTED = [
    ("a: 1", {"a": 1}, "a whole number"),
    ("a: -12", {"a": -12}, "a negative number"),
    ("a: +3", {"a": 3}, "a number with a plus"),
    ("a: 0", {"a": 0}, "nought"),
    ("a: 0.50", {"a": 0.5}, "a decimal"),
    ("a: 1.5e3", {"a": 1500.0}, "a decimal with an exponent"),
    ("a: 999999999999999999", {"a": 999999999999999999}, "the longest number that is taken"),
    ("a: true\nb: false", {"a": True, "b": False}, "the two switches"),
    ("a: null\nb: ~\nc:", {"a": None, "b": None, "c": None}, "three ways to say nothing"),
    (
        "[yes, no, on, off, y, True, NULL]",
        ["yes", "no", "on", "off", "y", "True", "NULL"],
        "words that YAML 1.1 makes into switches",
    ),
    ("a: 1:30", {"a": "1:30"}, "a time, which YAML 1.1 reads as 90"),
    ("a: 2026-03-31", {"a": "2026-03-31"}, "a date, which YAML 1.1 makes an object of"),
    ("a: 1.2.3", {"a": "1.2.3"}, "a version"),
    ("a: .inf", {"a": ".inf"}, "infinity is a text"),
    ("a: .nan", {"a": ".nan"}, "what is no number is a text"),
    ("a: '010'", {"a": "010"}, "a quoted number is a text"),
    ('a: "true"', {"a": "true"}, "a quoted switch is a text"),
    ("'12': x", {"12": "x"}, "a quoted number may be a key"),
    ("yes: x", {"yes": "x"}, "a word that YAML 1.1 makes into a switch may be a key"),
    ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}, "a text with its lines"),
    ("a: >\n  one\n  two\n", {"a": "one two\n"}, "a folded text"),
    ("a: {b: [1, {c: d}]}", {"a": {"b": [1, {"c": "d"}]}}, "the flow forms"),
    ("- a\n-\n  - b", ["a", ["b"]], "lists in lists"),
    ("<<: {a: 1}", {"<<": {"a": 1}}, "a merge is a key like any other"),
    ("# only\na: 1 # here", {"a": 1}, "comments"),
    ("---\na: 1\n...\n", {"a": 1}, "one document with its marks"),
    ("\ufeffa: 1", {"a": 1}, "a byte order mark"),
    ("a: größe 😀", {"a": "größe 😀"}, "any letters"),
    ("plain", "plain", "a lone text"),
    ('a: "b\\u00e9\\n"', {"a": "bé\n"}, "escapes"),
]

REFUSED = [
    ("", 1, "the file is empty", "nothing"),
    ("# a\n", 1, "the file is empty", "only a comment"),
    ("a: 1\nb: 2\na: 3", 3, "`a` is given twice", "a key that would win in silence"),
    ("a:\n  b: 1\n  'b': 2", 3, "`b` is given twice", "the same key in another form"),
    ("a: 1\n2: x", 2, "`2` is not a text key", "a number as a key"),
    ("true: x", 1, "`true` is not a text key", "a switch as a key"),
    ("null: x", 1, "`null` is not a text key", "nothing as a key"),
    ("a: 1\n: x", 2, "not YAML", "an empty key"),
    ("{[a]: b}", 1, "is not a text key", "a list as a key"),
    ("? {a: b}\n: c", 1, "is not a text key", "a map as a key"),
    ("a: x\nb: &c y", 2, "anchors and aliases", "an anchor"),
    ("a: &c x\nb: *c", 1, "anchors and aliases", "an alias"),
    ("&a b: c", 1, "anchors and aliases", "an anchor on a key"),
    ("a: *nowhere", 1, "not YAML", "an alias to nothing"),
    ("a: x\nb: !!int '1'", 2, "tags (!)", "a tag"),
    ("a: !thing x", 1, "tags (!)", "a tag of one's own"),
    ("a: ! 12", 1, "tags (!)", "the lone tag, which would turn a number into a text"),
    ("!!python/object/apply:os.system [ls]", 1, "tags (!)", "a tag that runs something elsewhere"),
    ("a: !!binary aGk=", 1, "tags (!)", "binary"),
    ("a: 1\n---\nb: 2", 2, "not YAML", "a second document"),
    ("a: 010", 1, "`010` could be a number or a text", "an octal number of old"),
    ("x: 1\na: 0o17", 2, "`0o17`", "an octal number"),
    ("a: 0x1F", 1, "`0x1F`", "a hexadecimal number"),
    ("a: 0b11", 1, "`0b11`", "a binary number"),
    ("a: 1_000", 1, "`1_000`", "a number with underlines"),
    ("a: 1000000000000000000", 1, "too long", "a number of nineteen digits"),
    ("a: " + "9" * 100_000, 1, "too long", "a number as long as a book"),
    ("a: 1.5e999", 1, "too large", "a decimal that is infinite"),
    ("a: 1.0\nb: -1.0e400", 2, "too large", "a decimal that is infinite the other way"),
    ('a: "\\UFFFFFFFF"', 1, "out of range", "a character that does not exist"),
    ("%YAML 1." + "9" * 5000 + "\n---\na", 1, "out of range", "a version as long as a book"),
    ('a: 1\nb: "\\ud800"', 2, "an invalid character", "half a character"),
    ('a: "\\0"', 1, "an invalid character", "a NUL by its escape"),
    ("a: \0", 1, "not YAML", "a NUL"),
    ("a: [1, 2", 1, "not YAML", "a bracket left open"),
    ("a: 1\nb: 'x", 2, "not YAML", "a quotation left open"),
    ("a: b: c", 1, "not YAML", "two colons"),
    ("a: 1\n\tb: 2", 2, "not YAML", "a tab before a key"),
    ("a: {b: what? x: y}", 1, "not YAML", "an unquoted text with a colon in braces"),
    ("a: @b", 1, "not YAML", "a sign that is kept for later"),
    ("a: !%FF b", 1, "not YAML", "a tag that is no text"),
]


@pytest.mark.parametrize(("text", "value", "why"), ACCEPTED, ids=[case[2] for case in ACCEPTED])
def test_accepted(text: str, value: Any, why: str) -> None:
    """Each form that a person means gives its plain value, of the type it looks like."""
    found, _ = read_yaml(text, file="f.yaml")
    assert repr(found) == repr(value), why


@pytest.mark.parametrize(
    ("text", "line", "words", "why"), REFUSED, ids=[case[3] for case in REFUSED]
)
def test_refused(text: str, line: int, words: str, why: str) -> None:
    """Each other form is refused with the file, its line and a sentence that names it."""
    with pytest.raises(TemplateError) as caught:
        read_yaml(text, file="f.yaml")
    assert caught.value.line == line, why
    assert words in caught.value.problem
    assert caught.value.detail.startswith(f"f.yaml:{line}: ")
    assert caught.value.detail.endswith(".")


def test_without_a_file() -> None:
    """A text that comes from no file is refused with the sentence alone."""
    with pytest.raises(TemplateError) as caught:
        read_yaml("a: 010")
    assert caught.value.detail.startswith("`010`")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "[" * 25 + "]" * 25,
        "[" * 100_000,
        "{a: " * 5_000,
        "- " * 3_000 + "x",
        "\n".join(" " * depth + "a:" for depth in range(400)),
        "\n".join(" " * depth + "a:" for depth in range(3_000)),
    ],
    ids=[
        "25 lists",
        "100,000 lists",
        "5,000 maps",
        "3,000 dashes",
        "400 maps in lines",
        "3,000 maps in lines",
    ],
)
def test_deep_nesting(text: str) -> None:
    """Nesting beyond twenty levels is refused as such, however deep it goes."""
    with pytest.raises(TemplateError, match=r"nested deeper than 20 levels|not YAML"):
        read_yaml(text, file="f.yaml")


def test_twenty_levels_are_taken() -> None:
    """Twenty levels of nesting are read."""
    found, _ = read_yaml("[" * 20 + "x" + "]" * 20)
    for _ in range(20):
        (found,) = found
    assert found == "x"


def test_billion_laughs() -> None:
    """A text that would grow a billion times is refused before anything grows."""
    laughs = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(TemplateError, match="anchors and aliases") as caught:
        read_yaml("\n".join(laughs), file="f.yaml")
    assert caught.value.line == 1


def test_lines() -> None:
    """Every value has the line of its key, and a place without one has the line of what is around
    it."""
    _, lines = read_yaml("a:\n  b:\n    - x\n    - c: 1\n      d: 2\n\ne: |\n  text\n")
    assert lines.of() == 1
    assert lines.of("a", "b") == 2
    assert lines.of("a", "b", 1) == 4
    assert lines.of("a", "b", 1, "d") == 5
    assert lines.of("e") == 7
    assert lines.of("a", "b", 0, "nowhere", "at all") == 3


LETTERS = st.characters(
    exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff\ufffe\uffff"
)
PLAIN_TEXT = st.text(LETTERS, max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: "." in repr(number))
    | PLAIN_TEXT
)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN_TEXT, inner, max_size=4),
    max_leaves=15,
)


class _Quoting(yaml.SafeDumper):
    """Writes every text in quotes, as a careful person would, and nothing as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_round_trip(value: Any) -> None:
    """What is written with quoted texts is read back as the same plain value."""
    text = yaml.dump(value, Dumper=_Quoting, allow_unicode=True, width=math.inf, sort_keys=False)
    found, _ = read_yaml(text)
    assert repr(found) == repr(value)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("{}[]:,-?!&*#|>'\"%@` \n\tab019._~<", max_size=60))
def test_nothing_but_a_template_error(text: str) -> None:
    """Whatever the text, it is read or refused with a line and a sentence; no other failure comes
    out."""
    refused = TemplateError("none.", line=1)
    try:
        read_yaml(text, file="f.yaml")
    except TemplateError as error:
        refused = error
    assert refused.line >= 1
    assert refused.detail.endswith(".")
