"""Reads the tokens that a call used, in any form in which a server reports them.

Counts come under the names of either dialect, as whole or decimal numbers or as text, and some
servers count reasoning or cached input outside the sums they belong to. Whatever can be read
without a guess is read; a count that is missing is named, so that the call can be charged at its
maximum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from connector.json_types import Json
from connector.providers.base import Usage
from connector.providers.hosted.dialects.reading import as_dict

_MAX_TOKENS = 10**9  # a larger count is an error, and would distort every sum
_WHOLE_NUMBER = re.compile(r"\s*[0-9]{1,10}(\.0+)?\s*", re.ASCII)
_RESPONSES_NAMES = (
    "input_tokens",
    "output_tokens",
    "input_tokens_details",
    "output_tokens_details",
)
_CHAT_NAMES = (
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
)
_INPUT_NAMES = ("input_tokens", "prompt_tokens")
_OUTPUT_NAMES = ("output_tokens", "completion_tokens")
_INPUT_DETAILS = ("input_tokens_details", "prompt_tokens_details")
_OUTPUT_DETAILS = ("output_tokens_details", "completion_tokens_details")
_UNEXPLAINED = (
    "The provider's total is {} tokens more than its parts; they were counted as output, the most "
    "expensive kind."
)
_CONTRADICTORY = (
    "The provider reports more reasoning than output, within the same total; the reasoning was "
    "counted as well."
)


@dataclass(frozen=True)
class ReportedUsage:
    """``usage`` as reported; ``missing`` names the counts (input, output) that were not.

    ``warnings`` say what in the report is contradictory and how it was read.
    """

    usage: Usage
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_usage(raw: Any, *, has_output: bool = False) -> ReportedUsage:
    """The usage in ``raw``; ``has_output``: the reply has content, so it cannot have used none."""
    counts = as_dict(raw)
    documented = _read_documented(counts)
    if documented and (documented.output or not has_output):
        return ReportedUsage(documented)
    total = _count(counts.get("total_tokens"))
    # no request is empty, so 0 means that the server does not count
    read, written = _derive_from_total(
        _largest(counts, _INPUT_NAMES) or None,
        _largest(counts, _OUTPUT_NAMES) or (None if has_output else _zero(counts)),
        total,
    )
    usage = Usage(
        input=read or 0,
        cached=_detail(counts, _INPUT_DETAILS, "cached_tokens"),
        cache_write=_detail(counts, _INPUT_DETAILS, "cache_write_tokens"),
        output=written or 0,
        reasoning=_detail(counts, _OUTPUT_DETAILS, "reasoning_tokens"),
    )
    missing = tuple(name for name, count in (("input", read), ("output", written)) if count is None)
    if missing:
        known_parts = replace(usage, reasoning=min(usage.reasoning, usage.output))
        return ReportedUsage(known_parts if len(missing) == 1 else Usage(), missing)
    return _include_parts(usage, total)


def _read_documented(counts: Json) -> Usage | None:
    """The usage of a report as the API documents it, which most are; None for any other."""
    names = _RESPONSES_NAMES if "input_tokens" in counts else _CHAT_NAMES
    input_name, output_name, input_details, output_details = names
    inside = as_dict(counts.get(input_details))
    usage = Usage(
        counts.get(input_name, 0),
        inside.get("cached_tokens", 0),
        inside.get("cache_write_tokens", 0),
        counts.get(output_name, 0),
        as_dict(counts.get(output_details)).get("reasoning_tokens", 0),
    )
    read, cached, written, output, reasoning = vars(usage).values()
    for count in (read, cached, written, output, reasoning):
        if type(count) is not int or count < 0:
            return None
    is_sound = 0 < read <= _MAX_TOKENS and output <= _MAX_TOKENS
    is_whole = reasoning <= output and cached + written <= read
    is_confirmed = counts.get("total_tokens") == read + output
    return usage if is_sound and is_whole and is_confirmed else None


def _include_parts(usage: Usage, total: int | None) -> ReportedUsage:
    """``usage`` with what the server counted outside of its input or output."""
    in_cache = usage.cached + usage.cache_write
    excess = max((total or 0) - usage.input - usage.output, 0)
    warnings: tuple[str, ...] = ()
    if excess:
        if excess == in_cache and excess != usage.reasoning:
            usage = replace(usage, input=usage.input + excess)
        else:
            usage = replace(usage, output=usage.output + excess)
        if excess not in {in_cache, usage.reasoning}:
            warnings = (_UNEXPLAINED.format(f"{excess:,}"),)
    if usage.reasoning > usage.output:
        if total:
            warnings = (_CONTRADICTORY,)
        usage = replace(usage, output=usage.output + usage.reasoning)
    if in_cache > usage.input:
        usage = replace(usage, input=usage.input + in_cache)
    return ReportedUsage(usage, (), warnings)


def _derive_from_total(
    read: int | None, written: int | None, total: int | None
) -> tuple[int | None, int | None]:
    """(input, output), one of which is the rest of the total where only the other is reported."""
    if written is None and read is not None and total is not None and total > read:
        return read, total - read
    if read is None and written is not None and total is not None and total > written:
        return total - written, written
    return read, written


def _zero(counts: Json) -> int | None:
    """0 when an output of 0 is reported, else None."""
    return _largest(counts, _OUTPUT_NAMES)


def _largest(counts: Json, names: Iterable[str]) -> int | None:
    """The largest count under ``names``: gateways send those of the other dialect as 0."""
    found = [count for name in names if (count := _count(counts.get(name))) is not None]
    return max(found, default=None)


def _detail(counts: Json, groups: Iterable[str], name: str) -> int:
    return max(_count(as_dict(counts.get(group)).get(name)) or 0 for group in groups)


def _count(value: Any) -> int | None:
    """A number of tokens; None for anything else."""
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= _MAX_TOKENS or value != int(value):  # NaN is in no range
        return None
    return int(value)
