"""Models and providers as dated data: limits, efforts, prices, shutdown dates, differences."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.providers.base import Usage
from connector.providers.pricing.models_file import EFFORTS, ModelsFile, read_models_file

_FILE = Path(__file__).with_name("models.yaml")
_SNAPSHOT = re.compile(r"(.+)-\d{4}-\d{2}-\d{2}")
_PLAIN_TIERS = ("", "auto", "default", "standard")
_NANO = 1_000_000_000
_NANO_PER_TOKEN = 1_000  # a dollar per million tokens is 1,000 nano-dollars per token

NO_LIMIT = sys.maxsize
MAX_SUCCESSORS = 3  # that are tried, so one call makes at most four requests for a model


@dataclass(frozen=True)
class _TokenRates:
    """Prices of a token in integers, ``per`` of which are a nano-dollar, so sums are exact."""

    input: int
    cached: int
    cache_write: int
    output: int
    per: int

    @property
    def max_input(self) -> int:
        return max(self.input, self.cached, self.cache_write)


@dataclass(frozen=True)
class Model:
    """One row. Prices are in US dollars per million tokens; a row without prices has no cost.

    ``context`` is what the model reads and writes together, ``input_limit`` the most it reads, in
    tokens. ``chat_effort`` is the only effort with which the model accepts functions over chat
    completions, where there is such a rule. ``successors`` begin with the model that its maker
    names, the ``replacement``. ``same_as`` is the id of the row that describes the same model.
    ``known`` is False for a model without a row: it gets no effort, no price and the simplest
    request.
    """

    id: str
    dialect: str = ""
    context: int = 0
    input_limit: int = 0
    max_output: int = 0
    efforts: tuple[str, ...] = ()
    chat_effort: str = ""
    price: Mapping[str, float] = field(default_factory=dict)
    long: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, float] = field(default_factory=dict)
    tokenizer: str = ""
    image: Mapping[str, float] = field(default_factory=dict)
    snapshots: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    same_as: str = ""
    shutdown: str = ""
    replacement: str = ""
    successors: tuple[str, ...] = ()
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    as_of: str = ""
    known: bool = True

    def __post_init__(self) -> None:
        if self.successors:
            object.__setattr__(self, "replacement", self.successors[0])
        elif self.replacement:
            object.__setattr__(self, "successors", (self.replacement,))

    def is_same_model(self, other: Model) -> bool:
        """Whether both rows describe one model, under different names."""
        return (self.same_as or self.id) == (other.same_as or other.id)

    @property
    def max_input(self) -> int:
        """The most tokens that the model reads; 0: unknown."""
        return self.input_limit or self.context

    @property
    def is_reasoning(self) -> bool:
        """Whether the model has reasoning efforts; its reasoning is then replayed later."""
        return bool(self.efforts)

    def effort(self, requested: str, dialect: str = "") -> str:
        """The model's nearest effort to ``requested`` in that dialect; "" when it has none."""
        if dialect == "chat" and self.chat_effort:
            return self.chat_effort
        if not self.efforts:
            return ""
        if requested in self.efforts:
            return requested
        rank = EFFORTS.index(requested)
        return min(self.efforts, key=lambda effort: abs(EFFORTS.index(effort) - rank))

    def cost_usd(self, usage: Usage, tier: str | None = None) -> float | None:
        """``cost_nano_usd`` in US dollars."""
        amount = self.cost_nano_usd(usage, tier)
        return None if amount is None else amount / _NANO

    def cost_nano_usd(self, usage: Usage, tier: str | None = None) -> int | None:
        """Nano-dollars for ``usage``, rounded half up; None without a price for the service tier.

        Cached and cache-write tokens are included in the input.
        """
        is_long = bool(self.long) and usage.input > self.long["above"]
        rates = self._rates.get((self._tier(tier), is_long))
        if rates is None:
            return None
        plain = max(usage.input - usage.cached - usage.cache_write, 0)
        parts = (
            plain * rates.input
            + usage.cached * rates.cached
            + usage.cache_write * rates.cache_write
            + usage.output * rates.output
        )
        return (2 * parts + rates.per) // (2 * rates.per)

    def max_nano_usd(self, input_tokens: int, output_tokens: int, tier: str = "") -> int | None:
        """The most nano-dollars, rounded up, that a call with at most so many tokens can cost.

        None when the row has no prices, or none for ``tier``. Input is priced as the most expensive
        kind it may turn out to be (cached and cache-write tokens are part of it), and with the
        surcharge for long requests where that can apply. The tier is the plain one unless another
        is requested ("batch"); an operator whose project at the provider has a more expensive one
        as its default writes its factor into the row, as ``tiers: {default: ...}``.
        """
        worst_cases = self._worst_cases(input_tokens, tier)
        return max(
            (-(-(fixed + output_tokens * each) // per) for fixed, each, per in worst_cases),
            default=None,
        )

    def affordable_output_tokens(self, nano: int, input_tokens: int, tier: str = "") -> int | None:
        """The most output tokens with which ``max_nano_usd`` stays within ``nano``.

        None when the row has no prices, 0 when ``nano`` does not cover the input, ``NO_LIMIT``
        when output is free.
        """
        worst_cases = self._worst_cases(input_tokens, tier)
        return min(
            (_covered_tokens(nano * per - fixed, each) for fixed, each, per in worst_cases),
            default=None,
        )

    def _worst_cases(self, input_tokens: int, tier: str) -> list[tuple[int, int, int]]:
        """(price of the input, price of an output token, parts per nano-dollar), with and without
        the surcharge where both can apply."""
        plain, long = (
            self._rates.get((tier or self._plain_tier, with_surcharge))
            for with_surcharge in (False, True)
        )
        if plain is None:
            return []
        if long is None or input_tokens <= self.long["above"]:
            return [(input_tokens * plain.max_input, plain.output, plain.per)]
        max_plain_input = int(self.long["above"])
        return [
            (max_plain_input * plain.max_input, plain.output, plain.per),
            (input_tokens * long.max_input, long.output, long.per),
        ]

    def _tier(self, tier: str | None) -> str:
        return "" if tier is None or (tier in _PLAIN_TIERS and tier not in self.tiers) else tier

    @cached_property
    def _plain_tier(self) -> str:
        """The most expensive of the tiers that may answer when none is requested."""
        return self._tier(max(_PLAIN_TIERS, key=lambda name: self.tiers.get(name, 1)))

    @cached_property
    def _rates(self) -> Mapping[tuple[str, bool], _TokenRates]:
        """By service tier and by whether the long-request surcharge applies; {} if unpriced."""
        if not self.price:
            return {}
        factors: dict[str, float] = {"": 1, **self.tiers}
        surcharges: dict[bool, Mapping[str, float]] = {False: {}}
        if self.long:
            surcharges[True] = self.long
        return {
            (tier, long): self._rate(factors[tier], surcharges[long])
            for tier in factors
            for long in surcharges
        }

    def _rate(self, factor: float, surcharge: Mapping[str, float]) -> _TokenRates:
        # from its text a price is exactly that of the file; a float is only near to it
        into, out = (
            Fraction(str(factor)) * Fraction(str(surcharge.get(side, 1))) * _NANO_PER_TOKEN
            for side in ("input", "output")
        )
        costs = {
            kind: Fraction(str(self.price.get(kind, self.price["input"]))) * into
            for kind in ("input", "cached", "cache_write")
        }
        costs["output"] = Fraction(str(self.price["output"])) * out
        per = lcm(*(cost.denominator for cost in costs.values()))
        return _TokenRates(**{kind: int(cost * per) for kind, cost in costs.items()}, per=per)


def _covered_tokens(budget: int, each: int) -> int:
    """How many tokens ``budget`` pays for; 0 when it is overdrawn, no limit when they are free."""
    if budget < 0:
        return 0
    return budget // each if each else NO_LIMIT


@dataclass(frozen=True)
class Profile:
    """How one provider differs from others.

    ``role``       the role of the message with our instructions
    ``cache_key``  whether it accepts a prompt cache key
    ``batches``    whether it has a Batch API
    ``forces_calls``  whether a function that is requested by name is always called
    """

    name: str
    hosts: tuple[str, ...] = ()
    role: str = "system"
    dialect: str = "chat"
    cache_key: bool = False
    batches: bool = False
    forces_calls: bool = False


class Models:
    """All rows, by id and by their other names.

    ``at_provider`` gives a provider's own name of a model, "" for one that it does not have.
    """

    def __init__(
        self,
        rows: Mapping[str, Model],
        profiles: Mapping[str, Profile],
        at_provider: Callable[[str], str] = str,
    ) -> None:
        self.rows = rows
        self.profiles = profiles
        self._at_provider = at_provider
        others = {name: row for row in rows.values() for name in (*row.snapshots, *row.aliases)}
        self._by_name = {**others, **rows}
        # the names are a provider's, so there may be any number
        self._find_other = lru_cache(maxsize=256)(self._find_by_rule)
        self._successors = lru_cache(maxsize=256)(self._find_successors)

    def find(self, model: str) -> Model:
        """The row of ``model``, or of the model that it names; an empty one if unknown."""
        return self._by_name.get(model) or self._find_other(model)

    def replacement(self, model: str) -> str:
        """The name of the model that replaces ``model`` at the same provider; "" for none."""
        return next(iter(self.successors(model)), "")

    def successors(self, model: str) -> tuple[str, ...]:
        """The names of the models that replace ``model`` at the same provider, in the order of
        trial: the successors in its row, then those in theirs."""
        return self._successors(model)

    def candidates(self, model: str, retired: str) -> tuple[Model, ...]:
        """The row of ``model``, then those of its successors when ``retired`` is "replace"."""
        successors = self.successors(model) if retired == "replace" else ()
        return tuple(self.find(name) for name in (model, *successors))

    def _find_successors(self, model: str) -> tuple[str, ...]:
        names: list[str] = []
        rows = [self.find(model)]
        for row in rows:  # it grows meanwhile
            for name in self._with_prefix(model, row.successors):
                successor = self.find(name)
                is_new = not any(successor is earlier for earlier in rows)
                if is_new and len(names) < MAX_SUCCESSORS:
                    rows.append(successor)
                    names.append(name)
        return tuple(names)

    def _with_prefix(self, model: str, successors: tuple[str, ...]) -> tuple[str, ...]:
        """The provider's names of ``successors``, with the seller's prefix that ``model`` has."""
        prefix = model.rpartition("/")[0]
        if prefix and model not in self._by_name:
            successors = tuple(f"{prefix}/{name}" for name in successors)
        return tuple(filter(None, map(self._at_provider, successors)))

    def _find_by_rule(self, model: str) -> Model:
        """The row of a dated snapshot, or of a seller's name such as ``openai/o4-mini``."""
        match = _SNAPSHOT.fullmatch(model)
        if match and match[1] in self._by_name:
            return self._by_name[match[1]]
        path, _, name = model.rpartition("/")
        row = self.find(name) if path else None
        if row and path.rpartition("/")[2] in row.vendors:
            # a seller's server is not the maker's: its own profile has its dialect
            return replace(row, dialect="")
        return Model(model, known=False)

    def profile(self, base_url: str, name: str = "auto") -> Profile:
        """The profile called ``name``, or with ``auto`` the one whose hosts match the base URL."""
        if name != "auto":
            return self.profiles[name]
        host = f".{urlsplit(base_url).hostname or ''}"
        for profile in self.profiles.values():
            if any(host.endswith(f".{suffix.lstrip('.')}") for suffix in profile.hosts):
                return profile
        return self.profiles["generic"]


def load_models(extra: Path | None = None) -> Models:
    """Formcall's rows and those of the operator's file ``extra``, which replace equal ids.

    Raises ``TemplateError``.
    """
    rows, profiles = _read(read_models_file(_FILE), {})
    if extra is not None:
        own_rows, own_profiles = read_own_rows(extra, rows)
        rows.update(own_rows)
        profiles.update(own_profiles)
    return Models(rows, profiles)


def read_own_rows(
    path: Path, known_rows: Mapping[str, Model]
) -> tuple[dict[str, Model], dict[str, Profile]]:
    """The rows and profiles of an operator's file. Raises ``TemplateError``.

    ``known_rows`` are those that its rows may refer to with ``same_as``.
    """
    return _read(read_models_file(path), known_rows)


def _read(
    file: ModelsFile, known_rows: Mapping[str, Model]
) -> tuple[dict[str, Model], dict[str, Profile]]:
    model_keys = {entry.name for entry in fields(Model)} - {"id", "known"}
    profile_keys = {entry.name for entry in fields(Profile)} - {"name"}
    bases = dict(known_rows)

    def make(name: str, **values: Any) -> Model:
        base_name = values.get("same_as", "")
        if not base_name:
            return Model(name, **values)
        base = bases.get(base_name)
        if base is None or base.same_as:
            raise file.error(
                f"models.{name}.same_as must be the id of a row of Formcall's own.",
                "models",
                name,
                "same_as",
            )
        own: dict[str, Any] = {}
        if name != base_name:  # the other names are those of the model itself
            own = {"snapshots": (), "aliases": (), "vendors": ()}
        if "replacement" in values:
            own["successors"] = ()
        return replace(base, id=name, **{**own, **values})

    models = file.rows("models", make, model_keys)
    file.refuse_shared_names({row.id: (*row.snapshots, *row.aliases) for row in models.values()})
    return models, file.rows("profiles", Profile, profile_keys)
