"""Model data: prices, efforts, snapshots, an operator's own rows, and the kind of a provider's
address."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connector.errors import TemplateError
from connector.providers.base import Usage
from connector.providers.pricing.models import Model, Models, load_models
from connector.settings import Settings

MODELS = load_models()


# --- prices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "usage", "tier", "cost"),
    [
        ("o4-mini", Usage(500, output=200), None, 0.00143),
        ("gpt-6-luna", Usage(500, output=200), None, 0.00015),
        ("gpt-5.6-terra", Usage(500, output=200), None, 0.0034),
        ("o4-mini", Usage(), None, 0.0),
        # reasoning is inside the output and costs nothing more
        ("o4-mini", Usage(500, output=200, reasoning=150), None, 0.00143),
        # cached and written tokens are inside the input
        ("o4-mini", Usage(1_000, cached=400), None, (600 * 1.10 + 400 * 0.275) / 1e6),
        ("o4-mini", Usage(1_000, cached=1_000), None, 1_000 * 0.275 / 1e6),
        (
            "gpt-5.6-luna",
            Usage(1_000, cached=300, cache_write=500),
            None,
            (200 * 0.20 + 300 * 0.02 + 500 * 0.25) / 1e6,
        ),
        (
            "o4-mini",
            Usage(1_000, cache_write=400),
            None,
            1_000 * 1.10 / 1e6,
        ),  # a row without a price for writing
        (
            "o4-mini",
            Usage(100, cached=200),
            None,
            200 * 0.275 / 1e6,
        ),  # a server that counts them apart
        # from 272,001 tokens of input on the whole request is dearer
        ("gpt-5.6-terra", Usage(272_000, output=1_000), None, (272_000 * 2 + 1_000 * 12) / 1e6),
        (
            "gpt-5.6-terra",
            Usage(272_001, output=1_000),
            None,
            (272_001 * 2 * 2 + 1_000 * 12 * 1.5) / 1e6,
        ),
        ("gpt-5.6-terra", Usage(300_000, cached=300_000), None, 300_000 * 0.20 * 2 / 1e6),
        ("o4-mini", Usage(300_000), None, 0.33),  # no such rule
        # tiers
        ("o4-mini", Usage(500, output=200), "flex", 0.000715),
        ("o4-mini", Usage(500, output=200), "batch", 0.000715),
        ("o4-mini", Usage(500, output=200), "default", 0.00143),
        ("gpt-6-luna", Usage(500, output=200), "fast", 0.0003),
        # a snapshot costs what its model costs
        ("o4-mini-2025-04-16", Usage(500, output=200), None, 0.00143),
    ],
)
def test_cost(model: str, usage: Usage, tier: str | None, cost: float) -> None:
    """A price follows from the row: plain, cached and written input, output, the size of the
    request and its tier."""
    assert MODELS.find(model).cost_usd(usage, tier) == pytest.approx(cost, abs=1e-12)


@pytest.mark.parametrize(
    "model",
    ["no-such-model", "", "o4-mini-high", "o4", "gpt-5.6-terra-preview", "ft:o4-mini:acme::x1"],
)
def test_unknown_model_has_no_price(model: str) -> None:
    """What no row describes costs an unknown amount, never 0, and gets no effort."""
    row = MODELS.find(model)
    assert (
        row.known,
        row.cost_usd(Usage(500, output=200)),
        row.effort("high"),
        row.is_reasoning,
    ) == (
        False,
        None,
        "",
        False,
    )


@pytest.mark.parametrize("row", MODELS.rows.values(), ids=lambda row: row.id)
def test_rows_are_whole_and_dated(row: object) -> None:
    """Every row has a window, both prices, a source and a day; its efforts, if any, hold the three
    that forms offer; a day is a day."""
    model = MODELS.find(getattr(row, "id"))  # noqa: B009
    assert 0 < model.max_output < model.context
    assert {"input", "output"} <= set(model.price)
    assert model.source
    date.fromisoformat(model.as_of)
    assert not model.shutdown or date.fromisoformat(model.shutdown)
    assert not model.efforts or {"low", "medium", "high"} <= set(model.efforts)
    assert model.max_output <= model.max_input <= model.context
    assert (model.dialect, bool(model.shutdown)) == ("responses", bool(model.replacement))


@pytest.mark.parametrize("row", MODELS.rows.values(), ids=lambda row: row.id)
def test_successors_are_priced(row: Model) -> None:
    """Each model that may answer instead of another has a row with a price, and is not switched off
    before it; every one behind the first costs no more than the first."""
    used = Usage(500, output=200)
    costs = []
    for name in row.successors:
        successor = MODELS.find(name)
        cost = successor.cost_nano_usd(used)
        assert successor.known and cost is not None
        assert not successor.shutdown
        costs.append(cost)
    assert costs == sorted(costs, reverse=True)


def test_default_models_have_prices() -> None:
    """The models of the default settings have a price, also of what may answer instead; the strong
    one is not about to be switched off."""
    settings = Settings()
    for model in (settings.model, settings.model_strong):
        assert all(row.price for row in MODELS.candidates(model, "replace"))
    assert not MODELS.find(settings.model_strong).shutdown


def test_long_requests_and_economy() -> None:
    """Each current model that reads more than 272,000 tokens has the price of long requests, and
    each row but one has the price of economy."""
    for row in MODELS.rows.values():
        assert bool(row.long) == (row.context == 1_050_000)
    assert [row.id for row in MODELS.rows.values() if row.max_nano_usd(1, 1, "batch") is None] == [
        "gpt-6.2-astra"
    ]


def test_usage_adds_up() -> None:
    """The usage of several replies is the sum of each of its parts."""
    assert Usage(1, 2, 3, 4, 5) + Usage(10, 20, 30, 40, 50) == Usage(11, 22, 33, 44, 55)


# --- efforts and names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "wanted", "dialect", "effort"),
    [
        ("o4-mini", "low", "responses", "low"),
        ("o4-mini", "high", "chat", "high"),
        ("o4-mini", "none", "responses", "low"),
        ("o4-mini", "minimal", "responses", "low"),
        ("o4-mini", "xhigh", "responses", "high"),
        ("o4-mini", "max", "", "high"),
        ("gpt-5.6-terra", "minimal", "responses", "none"),
        ("gpt-5.6-terra", "max", "responses", "max"),
        ("gpt-5.6-terra", "high", "responses", "high"),
        ("gpt-5.6-terra", "high", "chat", "none"),
        ("gpt-5.4-mini", "max", "responses", "xhigh"),
        ("llama3", "high", "chat", ""),
    ],
)
def test_effort(model: str, wanted: str, dialect: str, effort: str) -> None:
    """An effort that a model does not have becomes the nearest one that it has in that dialect."""
    assert MODELS.find(model).effort(wanted, dialect) == effort


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("o4-mini", "o4-mini"),
        ("o4-mini-2025-04-16", "o4-mini"),
        ("o3-2025-04-16", "o3"),
        ("gpt-6-luna-2026-10-01", "gpt-6-luna"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("openai/o4-mini", "o4-mini"),
        ("azure/o4-mini", "o4-mini"),
        ("openrouter/openai/gpt-6.1-terra", "gpt-6.1-terra"),
        ("openai/o4-mini-2025-04-16", "o4-mini"),
        ("somebody/o4-mini", None),
        ("openai/o4-mini:free", None),
        ("openai/nothing", None),
        ("/o4-mini", None),
        ("openai/", None),
        ("o4-mini-2025", None),
        ("O4-MINI", None),
        ("o4-mini ", None),
        ("my-o4-mini-2025-04-16", None),
    ],
)
def test_snapshot(name: str, found: str | None) -> None:
    """A dated snapshot is its model; any other name that only looks like it is not."""
    row = MODELS.find(name)
    assert (row.id, row.known) == ((found, True) if found else (name, False))


def test_replacement_keeps_the_sellers_prefix() -> None:
    """A model with a seller's prefix is replaced by one with the same prefix, whose price is known;
    how it is called follows the seller's profile."""
    assert MODELS.replacement("openai/o4-mini") == "openai/gpt-5.6-terra"
    assert MODELS.replacement("o4-mini-2025-04-16") == "gpt-5.6-terra"
    assert MODELS.replacement("openai/nothing") == ""
    rows = MODELS.candidates("openai/o4-mini", "replace")
    assert [row.id for row in rows] == ["o4-mini", "gpt-5.6-terra", "gpt-6.1-terra", "gpt-6-luna"]
    assert {row.dialect for row in rows} == {""}
    assert MODELS.find("openai/o4-mini") is MODELS.find("openai/o4-mini")


