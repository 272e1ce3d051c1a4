"""Quotes and findings from documents: sentences with their pages, selected and never generated."""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from connector.catalogue.files import Files, Page
from connector.providers.local.methods.answer import (
    MAX_SENTENCES,
    answering_part,
    best_sentences,
    joined_text,
    names_other_year,
    with_values,
)
from connector.providers.local.methods.summarize import pick_sentences
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.sentences import Sentence, sentences

_WORD = re.compile(r"\w{2,30}")
_STEM = 5  # words with the same first letters count as equal: order, orders, ordered
_TITLE_WORDS = 8
_NOT_FOUND = "The documents do not say."
_PROJECTED = re.compile(
    r"\b(?:will|would|expect\w*|forecast\w*|project(?:ed|s|ion\w*)|plan(?:s|ned)|anticipat\w*|"
    r"estimat\w*|by 20[2-9]\d|likely|outlook|wird|werden|voraussichtlich|erwartet|geplant|"
    r"prévoi\w*|devrait|prevé|espera)\b",
    re.IGNORECASE,
)


def quotes(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """The ``answer`` to ``values["question"]`` from the form's files.

    Returns ``answer``, ``found`` and ``quotes``, each quote with its file and page.
    """
    question = str(values.get("question") or "")
    pool = list(_relevant_sentences(_files(values), question, with_others=True))
    chosen = best_sentences(question, [sentence for sentence, _ in pool], encoder)
    if names_other_year(question, "\n".join(page.text for page in _files(values).pages)):
        chosen = []
    pages = {id(sentence): page for sentence, page in pool}
    cited = [_quote(sentence, pages[id(sentence)]) for sentence in chosen]
    return {
        "answer": answering_part(question, chosen) or joined_text(chosen) or _NOT_FOUND,
        "found": bool(chosen),
        "quotes": cited,
    }


def findings(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``findings``: the most relevant sentences for ``values["task"]``, with their pages."""
    task = str(values.get("task") or "")
    count = int(values.get("count") or 10)
    pool = list(_relevant_sentences(_files(values), task))
    pages = {id(sentence): page for sentence, page in pool}
    chosen = pick_sentences([sentence for sentence, _ in pool], count, task, encoder)
    return {"findings": [_finding(sentence, pages[id(sentence)]) for sentence in chosen]}


def _files(values: Mapping[str, Any]) -> Files:
    return next((value for value in values.values() if isinstance(value, Files)), Files(()))


def _quote(sentence: Sentence, page: Page) -> dict[str, Any]:
    return {"quote": sentence.raw, "file": page.file, "page": page.number}


def _finding(sentence: Sentence, page: Page) -> dict[str, Any]:
    words = sentence.text.split()
    return {
        "title": " ".join(words[:_TITLE_WORDS]) + ("…" if len(words) > _TITLE_WORDS else ""),
        "detail": sentence.text,
        "basis": "projected" if _PROJECTED.search(sentence.text) else "stated",
        "quote": sentence.raw,
        "page": page.number,
    }


def _relevant_sentences(
    files: Files, question: str, *, with_others: bool = False
) -> Iterator[tuple[Sentence, Page]]:
    """The sentences that share the rarest words with ``question``, in the order of the text.

    If no sentence shares a word, the first sentences are returned; ``with_others`` up to the same
    number in any case, since an answer may have other words. Linear in the text's length.
    """
    question_stems = {word[:_STEM] for word in _WORD.findall(question.casefold())}
    candidates: list[tuple[Sentence, Page, frozenset[str]]] = []
    frequencies: Counter[str] = Counter()
    for page in files.pages:
        for sentence in with_values(sentences(page.body), page.body):
            stems = (word[:_STEM] for word in _WORD.findall(sentence.raw.casefold()))
            shared = frozenset(question_stems.intersection(stems))
            frequencies.update(shared)
            candidates.append((sentence, page, shared))
    rarity = {word: math.log(1 + len(candidates) / count) for word, count in frequencies.items()}
    weights = [sum(rarity[word] for word in shared) for _, _, shared in candidates]
    indexes = heapq.nlargest(
        MAX_SENTENCES, range(len(candidates)), key=lambda index: (weights[index], -index)
    )
    any_shared = any(weights)
    for index in sorted(indexes):
        if weights[index] or with_others or not any_shared:
            sentence, page, _ = candidates[index]
            yield sentence, page
