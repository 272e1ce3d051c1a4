"""Keywords: every term is in the text, counted where it is, and frequent words are none."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.providers.computed import ComputedProvider
from connector.providers.local.text.language import FREQUENT_WORDS
from connector.providers.pricing.models import load_models
from connector.settings import Settings

ENGINE = Engine(load_catalogue(), ComputedProvider(), load_models(), Settings())
ARTICLE = (
    "Solar panels on farms: what growers should know\n"
    "Agrivoltaics puts solar panels above crops. In Bergen the Northwind Institute has grown "
    "lettuce under solar panels since 2021. The panels give shade, so the lettuce needs less "
    "water. Maria Lopez of the Northwind Institute says that agrivoltaics pays for growers with "
    "little water. The solar panels of one field give power for forty houses, and the lettuce is "
    "sold in Bergen.\n"
)


def keywords(text: str, **form: Any) -> dict[str, Any]:
    outcome = ENGINE.run("keywords", {"text": text, **form})
    assert outcome.ok, outcome.error
    return outcome.values


def test_what_an_article_is_about() -> None:
    """The phrases that an article uses again come first, as it writes them, and names are found."""
    terms = keywords(ARTICLE, max=5)["terms"]
    assert terms[0] == "solar panels"
    assert {"lettuce", "Northwind Institute", "Bergen"} <= set(terms)
    names = keywords(ARTICLE, kind="names")["terms"]
    assert {"Northwind Institute", "Maria Lopez", "Bergen"} <= set(names)
    assert "lettuce" not in names
    assert all(" " not in term for term in keywords(ARTICLE, kind="words")["terms"])


@pytest.mark.parametrize("kind", ["terms", "words", "names"])
@pytest.mark.parametrize("seed", range(10))
def test_each_term_is_in_the_text(kind: str, seed: int) -> None:
    """Whatever the text, a term is at its place, is counted as often as it is there, is no frequent
    word, and is given once; the best is first."""
    rng = random.Random(seed)
    words = [*re.findall(r"\S+", ARTICLE), "\U0001f600", "C++", "don't", "1,240.50", "été", "-"]
    text = " ".join(rng.choices(words, k=120)) + "\n" + ARTICLE
    answer = keywords(text, kind=kind, max=12)
    rows = answer["keywords"]
    assert [row["term"] for row in rows] == answer["terms"]
    assert len({term.casefold() for term in answer["terms"]}) == answer["count"] <= 12
    for row in rows:
        found = text[row["start"] :][: len(row["term"])]
        assert " ".join(found.split()).casefold() == row["term"].casefold()
        assert row["term"].casefold() not in FREQUENT_WORDS
        pattern = r"\s+".join(map(re.escape, row["term"].split()))
        assert 1 <= row["count"] <= len(re.findall(pattern, text, re.IGNORECASE))
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("text", ["12 34 56", "and so on, but not for the", "!!!"])
def test_a_text_without_keywords(text: str) -> None:
    """A text of numbers and frequent words has none, and a warning says so."""
    outcome = ENGINE.run("keywords", {"text": text})
    assert outcome.ok and outcome.values["terms"] == []
    assert outcome.warnings == ("The text has no word that says what it is about.",)


def test_other_languages() -> None:
    """Frequent words of other languages are none either."""
    german = "Die Lieferung der Solaranlage ist verspätet. Die Solaranlage kommt mit der Bahn."
    assert keywords(german)["terms"][0] == "Solaranlage"
    assert not {"die", "der", "ist", "mit"} & {t.casefold() for t in keywords(german)["terms"]}
