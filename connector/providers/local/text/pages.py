"""Documents by pages: sentences that answer a question or tell what is in them, each with its page; chosen, never written."""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ...catalogue.files import Files, Page
from .answer import READ, best
from .embed import Encoder
from .sentences import Sentence, sentences
from .summarize import pick

_WORD = re.compile(r"\w{2,30}")
_STEM = 5  # words that begin alike count as one: order, orders, ordered
_TITLE_WORDS = 8
_NOTHING = "The documents do not say."
_PROJECTED = re.compile(
    r"\b(?:will|would|expect\w*|forecast\w*|project(?:ed|s|ion\w*)|plan(?:s|ned)|anticipat\w*|estimat\w*|by 20[2-9]\d|likely|outlook|"
    r"wird|werden|voraussichtlich|erwartet|geplant|prévoi\w*|devrait|prevé|espera)\b",
    re.IGNORECASE,
)


def quotes(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``answer``, ``found`` and ``quotes`` (each with its file and page) to ``values["question"]`` from the form's files."""
    question = str(values.get("question") or "")
    pool = list(_telling(_files(values), question))
    told = best(question, [sentence for sentence, _ in pool], encoder)
    pages = {id(sentence): page for sentence, page in pool}
    cited = [{"quote": one.raw, "file": pages[id(one)].file, "page": pages[id(one)].number} for one in told]
    return {"answer": " ".join(one.text for one in told).strip() or _NOTHING, "found": bool(told), "quotes": cited}


def findings(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``findings``: the sentences of the form's document that tell most about ``values["task"]``, with their pages."""
    task, count = str(values.get("task") or ""), int(values.get("count") or 10)
    pool = list(_telling(_files(values), task))
    pages = {id(sentence): page for sentence, page in pool}
    chosen = pick([sentence for sentence, _ in pool], count, task, encoder)
    return {"findings": [_finding(one, pages[id(one)]) for one in chosen]}


def _files(values: Mapping[str, Any]) -> Files:
    return next((value for value in values.values() if isinstance(value, Files)), Files(()))


def _finding(sentence: Sentence, page: Page) -> dict[str, Any]:
    words = sentence.text.split()
    return {
        "title": " ".join(words[:_TITLE_WORDS]) + ("…" if len(words) > _TITLE_WORDS else ""),
        "detail": sentence.text,
        "basis": "projected" if _PROJECTED.search(sentence.text) else "stated",
        "quote": sentence.raw,
        "page": page.number,
    }


def _telling(files: Files, question: str) -> Iterator[tuple[Sentence, Page]]:
    """The sentences that share the rarest words with ``question``, of all pages, in their order; linear in the text.

    When none shares any, the first of the pages stand for all.
    """
    asked = {word[:_STEM] for word in _WORD.findall(question.casefold())}
    found: list[tuple[Sentence, Page, frozenset[str]]] = []
    spread: Counter[str] = Counter()
    for page in files.pages:
        for sentence in sentences(page.text):
            shared = frozenset(asked.intersection(word[:_STEM] for word in _WORD.findall(sentence.raw.casefold())))
            spread.update(shared)
            found.append((sentence, page, shared))
    rarity = {word: math.log(1 + len(found) / count) for word, count in spread.items()}
    weights = [sum(rarity[word] for word in shared) for _, _, shared in found]
    places = heapq.nlargest(READ, range(len(found)), key=lambda place: (weights[place], -place))
    shares = any(weights)
    yield from ((found[place][0], found[place][1]) for place in sorted(places) if weights[place] or not shares)
