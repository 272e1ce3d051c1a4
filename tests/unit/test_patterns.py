"""No text makes a regular expression of the package take more than linear time."""

from __future__ import annotations

import math
import re

import pytest

from tests.support.package_patterns import package_patterns
from tests.support.regex_pumps import Pattern, Recipe, lowest_cost, superlinear_text

# patterns that are only matched from where a text begins, though not by their own name
MATCHED_ONLY = {
    "connector.catalogue.field_sources._FORMS": "fullmatch of one entry",
    "connector.catalogue.typed_text._GROUPED": "fullmatch of 40 characters at most",
    "connector.providers.hosted.call_forms._TAGGED": "match where the last match ended",
    "connector.providers.hosted.call_forms._NAMED_TAG": "match where the last match ended",
}


@pytest.fixture(scope="module")
def patterns() -> list[Pattern]:
    return package_patterns(MATCHED_ONLY)


@pytest.mark.attack(
    "A text on which a regular expression takes exponential or quadratic time",
    "every pattern of the package is pumped in the tests and must take linear time",
)
@pytest.mark.slow
def test_the_patterns_of_the_package_take_linear_time(patterns: list[Pattern]) -> None:
    """Four times the text takes about four times as long, for every text made to prevent that."""
    tried: dict[tuple[object, int, bool], str] = {}
    slow = {}
    for pattern in patterns:
        key = (pattern.compiled.pattern, pattern.compiled.flags, pattern.is_anchored)
        if key in tried:
            continue
        tried[key] = pattern.place
        if text := superlinear_text(pattern):
            slow[pattern.place] = text
    assert len(tried) > 300
    assert not slow


@pytest.mark.parametrize(
    "source",
    [
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"\s*(?:<!--.*?-->\s*)*<(?:html|body)\b",
        r"\s*[-\u2013]\s*",
        r"(?<=\w)-\s*\n\s*(?=\w)",
        r"[ \t]+\n",
        r"<[^>]*>",
        r"<(a|b)>(.*?)</\1>",
        r"(\d+(?:\.\d+)?)\s*(ms|s)",
    ],
)
def test_the_texts_reach_what_makes_a_pattern_explode(source: str) -> None:
    """Each of these has taken the service down, or is of the same kind: the search shows it."""
    assert superlinear_text(Pattern("sample", re.compile(source, re.DOTALL)))


def test_a_match_that_does_not_end_is_stopped() -> None:
    """An exponential pattern costs the test its limit of CPU time, and no more."""
    pattern = Pattern("sample", re.compile(r"(?:a|a)*b"), is_anchored=True)
    recipe = Recipe(("a",))
    assert lowest_cost(pattern, recipe, 60) == math.inf
