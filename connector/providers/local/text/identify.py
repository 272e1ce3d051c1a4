"""Recognising the language of a text: by its script, then by the package py3langid."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from connector.errors import ProviderError
from connector.providers.local.text.language_names import SCRIPTS
from connector.providers.local.text.sentences import sentences

_MISSING = (
    "Languages in these letters are recognised by the package py3langid, which is not installed. "
    'Install it with: pip install "formcall[local]"'
)
_SAMPLE = 20_000  # characters; more of a text says no more about its language
_MIN_LETTERS = {"dense": 2, "other": 12}
_DENSE = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
_SURE = 0.75
_PART_SURE = 0.9
_PART_LETTERS = 25
_MIN_SHARE = 0.05
_NOISE = re.compile(r"https?://\S{1,500}|[\w.+-]{1,64}@[\w.-]{1,255}|\d+")


@dataclass(frozen=True)
class LanguagePart:
    """A stretch of a text in one language."""

    code: str
    start: int
    end: int


def script_of(text: str) -> str:
    """The script of most letters of ``text``; "" without letters. Kana make a text Japanese."""
    counts = Counter(
        unicodedata.name(char, "").partition(" ")[0] for char in text[:_SAMPLE] if char.isalpha()
    )
    if counts["HIRAGANA"] + counts["KATAKANA"] > _MIN_SHARE * counts["CJK"] > 0:
        return "HIRAGANA"
    known = [(count, script) for script, count in counts.items() if script in SCRIPTS]
    return max(known)[1] if known else ""


def identify(text: str) -> tuple[str, float]:
    """The code of the language of ``text`` and how sure it is, 0-1; ("", 0.0) where it is unclear.

    ``ProviderError`` (needs_model) when the package for these letters is missing.
    """
    code, sureness = _best(text)
    return (code, sureness) if sureness >= _SURE else ("", sureness)


def _best(text: str) -> tuple[str, float]:
    text = _NOISE.sub(" ", text[:_SAMPLE])
    script = script_of(text)
    letters = sum(char.isalpha() for char in text)
    if not script or letters < _MIN_LETTERS["dense" if script in _DENSE else "other"]:
        return "", 0.0
    codes = SCRIPTS[script][1]
    if len(codes) == 1:
        return codes[0], 1.0
    ranked = {code: share for code, share in _identifier().rank(text) if code in codes}
    total = sum(ranked.values())
    if not total:
        return "", 0.0
    code = max(ranked, key=lambda one: ranked[one])
    return code, round(float(ranked[code] / total), 4)


def language_parts(text: str) -> list[LanguagePart]:
    """The stretches of ``text`` in one language, where its sentences are in several."""
    parts: list[LanguagePart] = []
    for sentence in sentences(text[: 10 * _SAMPLE], 400):
        if sum(char.isalpha() for char in sentence.raw) < _PART_LETTERS:
            continue
        code, sureness = _best(sentence.raw)
        if sureness < _PART_SURE:
            continue
        if parts and parts[-1].code == code:
            parts[-1] = LanguagePart(code, parts[-1].start, sentence.end)
        else:
            parts.append(LanguagePart(code, sentence.start, sentence.end))
    return parts


@cache
def _identifier() -> Any:
    try:
        langid = import_module("py3langid.langid")  # has no types
    except ImportError:
        raise ProviderError("needs_model", _MISSING) from None
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
