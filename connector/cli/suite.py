"""`formcall eval --suite`: how good the embedded engine is, on public sets.

Each measure is a line of the table: a set, how many of its texts were used, and the shares that say
how good the answers are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.cli import suite_forms as forms
from connector.cli.public_sets import PublicSets, spread, spread_labelled
from connector.json_types import Json

if TYPE_CHECKING:
    from connector.engine.engine import Engine

_BINS = 10  # of confidences
_JOINED_CHARACTERS = 600  # of each of two texts that are joined
_SEPARATOR = "\n\n"


@dataclass
class Measure:
    """One line: the name of a set, the number of texts, the shares by name, and the median time."""

    name: str
    texts: int
    shares: dict[str, float]
    median_ms: float

    def as_json(self) -> Json:
        return {
            "set": self.name,
            "texts": self.texts,
            **self.shares,
            "median_ms": self.median_ms,
        }

    def line(self) -> str:
        shares = ", ".join(f"{name} {value:.2f}" for name, value in self.shares.items())
        return f"{self.name:44} {self.texts:5}  {shares:58} {self.median_ms:6.0f} ms"


@dataclass
class _Asker:
    """Runs actions and keeps the time that each took."""

    engine: Engine
    seconds: list[float] = field(default_factory=list)

    def values(self, action: str, inputs: Json) -> Mapping[str, Any]:
        """The answer's values; a failed run raises its ``FormcallError``."""
        started = time.monotonic()
        outcome = self.engine.run(action, inputs)
        self.seconds.append(time.monotonic() - started)
        if outcome.error:
            raise outcome.error
        return outcome.values

    def median_ms(self) -> float:
        import statistics

        return round(1000 * statistics.median(self.seconds or [0.0]), 1)


def measure_all(engine: Engine, sets: PublicSets, limit: int) -> Iterator[Measure]:
    """Every measure, on at most ``limit`` texts of each set."""
    newsgroups = sets.newsgroups()
    reuters, bbc, films = sets.reuters(), sets.bbc_news(), sets.film_reviews()
    topics: Sequence[tuple[str, forms.Descriptions, Mapping[str, Sequence[str]]]] = (
        ("20 Newsgroups, 8 topics", forms.NEWSGROUPS, newsgroups),
        ("20 Newsgroups, 12 neighbouring topics", forms.OTHER_NEWSGROUPS, newsgroups),
        ("Reuters R8", forms.REUTERS, reuters),
        ("BBC News", forms.BBC_NEWS, bbc),
    )
    for name, descriptions, texts in topics:
        yield _topics(engine, f"{name}, described", descriptions, texts, limit)
    for name, descriptions, texts in topics[2:]:
        yield _topics(engine, f"{name}, names only", descriptions, texts, limit, described=False)
    yield _topics(engine, "IMDB, positive or negative", forms.FILM_REVIEWS, films, limit)
    for name, descriptions, texts in (topics[0], *topics[2:]):
        yield _foreign(engine, f"{name}, right one missing", descriptions, texts, limit)
    yield _several(engine, "20 Newsgroups, two joined texts", newsgroups, limit)
    yield _questions(engine, sets, limit)
    yield _invented(engine, sets, limit)


def _topics(
    engine: Engine,
    name: str,
    descriptions: forms.Descriptions,
    texts: Mapping[str, Sequence[str]],
    limit: int,
    *,
    described: bool = True,
) -> Measure:
    """Texts of known categories: right, none, and the error of the confidence (ECE)."""
    asker = _Asker(engine)
    options = forms.options_text(descriptions, described=described)
    rights: list[bool] = []
    confidences: list[float | None] = []
    for label, text in spread_labelled({one: texts[one] for one in descriptions}, limit):
        found = asker.values("classify", {"text": text, "categories": options})
        rights.append(found["category"] == descriptions[label][0])
        confidences.append(found["confidence"] if found["category"] else None)
    none = sum(confidence is None for confidence in confidences)
    shares = {
        "right": _share(sum(rights), len(rights)),
        "none": _share(none, len(rights)),
        "ece": calibration_error(rights, confidences),
    }
    return Measure(name, len(rights), shares, asker.median_ms())


