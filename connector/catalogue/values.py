"""Reading what a form sends: the same value may arrive as JSON, as text, as lines or not at all.

Low-code tools send numbers as text, empty boxes as ``""`` or null, check boxes as ``1`` or ``"true"``, and lists as an array,
as lines, as a comma list or as JSON inside a text. Each reader takes any of these, gives one clean value, or raises a
``Fault`` that says what to type instead.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}
_DIVIDERS = re.compile("[(),]")
_NEXT_NAMED = re.compile(r",(?=[^,:\n]{1,60}:(?:\s|$))")
_BULLET = re.compile(r"(?:[-*•]|\d{1,3}[.)])\s+")
_QUOTED = 60
_LONGEST_NUMBER = 400
_LARGEST = 10**300  # beyond it a number has no decimal form worth showing
MAX_ENTRIES = 10_000  # of any list, so that the work on one is bounded whatever its own limit says


class Fault(ValueError):
    """One thing wrong with one value: a stable code and a sentence without the field's name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Choice:
    """One of a fixed set: the ``value`` on the wire and the ``label`` a person sees."""

    value: str
    label: str


def is_absent(value: Any) -> bool:
    """Null, "", blank text and an empty list mean that the box was left empty."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def clean(text: str) -> str:
    """``text`` without what no encoding can carry: NUL and lone surrogates become U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text  # nearly every name and many texts, and twenty times as fast
    return _UNUSABLE.sub("\ufffd", text)


def shown(value: Any) -> str:
    """A short quotation of ``value`` for a sentence."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = "…"
    text = " ".join(clean(text).split())
    return f'"{text[:_QUOTED]}…"' if len(text) > _QUOTED else f'"{text}"'


def nearest(word: str, known: Iterable[str]) -> str:
    """`` Did you mean "…"?`` when one of ``known`` is close to ``word``, else nothing."""
    close = difflib.get_close_matches(word[:100], list(known), 1)
    return f' Did you mean "{close[0]}"?' if close else ""


def is_number(value: Any) -> bool:
    """A number that can be written out: not true or false, not NaN or infinite, not of hundreds of digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def read_text(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if is_number(value):
        return str(value)
    raise Fault("wrong_type", f"takes text, not {_kind(value)}.")


def read_number(value: Any) -> float:
    return float(_number(value))


def read_integer(value: Any) -> int:
    number = _number(value)
    if int(number) != number:
        raise Fault("wrong_type", f"takes a whole number, not {shown(value)}.")
    return int(number)


def _number(value: Any) -> int | float:
    number = value
    if isinstance(value, str):
        text = value.strip().replace("\u2212", "-")
        if not _NUMBER.fullmatch(text):
            raise Fault("wrong_type", f"takes a number such as 12 or 0.5, not {shown(value)}.")
        number = float(text) if "." in text or len(text) > _LONGEST_NUMBER else int(text)
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number:  # noqa: PLR0124  NaN
        raise Fault("wrong_type", f"takes a number such as 12 or 0.5, not {shown(value)}.")
    if not is_number(number):
        raise Fault("out_of_range", "is a number too large to use; give one of fewer digits.")
    return number


def read_boolean(value: Any) -> bool:
    text = str(value).strip().lower() if isinstance(value, str | bool) or is_number(value) else ""
    if text in _TRUE | _FALSE | {"1.0", "0.0"}:
        return text in _TRUE or text == "1.0"
    raise Fault("wrong_type", f"takes true or false, not {shown(value)}.")


def read_choice(value: Any, choices: Sequence[Choice]) -> str:
    wanted = _folded(read_text(value))
    for choice in choices:
        if wanted in {_folded(choice.value), _folded(choice.label)}:
            return choice.value
    known = ", ".join(choice.value for choice in choices)
    raise Fault("not_a_choice", f"takes one of {known}; not {shown(value)}.")


def read_list(value: Any, *, commas: bool = True) -> list[Any]:
    """The entries of a list in any of its forms; empty ones are left out.

    ``commas``: a single line is split at its commas, or before each `name:` when it has descriptions. A list given as text that
    is JSON is read as JSON.
    """
    if isinstance(value, str):
        value = _listed(clean(value), commas)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list | tuple):
        raise Fault("wrong_type", f"takes a list, one entry a line; not {_kind(value)}.")
    found = [entry for entry in value if not is_absent(entry)]
    if len(found) > MAX_ENTRIES:
        raise Fault("too_many", f"takes at most {MAX_ENTRIES:,} entries; there are {len(found):,}.")
    return found


def read_lines(value: Any) -> list[str]:
    """A list of texts; each entry is trimmed."""
    return [read_text(entry).strip() for entry in read_list(value)]


