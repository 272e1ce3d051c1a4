"""Usage as servers report it: whatever comes, no count is lost and none is invented."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.providers.base import Usage
from connector.providers.hosted.dialects.usage import read_usage

NAMES = (
    "input_tokens",
    "prompt_tokens",
    "output_tokens",
    "completion_tokens",
    "total_tokens",
)
DETAILS = ("input_tokens_details", "prompt_tokens_details", "output_tokens_details")
COUNTS = st.integers(0, 10**6)
FORMS = st.sampled_from((int, float, str, lambda count: f" {count}.0"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from((*NAMES, *DETAILS)), ANYTHING) | ANYTHING, st.booleans())
def test_anything(raw: Any, has_output: bool) -> None:
    """Whatever a server reports is read without an error; parts are within their sums."""
    reported = read_usage(raw, has_output=has_output)
    usage = reported.usage
    assert min(vars(usage).values()) >= 0
    assert usage.reasoning <= usage.output
    assert reported.missing or usage.cached + usage.cache_write <= usage.input
    assert reported.missing or usage.input > 0
    assert len(reported.missing) < 2 or usage == Usage()


@given(st.tuples(COUNTS, COUNTS, COUNTS), st.tuples(FORMS, FORMS, FORMS), st.booleans())
def test_nothing_is_lost(
    counts: tuple[int, int, int], forms: tuple[Any, Any, Any], chat: bool
) -> None:
    """All tokens of the total are charged, in any form and wherever they were counted."""
    read, written, outside = counts
    first, second, third = forms
    names = ("prompt_tokens", "completion_tokens") if chat else ("input_tokens", "output_tokens")
    total = read + written + outside
    raw = {names[0]: first(read), names[1]: second(written), "total_tokens": third(total)}
    reported = read_usage(raw)
    usage = reported.usage
    if read:
        assert (usage.input, usage.output) == (read, written + outside)
        assert bool(reported.warnings) == bool(outside)
    else:  # no request is empty, so its input is what the total has besides
        assert usage.input + usage.output == total or reported.missing


@given(COUNTS.filter(bool), COUNTS.filter(bool), COUNTS.filter(bool))
def test_parts_outside_of_their_sums(read: int, written: int, part: int) -> None:
    """Reasoning or cached input that is counted beside its sum is added to it where the total says
    so, without a warning."""
    raw = {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written + part,
    }
    reasoning = read_usage({**raw, "completion_tokens_details": {"reasoning_tokens": part}})
    assert (reasoning.usage.input, reasoning.usage.output) == (read, written + part)
    cached = read_usage({**raw, "prompt_tokens_details": {"cached_tokens": part}})
    assert (cached.usage.input, cached.usage.output) == (read + part, written)
    assert not reasoning.warnings and not cached.warnings