def calibration_error(rights: Sequence[bool], confidences: Sequence[float | None]) -> float:
    """The expected calibration error of ten equal bins; answers without confidence are left out."""
    bins: list[list[tuple[bool, float]]] = [[] for _ in range(_BINS)]
    for is_right, confidence in zip(rights, confidences, strict=True):
        if confidence is not None:
            bins[min(_BINS - 1, int(confidence * _BINS))].append((is_right, confidence))
    total = sum(map(len, bins))
    gaps = (abs(sum(right for right, _ in one) - sum(given for _, given in one)) for one in bins)
    return _share(sum(gaps), total)


def _foreign(
    engine: Engine,
    name: str,
    descriptions: forms.Descriptions,
    texts: Mapping[str, Sequence[str]],
    limit: int,
) -> Measure:
    """Texts whose category was taken out of the form: the share that gets none, by strictness."""
    asker = _Asker(engine)
    cases = spread_labelled({one: texts[one] for one in descriptions}, limit)
    refused = dict.fromkeys(("normal", "high"), 0)
    for label, text in cases:
        others = {one: pair for one, pair in descriptions.items() if one != label}
        options = forms.options_text(others, described=True)
        for strictness in refused:
            inputs = {"text": text, "categories": options, "strictness": strictness}
            refused[strictness] += asker.values("classify", inputs)["category"] is None
    shares = {f"none ({one})": _share(count, len(cases)) for one, count in refused.items()}
    return Measure(name, len(cases), shares, asker.median_ms())


def _several(engine: Engine, name: str, texts: Mapping[str, Sequence[str]], limit: int) -> Measure:
    """The beginnings of two texts as one, with all categories that fit asked for."""
    asker = _Asker(engine)
    labels = list(forms.NEWSGROUPS)
    options = forms.options_text(forms.NEWSGROUPS, described=True)
    given = right = expected = 0
    cases = max(1, limit // 2)
    for index in range(cases):
        turn, first = divmod(index, len(labels))
        second = (first + 1 + turn % (len(labels) - 1)) % len(labels)
        pair = [labels[first], labels[second]]
        parts = [texts[one][-1 - index % len(texts[one])][:_JOINED_CHARACTERS] for one in pair]
        inputs = {"text": _SEPARATOR.join(parts), "categories": options, "multiple": True}
        found = set(asker.values("classify", inputs)["categories"])
        names = {forms.NEWSGROUPS[one][0] for one in pair}
        given += len(found)
        expected += len(names)
        right += len(found & names)
    shares = {
        "precision": _share(right, given),
        "recall": _share(right, expected),
        "f1": _share(2 * right, given + expected),
    }
    return Measure(name, cases, shares, asker.median_ms())


def _questions(engine: Engine, sets: PublicSets, limit: int) -> Measure:
    """Questions about a passage that may not answer them."""
    asker = _Asker(engine)
    questions = sets.questions()
    step = max(1, len(questions) // limit)
    found_counts = {True: 0, False: 0}
    counts = {True: 0, False: 0}
    right = 0
    for case in questions[::step][:limit]:
        inputs = {"question": case.question, "text": case.passage}
        found = asker.values("answer", inputs)
        has_answer = case.answer is not None
        counts[has_answer] += 1
        found_counts[has_answer] += bool(found["found"])
        quoted = "".join(quote["quote"] for quote in found["quotes"] or ())
        right += case.answer is not None and _letters(case.answer) in _letters(quoted)
    shares = {
        "found": _share(found_counts[True], counts[True]),
        "quote has it": _share(right, counts[True]),
        "found, no answer": _share(found_counts[False], counts[False]),
    }
    return Measure("DISFL-QA", sum(counts.values()), shares, asker.median_ms())


def _invented(engine: Engine, sets: PublicSets, limit: int) -> Measure:
    """Fields of an invoice asked of news: the share that is filled, which should be none."""
    asker = _Asker(engine)
    articles = spread(sets.articles(), limit)
    fields = [line.split()[0] for line in forms.INVOICE_FIELDS.splitlines()]
    filled = 0
    for article in articles:
        values = asker.values("extract", {"text": article, "fields": forms.INVOICE_FIELDS})
        data = values["data"] or {}
        filled += sum(data.get(name) is not None for name in fields)
    shares = {"filled": _share(filled, len(fields) * len(articles))}
    return Measure("XSum news, ten fields of an invoice", len(articles), shares, asker.median_ms())


def _letters(text: str) -> str:
    """Letters and digits alone; the set has spaces around its punctuation."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _share(count: float, total: int) -> float:
    return round(count / total, 3) if total else 0.0
