"""Texts are compared as people read them, and each span leads back to the source."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue.text_folding import FoldedText, comparable, fold

SAME = [
    ("O’Neill’s", "O'Neill's"),
    ("“Yes”", '"yes"'),
    ("A–12—B−3", "a-12-b-3"),
    ("of\u00adfice", "office"),
    ("ﬁne ﬂow", "fine flow"),
    ("cafe\u0301", "caf\u00e9"),
    ("caf\uff45\u0301", "caf\u00e9"),
    ("cafe\u200b\u0301", "caf\u00e9"),
    ("１２３ＡＢＣ", "123abc"),
    ("\u0661\u0662\u066b\u0665", "12.5"),
    ("\u0967\u0968", "12"),
    ("1\u202f234\u00a0EUR", "1 234 eur"),
    ("\u2714\ufe0f ok", "\u2714 ok"),
    ("Straße", "STRASSE"),
]
DIFFERENT = [("10²", "102"), ("½", "12"), ("a b", "ab"), ("о", "o"), ("x-y", "xy")]
TEXTS = st.text(
    st.sampled_from("aB1 \n'’“ﬁ\u00ad\u0301\u0308٥１\ufe0f²½日\U0001f44d")
    | st.characters(codec="utf-8")
)


@pytest.mark.parametrize(("first", "second"), SAME, ids=ascii)
def test_same(first: str, second: str) -> None:
    """Typography, case and the width of spaces make no difference."""
    assert comparable(first) == comparable(second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT, ids=ascii)
def test_different(first: str, second: str) -> None:
    """What changes the meaning stays: exponents, fractions, letters of another alphabet."""
    assert comparable(first) != comparable(second)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(0, 40), st.integers(1, 20))
def test_spans_lead_back(source: str, start: int, length: int) -> None:
    """A span of the folded text is a span of the source that folds to text around it."""
    folded = FoldedText(source)
    assert folded.text == fold(source)
    end = min(start + length, len(folded.text))
    if start >= end:
        return
    low, high = folded.source_span(start, end)
    assert 0 <= low < high <= len(source)
    assert folded.text[start:end] in fold(source[low:high])


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ae\u200b\u0301\ufe0f\uff45\ufb01\u00ad\u0308`’")) | TEXTS)
def test_folding_once_is_enough(source: str) -> None:
    """Folding a folded text changes nothing, and ASCII without a backtick is never changed."""
    once = fold(source)
    assert fold(once) == once
    plain = source.encode("ascii", "ignore").decode().replace("`", "")
    assert fold(plain) == plain
