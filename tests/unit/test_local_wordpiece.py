"""The tokenizer of the embedded engine returns the ids of BERT's own tokenizer."""

from __future__ import annotations

import pytest

from connector.providers.local.model.wordpiece import END, START, pieces, token_ids, vocabulary
from tests.support.guards import cpu_limit

KNOWN = [
    ("", [101, 102]),
    ("hello world", [101, 7592, 2088, 102]),
    ("Stra\xdfe \xc4\xd6\xdc na\xefve caf\xe9", [101, 2358, 27807, 20118, 2226, 15743, 7668, 102]),
    ("\u6771\u4eac\u90fd\u306f\u65e5\u672c", [101, 1879, 1755, 1961, 1672, 1864, 1876, 102]),
    (
        "\u043c\u0430\u043c\u0430 \u043c\u044b\u043b\u0430",
        [101, 1191, 10260, 29745, 10260, 1191, 29113, 29436, 10260, 102],
    ),
    (
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
        [101, 1266, 29799, 29792, 29800, 1259, 29792, 29799, 29800, 102],
    ),
    ("emoji \U0001f600\U0001f44d\U0001f3fd", [101, 7861, 29147, 2072, 100, 102]),
    ("a\x00b\x1cc\x0bd\u200be\ufffdf", [101, 5925, 3207, 2546, 102]),
    ("\u0130stanbul \u0131", [101, 9960, 1104, 102]),
    ("\ufb01ne \xbd \u2122", [101, 1984, 2638, 1092, 1580, 102]),
    (
        ("x" * 101 + " y"),
        [101, 100, 1061, 102],
    ),
    (
        "$5.00+<tag>^`|~",
        [101, 1002, 1019, 1012, 4002, 1009, 1026, 6415, 1028, 1034, 1036, 1064, 1066, 102],
    ),
    ("\u0e44\u0e17\u0e22", [101, 100, 102]),
    ("\ud55c\uad6d\uc5b4", [101, 1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008, 102]),
    ("a\u0301bc e\u0308", [101, 5925, 1041, 102]),
    ("tab\tnew\nline\r\nx", [101, 21628, 2047, 2240, 1060, 102]),
    ("don't e-mail@x.co", [101, 2123, 1005, 1056, 1041, 1011, 5653, 1030, 1060, 1012, 2522, 102]),
    ("\u03a3\u0391\u03a3 \u03c2", [101, 1173, 14608, 29733, 1172, 102]),
    ("unaffordability", [101, 14477, 4246, 8551, 8010, 102]),
]


@pytest.mark.parametrize(("text", "ids"), KNOWN)
def test_ids_are_those_of_bert(text: str, ids: list[int]) -> None:
    """Accents, scripts, control characters, long words and punctuation are cut as the model was
    trained."""
    assert token_ids(text) == ids


def test_the_vocabulary_is_whole() -> None:
    """All 30,522 pieces are there, each under its own number."""
    known = vocabulary()
    assert len(known) == 30_522
    assert (known["[CLS]"], known["[SEP]"], known["hello"]) == (START, END, 7592)


def test_text_is_cut_to_the_limit() -> None:
    """A long text gives exactly as many ids as wanted, marks included."""
    assert len(token_ids("word " * 1000, 64)) == 64
    assert pieces("word", 0) == []


@pytest.mark.parametrize(
    "text",
    [
        "x" * 2_000_000,
        " " * 2_000_000,
        "word " * 400_000,
        "\ud800" * 1_000_000,
        "\u00e9." * 1_000_000,
    ],
)
def test_a_long_text_costs_little(text: str) -> None:
    """Only as much of two megabytes is read as the limit needs."""
    with cpu_limit():
        token_ids(text)
