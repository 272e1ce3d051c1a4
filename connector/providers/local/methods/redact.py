"""Replacing personal data in a text by labels, masks or pseudonyms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connector.errors import FieldError, InvalidInput
from connector.providers.local.text.personal_data import (
    CERTAIN,
    FINDERS,
    Found,
    find_personal_data,
    without_overlaps,
)
from connector.providers.local.text.sealed import MIN_SECRET, pseudonym, seal

# the word in a placeholder
LABELS = {
    "names": "PERSON",
    "emails": "EMAIL",
    "phones": "PHONE",
    "addresses": "ADDRESS",
    "birthdates": "BIRTH_DATE",
    "cards": "CARD",
    "ibans": "IBAN",
    "ids": "ID",
    "ips": "IP",
    "secrets": "SECRET",
    "urls": "URL",
}
_USUAL = tuple(kind for kind in FINDERS if kind != "urls")
_SHOWN_END = {"cards", "ibans", "phones"}  # a mask leaves the last characters of these
_END = 4
_LABEL_LENGTH = 30
_NAMES_ARE_PART = (
    "Names were looked for by rules: one that is rare, and that no title or phrase introduces, may "
    'be left. Put names that must not be left under "Also replace".'
)

Replace = Callable[[Found, str], str]


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``text_out``, ``spans``, ``count`` and ``token`` of the form's ``values``."""
    text, mode = str(values["text"]), str(values.get("mode") or "label")
    secret = _secret(values, mode)
    kinds = values.get("kinds") or _USUAL
    own, labels = _own_values(text, values.get("also") or ())
    found = [*own, *find_personal_data(text, kinds, str(values.get("region") or ""))]
    kept = {_folded(one) for one in values.get("keep") or ()}
    spans = [
        span for span in without_overlaps(found) if _folded(text[span.start : span.end]) not in kept
    ]
    originals: dict[str, str] = {}
    replace = _replacer(mode, text, labels, secret, originals)
    text_out, rows = _replaced(text, spans, replace)
    counts = Counter(row["kind"] for row in rows)
    result = {
        "text_out": text_out,
        "spans": rows,
        "count": len(rows),
        "kinds_found": [f"{kind}: {number}" for kind, number in counts.items()],
        "token": seal(originals, secret) if mode == "token" else None,
    }
    return result, (_NAMES_ARE_PART,) if "names" in kinds else ()


def _secret(values: Mapping[str, Any], mode: str) -> str:
    secret = str(values.get("secret") or "").strip()
    if mode in {"hash", "token"} and len(secret) < MIN_SECRET:
        raise InvalidInput(
            [
                FieldError(
                    "secret",
                    "missing" if not secret else "too_short",
                    f'"Secret" is needed for this mode, with at least {MIN_SECRET} characters: '
                    "words of your own that nobody else knows, the same each time.",
                )
            ]
        )
    return secret


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _replaced(
    text: str, spans: Sequence[Found], replace: Replace
) -> tuple[str, list[dict[str, Any]]]:
    parts: list[str] = []
    rows = []
    last = 0
    for span in spans:
        value = text[span.start : span.end]
        replacement = replace(span, value)
        parts += [text[last : span.start], replacement]
        rows.append(
            {
                "kind": span.kind,
                "start": span.start,
                "end": span.end,
                "replacement": None if replace is _mask else replacement,
                "sureness": span.confidence,
            }
        )
        last = span.end
    return "".join([*parts, text[last:]]), rows


# --- what a value becomes -------------------------------------------------------------------------


def _replacer(
    mode: str, text: str, labels: Mapping[str, str], secret: str, originals: dict[str, str]
) -> Replace:
    """``originals`` receives the value of each placeholder."""
    if mode == "mask":
        return _mask
    names: dict[tuple[str, str], str] = {}
    numbers: Counter[str] = Counter()

    def label(span: Found, value: str) -> str:
        word = labels.get(span.kind) or LABELS[span.kind]
        # a token gives each spelling back; otherwise spellings of one value are one
        key = (word, value if mode == "token" else _folded(value))
        if key not in names:
            names[key] = _new_placeholder(word, key[1])
            originals[names[key]] = value
        return names[key]

    def _new_placeholder(word: str, value: str) -> str:
        if mode != "label":
            digits = pseudonym(word, value, secret)
            while f"[{word}_{digits}]" in originals:
                digits += "0"
            return f"[{word}_{digits}]"
        numbers[word] += 1
        while f"[{word}_{numbers[word]}]" in text:
            numbers[word] += 1
        return f"[{word}_{numbers[word]}]"

    return label


def _mask(span: Found, value: str) -> str:
    """Stars for letters and digits; the last four of a card, an account or a phone number stay."""
    shown = _END if span.kind in _SHOWN_END else 0
    hidden = sum(map(str.isalnum, value)) - shown
    masked = []
    for char in value:
        is_hidden = char.isalnum() and hidden > 0
        hidden -= char.isalnum()
        masked.append("*" if is_hidden else char)
    return "".join(masked)


# --- the caller's own words and patterns ----------------------------------------------------------


def _own_values(text: str, lines: Sequence[str]) -> tuple[list[Found], dict[str, str]]:
    """What the caller's lines name in ``text``, and the label of each kind."""
    labels: dict[str, str] = {}
    found: list[Found] = []
    for line in lines:
        name, divider, pattern = line.partition("=")
        kind = name.strip() if divider and pattern.strip() else "other"
        wanted = (pattern if kind != "other" else line).strip()
        if not wanted:
            continue
        labels[kind] = _label(kind)
        found += [
            Found(kind, match.start(), match.end(), CERTAIN)
            for match in _pattern(wanted, has_signs=kind != "other").finditer(text)
        ]
    return found, labels


def _label(name: str) -> str:
    word = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")[:_LABEL_LENGTH]
    return word if word[:1].isalpha() else "OTHER"


def _pattern(wanted: str, *, has_signs: bool) -> re.Pattern[str]:
    """``wanted`` in any case; with signs, # is any digit and ? any letter."""
    return re.compile("".join(_parts(wanted, has_signs)), re.IGNORECASE)


def _parts(wanted: str, has_signs: bool) -> Iterator[str]:
    if wanted[0].isalnum() or has_signs:
        yield r"(?<!\w)"
    for char in wanted:
        signs = {"#": r"\d", "?": r"[^\W\d_]"} if has_signs else {}
        yield signs.get(char) or (r"\s" if char.isspace() else re.escape(char))
    if wanted[-1].isalnum() or has_signs:
        yield r"(?!\w)"
