"""The categories of a form as vectors, with what their examples teach; kept for the next text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from connector.providers.local.methods.learning import Scorer, learn
from connector.providers.local.model.calibration import calibration_of
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.sentiment import category_polarities, sentiment_vectors

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

NAME_WEIGHT = 0.6
MAX_DETAILED_CATEGORIES = 60  # each of more categories has one vector and not three, for speed
MAX_SEVERAL = 3  # categories of one text, unless the form has another limit
MAX_KEPT = 32  # scorers that learned from examples

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Form:
    """What a form of ``classify`` asks.

    ``examples``      unit vectors of the examples, shape (n, 384)
    ``example_names`` the index of the category of each
    ``several``       whether a text may have several categories; ``most``: how many
    """

    names: tuple[str, ...]
    scorer: Scorer
    examples: Vectors
    example_names: tuple[int, ...]
    strictness: str = "normal"
    several: bool = False
    most: int = MAX_SEVERAL

    def similarities(self, vector: Vectors) -> Vectors:
        """Of a text's unit vector to each category or its nearest example, shape (k,)."""
        import numpy as np

        found: Vectors = self.scorer.directions @ vector
        if len(self.examples):
            np.maximum.at(found, list(self.example_names), self.examples @ vector)
        return found


def read_category_form(values: Mapping[str, Any], encoder: Encoder) -> Form:
    """The categories, examples and options of a form as vectors and numbers."""
    categories = tuple(
        (str(one.get("name") or ""), str(one.get("description") or ""))
        for one in values.get("categories") or ()
    )
    names = tuple(name for name, _ in categories)
    examples = tuple(
        (str(one.get("text") or ""), str(one.get("choice") or ""))
        for one in values.get("examples") or ()
    )
    known = tuple(pair for pair in examples if pair[0].strip() and pair[1] in names)
    return Form(
        names=names,
        scorer=_scorer(categories, known, encoder),
        examples=encoder.encode_cached([text for text, _ in known]),
        example_names=tuple(names.index(name) for _, name in known),
        strictness=str(values.get("strictness") or "normal"),
        several=bool(values.get("multiple")),
        most=int(values.get("max_categories") or MAX_SEVERAL),
    )


def category_vectors(categories: Sequence[tuple[str, str]], encoder: Encoder) -> Vectors:
    """One unit vector for each (name, description), shape (k, 384)."""
    names = [name.replace("_", " ") for name, _ in categories]
    texts = [text or name for (_, text), name in zip(categories, names, strict=True)]
    rows = encoder.encode_cached([f"Topic: {text}" for text in texts])
    if len(names) <= MAX_DETAILED_CATEGORIES:
        topics = encoder.encode_cached([f"Topic: {name}" for name in names])
        rows = rows + encoder.encode_cached(texts) + NAME_WEIGHT * topics
    polarities = category_polarities([name for name, _ in categories]) or {}
    vectors = dict(zip((1, -1), sentiment_vectors(encoder), strict=False)) if polarities else {}
    for index, (name, _) in enumerate(categories):
        rows[index] = vectors.get(polarities.get(name, 0), rows[index])
    return Scorer(rows, 1.0).directions


class _Kept:
    """The last scorers that learned something; learning takes longer than reading a text."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._scorers: OrderedDict[tuple[str, Pairs, Pairs], Scorer] = OrderedDict()

    def get(self, key: tuple[str, Pairs, Pairs]) -> Scorer | None:
        with self._lock:
            return self._scorers.get(key)

    def put(self, key: tuple[str, Pairs, Pairs], scorer: Scorer) -> None:
        with self._lock:
            self._scorers[key] = scorer
            while len(self._scorers) > MAX_KEPT:
                self._scorers.popitem(last=False)


_KEPT = _Kept()


def _scorer(categories: Pairs, examples: Pairs, encoder: Encoder) -> Scorer:
    temperature = calibration_of(encoder.weights.name).temperature
    if not examples:
        return Scorer(category_vectors(categories, encoder), temperature)
    key = (encoder.weights.name, categories, examples)
    kept = _KEPT.get(key)
    if kept is None:
        names = [name for name, _ in categories]
        vectors = encoder.encode_cached([text for text, _ in examples])
        labels = [names.index(name) for _, name in examples]
        kept = learn(vectors, labels, category_vectors(categories, encoder), temperature)
        _KEPT.put(key, kept)
    return kept