def read_choices(value: Any, choices: Sequence[Choice]) -> list[str]:
    """A list of fixed choices, each at most once."""
    found = [read_choice(entry, choices) for entry in read_list(value)]
    return list(dict.fromkeys(found))


def read_options(value: Any) -> list[dict[str, str]]:
    """Options the caller made up, as ``{"name", "description"}``: lines ``name: description``, a list or an object."""
    if (parsed := _json(value, "{")) is not None:
        value = parsed
    if isinstance(value, dict) and not _is_option(value):
        value = [{"name": name, "description": text} for name, text in value.items()]
    found = [_option(entry) for entry in read_list(value)]
    refuse_twice([option["name"] for option in found])
    return found


def read_pairs(value: Any, names: Sequence[str]) -> list[dict[str, str]]:
    """Worked examples, ``text => choice`` one a line, as ``{"text", "choice"}``; each choice must be one of ``names``."""
    by_name = {_folded(name): name for name in names}
    found = []
    for number, entry in enumerate(read_list(value, commas=False), 1):
        text, arrow, choice = _pair(entry)
        if not arrow or not text or not choice:
            raise Fault("bad_line", f"entry {number} is not `text => choice`: {shown(entry)}.")
        if _folded(choice) not in by_name:
            hint = nearest(choice, names)
            raise Fault("not_a_choice", f"entry {number}: {shown(choice)} is not one of your choices.{hint}")
        found.append({"text": text, "choice": by_name[_folded(choice)]})
    return found


def refuse_twice(names: Sequence[str]) -> None:
    """``Fault`` when two names are the same but for case and space."""
    seen: set[str] = set()
    for name in names:
        if _folded(name) in seen:
            raise Fault("duplicate", f"has {shown(name)} twice; each name may stand once.")
        seen.add(_folded(name))


def find_choice(text: str, names: Sequence[str]) -> str | None:
    """The one of ``names`` that ``text`` is, but for case, space and punctuation at its ends; never a part of one."""
    if text in names:
        return text
    wanted = _bare(text)
    matches = [name for name in names if _bare(name) == wanted] if wanted else []
    return matches[0] if len(matches) == 1 else None


def _bare(text: str) -> str:
    return _folded(text).strip(" .,:;!\"'`*")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "this kind of value")


def _json(value: Any, start: str) -> Any:
    """``value`` parsed when it is a text that holds JSON and begins with one of ``start``, else None."""
    if isinstance(value, str) and value.lstrip()[:1] in set(start):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return None


def _listed(text: str, commas: bool) -> list[Any]:
    parsed = _json(text, "[")
    if isinstance(parsed, list):
        return parsed
    lines = [_BULLET.sub("", line.strip(), count=1) if _BULLET.match(line.strip()) else line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if commas and len(lines) == 1:
        # with descriptions only a comma before the next `name:` divides, so that a description may have commas
        return [part.strip() for part in (_NEXT_NAMED.split(lines[0]) if ":" in text else _at_commas(lines[0]))]
    return lines


def _at_commas(line: str) -> list[str]:
    """``line`` divided at its commas, but not at those in brackets, as in ``choice(a, b)``."""
    if "(" not in line:
        return line.split(",")
    parts, start, depth = [], 0, 0
    for match in _DIVIDERS.finditer(line):
        depth = max(depth + {"(": 1, ")": -1}.get(match[0], 0), 0)
        if match[0] == "," and not depth:
            parts.append(line[start : match.start()])
            start = match.end()
    return [*parts, line[start:]]


def _is_option(value: dict[str, Any]) -> bool:
    return "name" in value and set(value) <= {"name", "description"}


def _option(entry: Any) -> dict[str, str]:
    if isinstance(entry, dict):
        if not _is_option(entry) or is_absent(entry["name"]):
            raise Fault("bad_line", f"has an entry that is not `name: description`: {shown(entry)}.")
        name, description = entry["name"], entry.get("description")
    else:
        name, _, description = read_text(entry).strip().partition(":")
    name, description = " ".join(read_text(name).split()), "" if is_absent(description) else read_text(description)
    if not name:
        raise Fault("bad_line", f"has an entry without a name: {shown(entry)}.")
    return {"name": name, "description": " ".join(description.split())}


def _pair(entry: Any) -> tuple[str, str, str]:
    if isinstance(entry, dict) and {"text", "choice"} == set(entry):
        return read_text(entry["text"]).strip(), "=>", read_text(entry["choice"]).strip()
    text, arrow, choice = read_text(entry).rpartition("=>")
    return text.strip(), arrow, choice.strip()
