"""Comparing a text with a version of it: what was left out, what changed, which terms it uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from connector.catalogue.stated_values import unstated_numbers, unstated_values
from connector.catalogue.text_folding import fold
from connector.json_types import Json

_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
_UNSPACED = re.compile(r"\S+")
_CLAUSE_END = re.compile(
    r"[.!?;:,()\n\u2013\u2014]|\s-\s|"
    r"\b(?:but|although|though|while|who|which|until|if|aber|obwohl|mais|pero)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|nicht|kein\w{0,2}|nie|"
    r"niemals|ohne|pas|jamais|sans|aucune?|nunca|sin|ning\u00fan|ninguna)\b|n't\b",
    re.IGNORECASE,
)
_CONTENT_WORD = re.compile(r"\w{4,}")
_FUNCTION = (
    "this that with from have been were will would they them their there when what also into"
)
_FUNCTION_WORDS = frozenset([*_FUNCTION.split(), "than", "then"])
_STEM = 6  # letters of a word that are compared
_MAX_CLAUSES = 1_000  # of a text that are compared
_MIN_WORDS = 3  # of a clause that is compared
_SAME_CLAUSE = 0.8  # of its words, which the clause it comes from has too
_LATIN_END = "\u0e00"  # letters from here on stand without spaces between words
_ENDING = r"\w{0,4}"  # that a word may have besides the form in the glossary


def count_words(text: str) -> int:
    return len(_WORD.findall(text))


def left_out(text: str, version: str) -> list[str]:
    """The numbers, dates, names and addresses of ``text`` that ``version`` does not have."""
    return unstated_values(fold(text), fold(version))


def numbers_kept(text: str, version: str) -> bool:
    """Whether both texts state the same numbers and dates, however they are written."""
    text, version = fold(text), fold(version)
    return not unstated_numbers(text, version) and not unstated_numbers(version, text)


def negations_changed(text: str, version: str) -> list[str]:
    """The clauses of ``version`` that deny what ``text`` says in the same words, or the reverse.

    A clause is compared where it has three words or more, of which a clause of the text has four
    fifths; what is said in other words is not found.
    """
    sources = list(map(_read_clause, _clauses(fold(text))))
    changed = []
    for clause in _clauses(fold(version)):
        words, negated = _read_clause(clause)
        least = _SAME_CLAUSE * len(words)
        same = [other for found, other in sources if len(words & found) >= least]
        if len(words) >= _MIN_WORDS and same and negated not in same:
            changed.append(" ".join(clause.split()))
    return changed


def _clauses(text: str) -> list[str]:
    return _CLAUSE_END.split(text)[:_MAX_CLAUSES]


def _read_clause(clause: str) -> tuple[set[str], bool]:
    """The beginnings of its words, and whether it has a negation."""
    words = _CONTENT_WORD.findall(_NEGATION.sub(" ", clause).lower())
    stems = {word[:_STEM] for word in words if word not in _FUNCTION_WORDS}
    return stems, _NEGATION.search(clause) is not None


def missing_terms(version: str, terms: Sequence[str]) -> list[str]:
    """Those of ``terms`` that ``version`` lacks, except for case, white space and typography."""
    flat = comparable_text(version)
    return [term for term in terms if comparable_text(term) not in flat]


def comparable_text(text: str) -> str:
    """``text`` as terms are looked for in it: folded, without case, with single spaces."""
    return " ".join(fold(text).split()).casefold()


def glossary_misses(text: str, version: str, glossary: Sequence[Mapping[str, str]]) -> list[str]:
    """The entries whose ``name`` stands in ``text`` and whose translation not in ``version``.

    The translation is the ``description``; an entry without one keeps its name. Words may have
    other endings than in the glossary.
    """
    text, version = comparable_text(text), comparable_text(version)
    misses = []
    for entry in glossary:
        name = entry["name"]
        translation = entry["description"] or name
        if has_term(text, comparable_text(name)) and not has_term(
            version, comparable_text(translation)
        ):
            misses.append(f"{name} => {translation}")
    return misses


def has_term(text: str, term: str) -> bool:
    """Whether ``text`` has ``term`` with any ending; both are ``comparable_text``."""
    if max(term, default="") >= _LATIN_END:
        return term in text
    words = rf"{_ENDING}\s".join(map(re.escape, term.split()))
    return re.search(rf"(?<!\w){words}{_ENDING}(?!\w)", text) is not None


def text_changes(text: str, version: str) -> list[Json]:
    """Where ``version`` differs from ``text``, in words: ``before``, ``after`` and ``start``.

    A part that was added has no ``before``, and one that was left out no ``after``; ``start`` is
    the place in ``text``, in characters from 0.
    """
    old, new = list(_UNSPACED.finditer(text)), list(_UNSPACED.finditer(version))
    matcher = SequenceMatcher(None, [one[0] for one in old], [one[0] for one in new])
    changes = []
    for kind, first, end, new_first, new_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        before, after = _part(text, old[first:end]), _part(version, new[new_first:new_end])
        start = old[first].start() if first < len(old) else len(text)
        changes.append({"before": before, "after": after, "start": start})
    return changes


def _part(text: str, words: Sequence[re.Match[str]]) -> str | None:
    return text[words[0].start() : words[-1].end()] if words else None