# --- whose server it is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "profile"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://API.OpenAI.com:443/v1/", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://res.openai.azure.com/openai/v1", "azure"),
        ("http://127.0.0.1:11434/v1", "generic"),
        ("http://localhost:8000/v1", "generic"),
        ("https://openrouter.ai/api/v1", "generic"),
        ("https://api.openai.com.evil.example/v1", "generic"),
        ("https://evilapi.openai.com/v1", "generic"),
        ("https://api.openai.com@evil.example/v1", "generic"),
        ("https://api.openai.com:pass@evil.example/v1", "generic"),
        ("https://evil.example/api.openai.com/v1", "generic"),
        ("https://evil.example?api.openai.com", "generic"),
        ("https://evil.example#api.openai.com", "generic"),
        ("https://notopenai.azure.com/openai/v1", "generic"),
        ("https://res.openai.azure.com.evil.example/openai/v1", "generic"),
        ("https://api-openai.com/v1", "generic"),
        ("", "generic"),
        ("not an address", "generic"),
    ],
)
def test_profile_by_host(address: str, profile: str) -> None:
    """Only a provider's own hosts get its profile: a look-alike is a server that we know nothing
    of."""
    assert MODELS.profile(address).name == profile


def test_profile_by_name() -> None:
    """A profile that the operator names counts, whatever the address."""
    assert MODELS.profile("http://127.0.0.1/v1", "azure").name == "azure"


