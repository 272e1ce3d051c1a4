"""Learning categories from examples: labelled vectors in, a scorer out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.providers.factory import make_provider
from connector.providers.local import LocalProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings

np = pytest.importorskip("numpy")
from connector.providers.local.methods.category_vectors import read_category_form  # noqa: E402
from connector.providers.local.methods.learning import MIN_CALIBRATED, Scorer, learn  # noqa: E402
from connector.providers.local.model.embed import Encoder  # noqa: E402

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
TEMPERATURE = 0.025


def unit(rows: Any) -> Vectors:
    rows = np.asarray(rows, np.float32)
    result: Vectors = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return result


def cloud(centre: Vectors, count: int, noise: float, seed: int = 1) -> Vectors:
    """Unit vectors around a centre."""
    random = np.random.default_rng(seed)
    return unit(centre + noise * random.normal(size=(count, len(centre))))


CENTRES = unit(np.random.default_rng(0).normal(size=(3, 384)))


def test_without_examples_the_categories_decide() -> None:
    """No example means zero-shot: the vectors of the categories and their temperature."""
    scorer = learn(CENTRES[:0], [], CENTRES, TEMPERATURE)
    assert scorer.vectors is CENTRES and scorer.temperature == TEMPERATURE
    assert scorer.learned_from == 0
    assert [int(scorer.probabilities(vector).argmax()) for vector in CENTRES] == [0, 1, 2]
    assert float(scorer.probabilities(CENTRES[0]).sum()) == pytest.approx(1)


def test_examples_teach_what_names_do_not_say() -> None:
    """Categories whose vectors say nothing are told apart by twelve examples of each."""
    nothing = cloud(unit(CENTRES.sum(axis=0)), 3, 0.01)
    vectors = np.concatenate([cloud(centre, 12, 0.04, seed) for seed, centre in enumerate(CENTRES)])
    labels = [number for number in range(3) for _ in range(12)]
    scorer = learn(vectors, labels, nothing, TEMPERATURE)
    others = np.concatenate([cloud(centre, 20, 0.04, 9) for centre in CENTRES])
    found = [int(scorer.probabilities(vector).argmax()) for vector in others]
    assert found == [number for number in range(3) for _ in range(20)]
    assert scorer.learned_from == 36


def test_one_wrong_example_does_not_turn_a_category() -> None:
    """The pull towards the categories' own vectors is stronger than a single example."""
    scorer = learn(CENTRES[:1], [1], CENTRES, TEMPERATURE)
    assert [int(scorer.probabilities(vector).argmax()) for vector in CENTRES[1:]] == [1, 2]
    other = cloud(CENTRES[0], 1, 0.03, 5)[0]
    moved = scorer.probabilities(other) - Scorer(CENTRES, TEMPERATURE).probabilities(other)
    assert moved[1] > 0


def test_confidence_is_calibrated_on_what_was_left_out() -> None:
    """Examples that contradict each other make the scorer less sure than consistent ones."""
    vectors = np.concatenate([cloud(centre, 20, 0.05, seed) for seed, centre in enumerate(CENTRES)])
    right = [number for number in range(3) for _ in range(20)]
    wrong = [(label + (index % 3 == 0)) % 3 for index, label in enumerate(right)]
    consistent = learn(vectors, right, CENTRES, TEMPERATURE)
    contradictory = learn(vectors, wrong, CENTRES, TEMPERATURE)
    assert consistent.temperature < contradictory.temperature
    few = learn(vectors[: MIN_CALIBRATED - 1], right[: MIN_CALIBRATED - 1], CENTRES, TEMPERATURE)
    assert few.temperature == TEMPERATURE


@needs_engine
def test_every_example_of_a_form_counts() -> None:
    """A hundred examples of ten categories are all learned from; unknown and blank ones are not."""
    categories = [{"name": f"c{number}", "description": ""} for number in range(10)]
    examples = [
        {"text": f"thing number {number}", "choice": f"c{number % 10}"} for number in range(100)
    ]
    extra = [{"text": " ", "choice": "c1"}, {"text": "x", "choice": "no such category"}]
    form = {"categories": categories, "examples": [*examples, *extra]}
    encoder = Encoder()
    read = read_category_form(form, encoder)
    assert read.scorer.learned_from == 100
    assert read_category_form(form, encoder).scorer is read.scorer


@needs_engine
def test_an_answer_says_how_many_examples_it_learned_from() -> None:
    """`learned_from` is the number of the form's examples, 0 without any."""
    catalogue, models, settings = load_catalogue(), load_models(), Settings(engine="local")
    engine = Engine(catalogue, make_provider(settings, models, catalogue), models, settings)
    form = {"text": "The tap drips all night", "categories": "A, B"}
    taught = {**form, "examples": "Call me back today => A\nThe kitchen tap drips => B"}
    assert engine.run("classify", form).to_json()["learned_from"] == 0
    answer = engine.run("classify", taught).to_json()
    assert (answer["category"], answer["learned_from"]) == ("B", 2)


def test_strictness_and_limits_are_told_to_a_model() -> None:
    """A hosted model reads what the embedded engine decides by numbers, and nothing by default."""
    action = load_catalogue()["classify"]
    form = {"text": "x", "categories": "A, B"}
    usual = action.instructions.render(action.read_form(form))
    strict = action.instructions.render(action.read_form({**form, "strictness": "high"}))
    several = action.read_form({**form, "multiple": "yes", "max_categories": "2"})
    assert "Only what clearly fits." in strict and "clearly fits" not in usual
    assert "At most 2." in action.instructions.render(several)
