"""Dividing the text of a list into its entries: lines, or one line with dividers.

Lines come first. A single line is divided at the one divider that it has: commas, semicolons,
bars or tabs. Quotation marks keep an entry together, as in CSV, and so do brackets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connector.catalogue.values import InvalidValue, quoted

LIST_DIVIDERS = (",", ";", "|", "\t")
FIELD_DIVIDERS = (",", ";")  # a bar stands between the choices of a field

_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*•·–]|\d{1,3}[.)])\s+")
_MARKS = 2
_MAX_CUTS = 10_000  # in one line; the largest list of a form takes 500 entries
_QUOTED = r'"(?:[^"]|"")*"|“[^“”]*”|„[^“”„]*[“”]|«[^«»]*»'
_QUOTED_START = re.compile(rf"({_QUOTED})\s*")
_QUOTED_ENTRY = re.compile(rf"[ ]{{0,9}}(?:{_QUOTED})")
_QUOTE_MARK = re.compile('[ ]{0,9}"')
# what can end an entry, or keeps a divider inside one
_TOKEN = re.compile("[(),;|\t（），；、｜]")
_PLAIN = str.maketrans({"，": ",", "、": ",", "；": ";", "｜": "|", "（": "(", "）": ")"})
_NAME_AHEAD = re.compile(rf" ?(?:{_QUOTED}|[^,;|:\t：，；、｜\n]{{1,60}})(?::(?=\s|$)|：)")
# a colon that ends a name: not the one of a time (9:00), an address (https://) or a ratio
_COLON = re.compile(r"[(（)）]|(?<!\d)[:：](?!//)|[:：](?!\d|//)")
# an escaped line break, in a text without paths such as C:\new
_ESCAPED_BREAK = re.compile(r"(?:\\r)?\\n")


def split_entries(text: str, dividers: Sequence[str] = LIST_DIVIDERS) -> list[str]:
    """The entries of the text of a list, without empty ones.

    ``dividers`` are tried for a single line; none: a line is one entry. ``InvalidValue`` when a
    line can be divided in two ways.
    """
    lines = [line for line in map(_strip_bullet, _lines(text)) if line]
    if len(lines) != 1:
        return _without_line_ends(lines)
    entries = [entry for entry in map(str.strip, _split_line(lines[0], dividers)) if entry]
    return _unwrap_all(_without_markers(entries))


def _without_markers(entries: list[str]) -> list[str]:
    """`1) a, 2) b` without its numbers: that of the first entry was a bullet of the line."""
    rest = list(map(_strip_bullet, entries[1:]))
    is_marked = all(len(bare) < len(entry) for bare, entry in zip(rest, entries[1:], strict=True))
    return [*entries[:1], *rest] if is_marked else entries


def _unwrap_all(entries: list[str]) -> list[str]:
    """The entries without single quotation marks, if every one of them is in such marks."""
    for mark in "'`":
        ends = [(entry.startswith(mark), entry.endswith(mark)) for entry in entries]
        if entries and all(
            ends[at] == (True, True) and len(one) > _MARKS for at, one in enumerate(entries)
        ):
            return [entry[1:-1] for entry in entries]
        if (True, False) in ends and (False, True) in ends:
            raise InvalidValue(
                "bad_line",
                f"has a divider inside single quotation marks: {quoted(entries[0])}. Use double "
                "ones, or write one entry a line.",
            )
    return entries


def split_description(entry: str) -> tuple[str, str]:
    """(name, description) of an entry `name: description`, or (entry, "").

    The name may be in quotation marks. The colon of a time or an address divides nothing.
    """
    if match := _QUOTED_START.match(entry):
        rest = entry[match.end() :]
        if not rest or rest[0] in ":：":
            return unquote(match[1]), rest[1:].strip()
    colon = _find_colon(entry)
    return (entry, "") if colon < 0 else (entry[:colon], entry[colon + 1 :])


def unquote(entry: str) -> str:
    """``entry`` without the quotation marks around all of it."""
    match = _QUOTED_START.fullmatch(entry)
    if not match:
        return entry
    inner = match[1][1:-1]
    return inner.replace('""', '"') if match[1].startswith('"') else inner


def _find_colon(entry: str) -> int:
    """The offset of the first colon outside brackets that ends a name, or -1.

    A bracket that is never closed does not count as one.
    """
    depth = 0
    inner = -1
    for match in _COLON.finditer(entry):
        if match[0] in "(（":
            depth += 1
        elif match[0] in ")）":
            depth = max(depth - 1, 0)
        elif not depth:
            return match.start()
        elif inner < 0:
            inner = match.start()
    return inner if depth else -1


def _lines(text: str) -> list[str]:
    """The lines of ``text``; `<br>` and an escaped line break count where there is no real one."""
    lines = text.strip().splitlines()
    if len(lines) > 1:
        return lines
    if "<" in text:
        text = _LINE_BREAK.sub("\n", text)
    if "\\n" in text and "\\" not in _ESCAPED_BREAK.sub("", text):
        text = _ESCAPED_BREAK.sub("\n", text)
    return text.splitlines()


def _strip_bullet(line: str) -> str:
    """``line`` without white space at its ends and a list marker at its start."""
    line = line.strip()
    marker = _BULLET.match(line)
    return line[marker.end() :] if marker else line


def _without_line_ends(lines: list[str]) -> list[str]:
    """``lines`` without the comma or semicolon at their ends, if all but the last have it."""
    for end in ",;，；":
        if all(line.endswith(end) for line in lines[:-1]):
            return [line.removesuffix(end).rstrip() for line in lines]
    return lines


def _split_line(line: str, dividers: Sequence[str]) -> list[str]:
    if not dividers:
        return [line]
    cuts = [(at, char) for at, char in _cuts(line) if char in dividers]
    colon = _find_colon(line)
    if colon >= 0:
        # behind the first name with a description, only a divider before `name:` divides
        return _split_at(
            line, [at for at, _ in cuts if at < colon or _NAME_AHEAD.match(line, at + 1)]
        )
    used = list(dict.fromkeys(char for _, char in cuts))
    if len(used) > 1:
        names = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
        kinds = " and ".join(names[char] for char in used[:2])
        raise InvalidValue(
            "bad_line",
            f"can be divided in two ways, at its {kinds}: {quoted(line)}. Write one entry a line.",
        )
    return _split_at(line, [at for at, _ in cuts])


def _split_at(line: str, offsets: Sequence[int]) -> list[str]:
    starts = [0, *(at + 1 for at in offsets)]
    return [line[start:end] for start, end in zip(starts, [*offsets, len(line)], strict=True)]


def _cuts(line: str) -> list[tuple[int, str]]:
    """(offset, divider) of each divider outside brackets and quotation marks.

    A quotation mark opens only at the start of an entry, as in CSV.
    """
    cuts: list[tuple[int, str]] = []
    depth = 0
    start = _after_quoted(line, 0)
    while match := _TOKEN.search(line, start):
        start = match.end()
        char = match[0].translate(_PLAIN)
        if char in "()":
            depth = max(depth + (1 if char == "(" else -1), 0)
        elif not depth:
            cuts.append((match.start(), char))
            if len(cuts) > _MAX_CUTS:
                raise InvalidValue("too_many", f"has more than {_MAX_CUTS:,} entries.")
            start = _after_quoted(line, start)
    return cuts


def _after_quoted(line: str, start: int) -> int:
    """The end of the quoted name with which the entry at ``start`` begins, else ``start``."""
    if match := _QUOTED_ENTRY.match(line, start):
        return match.end()
    if _QUOTE_MARK.match(line, start):
        raise InvalidValue(
            "bad_line",
            f"has a quotation mark that is not closed: {quoted(line[start : start + 100])}.",
        )
    return start
