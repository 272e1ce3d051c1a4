"""Reading what to compute of a table: ``Revenue = sum of amount where status is paid``.

A small language of one line for each metric, read by hand in linear time. Nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_LINE = 400  # characters
_MAX_NAME = 100
FUNCTIONS: Mapping[str, str] = {
    **{"sum": "sum", "total": "sum", "count": "count", "number": "count", "distinct": "distinct"},
    **{"avg": "avg", "average": "avg", "mean": "avg", "median": "median", "share": "share"},
    **{"min": "min", "minimum": "min", "lowest": "min", "smallest": "min"},
    **{"max": "max", "maximum": "max", "highest": "max", "largest": "max"},
}
_ROWS_ALONE = frozenset({"count", "share"})  # these need no column
_TOKEN = re.compile(r'"[^"]*(?:"|\Z)|[=!<>]=?|[():]|[^\s"=!<>():]+|\S')
_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS = {
    ("is", "not", "empty"): "filled",
    ("is", "empty"): "empty",
    ("is", "not"): "!=",
    ("is",): "=",
    ("contains",): "contains",
}
_UNARY = frozenset({"empty", "filled"})


class InvalidMetric(ValueError):
    """The line is no metric; the message is a part of a sentence for people."""


@dataclass(frozen=True)
class Condition:
    """``operator``: one of = != < <= > >= contains empty filled."""

    column: str
    operator: str
    value: str = ""


@dataclass(frozen=True)
class Metric:
    """``function`` of the values of ``column`` ("": of rows) in rows that fulfil all conditions."""

    name: str
    function: str
    column: str = ""
    conditions: tuple[Condition, ...] = ()


def parse_metric(line: str, titles: Sequence[str]) -> Metric:
    """The metric of one line; columns have the spelling of ``titles``.

    ``InvalidMetric`` says what is not understood and what to write.
    """
    if len(line) > MAX_LINE:
        raise InvalidMetric(f"is longer than {MAX_LINE} characters")
    columns = {_folded(title): title for title in titles}
    tokens = _TOKEN.findall(line)
    name, tokens = _divide_name(tokens)
    what, _, condition = _partition(tokens, "where")
    function, column = _aggregate(what, columns)
    conditions = tuple(_condition(one, columns) for one in _split(condition, "and"))
    if tokens and tokens[-1].lower() in {"where", "and"}:
        raise InvalidMetric(f'has no condition after its last "{tokens[-1].lower()}"')
    if function == "share" and not column and not conditions:
        raise InvalidMetric('needs a column or a condition, such as "share where status = paid"')
    return Metric((name or " ".join(line.split()))[:_MAX_NAME], function, column, conditions)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _divide_name(tokens: list[str]) -> tuple[str, list[str]]:
    """The words before the first = or :, if they come before a function, and the rest."""
    for place, token in enumerate(tokens):
        if token in {"=", ":"}:
            name = _text(tokens[:place])
            if not name:
                raise InvalidMetric("has no name before its first sign")
            return name, tokens[place + 1 :]
        if token.lower() == "where":
            break
    return "", tokens


def _partition(tokens: list[str], word: str) -> tuple[list[str], str, list[str]]:
    for place, token in enumerate(tokens):
        if token.lower() == word:
            return tokens[:place], word, tokens[place + 1 :]
    return tokens, "", []


def _split(tokens: list[str], word: str) -> Iterator[list[str]]:
    while tokens:
        first, _, tokens = _partition(tokens, word)
        yield first


def _text(tokens: Sequence[str]) -> str:
    """The words of tokens, without quotation marks."""
    return " ".join(token.strip('"') for token in tokens).strip()


def _aggregate(tokens: list[str], columns: Mapping[str, str]) -> tuple[str, str]:
    function = FUNCTIONS.get(tokens[0].lower(), "") if tokens else ""
    if not function:
        known = ", ".join(dict.fromkeys(FUNCTIONS.values()))
        shown = f'"{tokens[0][:40]}"' if tokens else "nothing"
        raise InvalidMetric(f'has {shown} where one of {known} is needed, as in "sum of amount"')
    rest = tokens[1:]
    if rest and rest[0] == "(" and rest[-1] == ")":
        rest = rest[1:-1]
    elif rest and rest[0].lower() == "of":
        rest = rest[1:]
    named = _text(rest)
    if function in _ROWS_ALONE and _folded(named) in {"", "rows", "*"} - set(columns):
        return function, ""
    if not named:
        raise InvalidMetric(f'needs a column, as in "{tokens[0].lower()} of amount"')
    return function, _column(named, columns)


def _column(name: str, columns: Mapping[str, str]) -> str:
    folded = _folded(name)
    if folded in columns:
        return columns[folded]
    # a title with signs, such as "amount (net)", is written without blanks between its tokens here
    bare = {"".join(key.split()): title for key, title in columns.items()}
    title = bare.get("".join(folded.split()))
    if title is None:
        shown = ", ".join(list(columns.values())[:20])
        raise InvalidMetric(f'names "{name[:60]}", which is no column. They are {shown}')
    return title


def _condition(tokens: list[str], columns: Mapping[str, str]) -> Condition:
    for place in range(1, len(tokens)):
        if tokens[place] in _SIGNS:
            return _comparison(tokens, place, 1, _SIGNS[tokens[place]], columns)
        for words, operator in _WORDS.items():
            end = place + len(words)
            if tuple(token.lower() for token in tokens[place:end]) == words:
                return _comparison(tokens, place, len(words), operator, columns)
    raise InvalidMetric(
        f'has the condition "{_text(tokens)[:60]}", which is not understood. Write a column, one '
        'of = != < <= > >= or contains, and a value, as in "status = paid"'
    )


def _comparison(
    tokens: list[str], place: int, length: int, operator: str, columns: Mapping[str, str]
) -> Condition:
    column = _column(_text(tokens[:place]), columns)
    value = _text(tokens[place + length :])
    if bool(value) is (operator in _UNARY):
        needed = "takes no value" if value else "needs a value"
        raise InvalidMetric(f'has a condition on "{column[:60]}" that {needed}')
    return Condition(column, operator, value)