# --- an operator's own file -----------------------------------------------------------------------


def read(folder: Path, text: str) -> Models:
    """The models with an operator's file of this text."""
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load_models(path)


def test_own_rows_extend_and_replace(tmp_path: Path) -> None:
    """An operator's file adds rows and profiles, and replaces a row of the same id whole."""
    models = read(
        tmp_path,
        """
as_of: "2026-12-01"
models:
  o4-mini:
    dialect: chat
    efforts: [low]
    price: {input: 10, output: 20.5}
    as_of: 2026-12-01
  llama3:
    price: {input: 0, output: 0}
    snapshots: [llama3-latest]
profiles:
  house: {hosts: [llm.example], role: developer, dialect: responses}
""",
    )
    mini = models.find("o4-mini")
    assert (mini.dialect, mini.efforts, mini.replacement, mini.shutdown) == (
        "chat",
        ("low",),
        "",
        "",
    )
    assert mini.cost_usd(Usage(1_000_000, cached=500_000, output=1_000_000)) == pytest.approx(30.5)
    assert models.find("llama3-latest").cost_usd(Usage(5, output=5)) == 0
    assert models.find("o3") == MODELS.find("o3")
    assert [
        models.profile(f"https://{host}/v1").name
        for host in ("llm.example", "a.llm.example", "xllm.example")
    ] == [
        "house",
        "house",
        "generic",
    ]


def test_own_row_for_the_same_model(tmp_path: Path) -> None:
    """A row of a deployment has all that the model's row says, except for what it says itself."""
    models = read(
        tmp_path,
        """
models:
  prod-mini: {same_as: o4-mini, aliases: [prod], shutdown: "2027-10-16", replacement: gpt-6-luna}
  cheap: {same_as: o4-mini, price: {input: 1, output: 2}}
  gpt-6-luna: {same_as: gpt-6-luna, tiers: {default: 1.1, batch: 0.55}}
""",
    )
    deployment = models.find("prod")
    mini = models.find("o4-mini")
    assert (deployment.id, deployment.price, deployment.efforts) == (
        "prod-mini",
        mini.price,
        mini.efforts,
    )
    assert (deployment.shutdown, deployment.successors) == ("2027-10-16", ("gpt-6-luna",))
    assert models.find("cheap").cost_usd(Usage(1_000_000, output=1_000_000)) == 3
    assert models.find("o4-mini-2025-04-16") is mini
    regional = models.find("openai/gpt-6-luna")
    assert (regional.id, regional.known) == ("gpt-6-luna", True)
    assert regional.cost_nano_usd(Usage(1_000), "default") == 110_000
    assert regional.max_nano_usd(1_000, 0) == 137_500  # all of it written to the cache
    assert deployment.is_same_model(mini) and models.find("cheap").is_same_model(deployment)
    assert not mini.is_same_model(models.find("o3"))


def test_successors_and_replacement(tmp_path: Path) -> None:
    """The first successor is the replacement; a row that names only one of the two has both."""
    models = read(tmp_path, "models:\n  a: {successors: [b, c]}\n  b: {replacement: c}\n")
    assert (models.find("a").replacement, models.find("b").successors) == ("b", ("c",))


def test_own_row_for_a_snapshot(tmp_path: Path) -> None:
    """A row of a snapshot's own counts before the row of its model."""
    models = read(tmp_path, "models:\n  o4-mini-2025-04-16: {price: {input: 7, output: 7}}\n")
    assert models.find("o4-mini-2025-04-16").cost_usd(Usage(1_000_000)) == 7
    assert models.find("o4-mini").cost_usd(Usage(1_000_000)) == pytest.approx(1.10)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- a\n", 1, "nothing else"),
        ("models: {}\nprices: {}\n", 1, "nothing else"),
        ("models:\n  - o4-mini\n", 1, "map of names"),
        ("models: 7\n", 1, "map of names"),
        ("models:\n  a: {}\n  b: 7\n", 3, "models.b may have only"),
        ("models:\n  a:\n    prize: 1\n", 2, "models.a may have only"),
        ("models:\n  a:\n    known: true\n", 2, "models.a may have only"),
        ("models:\n  a:\n    id: b\n", 2, "models.a may have only"),
        (
            "models:\n  a:\n    price: 1.10\n",
            3,
            "models.a.price must be amounts with input, output",
        ),
        (
            "models:\n  a:\n    context: 5\n    price: {input: 1}\n",
            4,
            "models.a.price must be amounts with input, output",
        ),
        ("models:\n  a:\n    price: {input: 1, output: free}\n", 3, "models.a.price"),
        ("models:\n  a:\n    price: {input: 1, output: -1}\n", 3, "models.a.price"),
        ("models:\n  a:\n    price: {input: 1, output: true}\n", 3, "models.a.price"),
        ("models:\n  a:\n    price: {input: 1, output: 1, cashed: 1}\n", 3, "models.a.price"),
        (
            "models:\n  a:\n    long: {above: 5}\n",
            3,
            "models.a.long must be amounts with above, input, output",
        ),
        ("models:\n  a:\n    tiers: [flex]\n", 3, "models.a.tiers must be amounts"),
        ("models:\n  a:\n    efforts: low\n", 3, "models.a.efforts must be a list"),
        ("models:\n  a:\n    efforts: [low, turbo]\n", 3, "models.a.efforts must be a list"),
        ("models:\n  a:\n    chat_effort: turbo\n", 3, "models.a.chat_effort must be"),
        ("models:\n  a:\n    dialect: soap\n", 3, "models.a.dialect must be responses or chat"),
        ("models:\n  a:\n    context: many\n", 3, "models.a.context must be a whole number"),
        ("models:\n  a:\n    snapshots: [1]\n", 3, "models.a.snapshots must be a list of names"),
        ("models:\n  a:\n    replacement: 6\n", 3, "models.a.replacement must be text"),
        ("models:\n  a:\n    same_as: o9\n", 3, "must be the id of a row of Formcall's own"),
        (
            "models:\n  a:\n    successors: [b, c]\n    replacement: c\n",
            4,
            "models.a.replacement must be the first of its successors",
        ),
        ("models:\n  a: {aliases: [x]}\n  b: {snapshots: [x]}\n", 3, "a name of both a and b"),
        ("models:\n  a: {input_limit: 1.5}\n", 2, "models.a.input_limit must be a whole number"),
        ("models:\n  a: {}\n  a: {}\n", 3, "is given twice"),
        ("profiles:\n  p: {role: king}\n", 2, "profiles.p.role must be developer or system"),
        (
            "profiles:\n  p:\n    hosts: example.com\n",
            3,
            "profiles.p.hosts must be a list of names",
        ),
        ("profiles:\n  p:\n    cache_key: 1\n", 3, "profiles.p.cache_key must be true or false"),
        ("profiles:\n  p:\n    cache_key: &a true\n", 3, "anchors"),
    ],
)
def test_own_file_that_is_wrong(tmp_path: Path, text: str, line: int, words: str) -> None:
    """A mistake in an operator's file stops the start with the file, the line and what should stand
    there."""
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'own.yaml'}:{line}: ")
    assert words in str(caught.value)


def test_own_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there, or no text, is named."""
    with pytest.raises(TemplateError, match=r"missing\.yaml"):
        load_models(tmp_path / "missing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"models: {\xe9: {}}")
    with pytest.raises(TemplateError, match=r"latin\.yaml"):
        load_models(tmp_path / "latin.yaml")
