"""Models and providers as dated data: windows, efforts, prices, shutdown dates, and how one server differs from another."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from math import lcm
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from connector.errors import TemplateError
from connector.providers.base import Usage
from connector.strictyaml import read_yaml

_FILE = Path(__file__).with_name("models.yaml")
_SNAPSHOT = re.compile(r"(.+)-\d{4}-\d{2}-\d{2}")
_RANK = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_PLAIN_TIERS = ("", "auto", "default", "standard")
_NANO = 1_000_000_000
_NANO_A_TOKEN = 1_000  # one dollar for a million tokens is a thousand nano-dollars for a token

NO_LIMIT = sys.maxsize

Row = TypeVar("Row")


@dataclass(frozen=True)
class _Rates:
    """What a token costs, in whole parts of which ``per`` make a nano-dollar: so sums are exact and fast."""

    input: int
    cached: int
    cache_write: int
    output: int
    per: int

    @property
    def dearest_input(self) -> int:
        return max(self.input, self.cached, self.cache_write)


@dataclass(frozen=True)
class Model:
    """One row. Prices are US dollars for a million tokens; a row without prices has no known cost.

    ``chat_effort`` is the only effort with which the model takes functions over chat completions, where there is such a rule.
    ``known`` is False for a model that no row describes: it gets no effort, no price and the plainest request.
    """

    id: str
    dialect: str = ""
    context: int = 0
    max_output: int = 0
    efforts: tuple[str, ...] = ()
    chat_effort: str = ""
    price: Mapping[str, float] = field(default_factory=dict)
    long: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, float] = field(default_factory=dict)
    tokenizer: str = ""
    image: Mapping[str, float] = field(default_factory=dict)
    snapshots: tuple[str, ...] = ()
    shutdown: str = ""
    replacement: str = ""
    source: str = ""
    as_of: str = ""
    known: bool = True

    @property
    def reasons(self) -> bool:
        """Whether the model thinks before it answers: it then takes an effort and gives reasoning to replay."""
        return bool(self.efforts)

    def effort(self, wanted: str, dialect: str = "") -> str:
        """The nearest effort this model has to ``wanted`` in that dialect; "" when it has none."""
        if dialect == "chat" and self.chat_effort:
            return self.chat_effort
        if wanted in self.efforts or not self.efforts:
            return wanted if self.efforts else ""
        return min(self.efforts, key=lambda effort: abs(_RANK.index(effort) - _RANK.index(wanted)))

    def cost(self, usage: Usage, tier: str | None = None) -> float | None:
        """``nano`` in US dollars."""
        amount = self.nano(usage, tier)
        return None if amount is None else amount / _NANO

    def nano(self, usage: Usage, tier: str | None = None) -> int | None:
        """Nano-dollars for ``usage``, rounded half up; None when the row has no prices, or none for the service tier that answered.

        Cached and written tokens are inside the input.
        """
        rates = self._rates.get((self._tier(tier), bool(self.long) and usage.input > self.long["above"]))
        if rates is None:
            return None
        plain = max(usage.input - usage.cached - usage.cache_write, 0)
        parts = plain * rates.input + usage.cached * rates.cached + usage.cache_write * rates.cache_write + usage.output * rates.output
        return (2 * parts + rates.per) // (2 * rates.per)

    def most(self, input_tokens: int, output_tokens: int, tier: str = "") -> int | None:
        """The most nano-dollars, rounded up, that a call with at most so many tokens can cost; None when the row has no prices.

        Input counts as the dearest kind it may turn out to be (cached and written tokens are inside it), and with the surcharge
        for long requests where that can apply. The tier is the plain one unless another is asked for ("batch"; None again when the
        row has no price for that); an operator whose project at the provider is set to a dearer one writes its factor into the row,
        as ``tiers: {default: ...}``.
        """
        lines = self._lines(input_tokens, tier)
        return max((-(-(fixed + output_tokens * each) // per) for fixed, each, per in lines), default=None)

    def affordable(self, nano: int, input_tokens: int, tier: str = "") -> int | None:
        """The most output tokens with which ``most`` stays within ``nano``; None when the row has no prices.

        0 when not even the input is paid for, ``NO_LIMIT`` when output is free.
        """
        left = [(nano * per - fixed, each) for fixed, each, per in self._lines(input_tokens, tier)]
        return min((0 if rest < 0 else rest // each if each else NO_LIMIT for rest, each in left), default=None)

    def _lines(self, input_tokens: int, tier: str) -> list[tuple[int, int, int]]:
        """(the input, each output token, parts of a nano-dollar) of every way in which so much input can be charged at most."""
        plain, long = (self._rates.get((tier or self._plain_tier, with_surcharge)) for with_surcharge in (False, True))
        if plain is None:
            return []
        if long is None or input_tokens <= self.long["above"]:
            return [(input_tokens * plain.dearest_input, plain.output, plain.per)]
        most = int(self.long["above"])
        return [(most * plain.dearest_input, plain.output, plain.per), (input_tokens * long.dearest_input, long.output, long.per)]

    def _tier(self, tier: str | None) -> str:
        return "" if tier is None or (tier in _PLAIN_TIERS and tier not in self.tiers) else tier

    @cached_property
    def _plain_tier(self) -> str:
        """The dearest of the tiers that answer when none is asked for."""
        return self._tier(max(_PLAIN_TIERS, key=lambda name: self.tiers.get(name, 1)))

    @cached_property
    def _rates(self) -> Mapping[tuple[str, bool], _Rates]:
        """The rates by service tier, and by whether the surcharge for long requests applies; empty without prices."""
        if not self.price:
            return {}
        factors: dict[str, float] = {"": 1, **self.tiers}
        surcharges: dict[bool, Mapping[str, float]] = {False: {}, **({True: self.long} if self.long else {})}
        return {(tier, long): self._rate(factors[tier], surcharges[long]) for tier in factors for long in surcharges}

    def _rate(self, factor: float, surcharge: Mapping[str, float]) -> _Rates:
        # the text of a number is what stands in the file; the number itself is only near to it
        into, out = (Fraction(str(factor)) * Fraction(str(surcharge.get(side, 1))) * _NANO_A_TOKEN for side in ("input", "output"))
        costs = {kind: Fraction(str(self.price.get(kind, self.price["input"]))) * into for kind in ("input", "cached", "cache_write")}
        costs["output"] = Fraction(str(self.price["output"])) * out
        per = lcm(*(cost.denominator for cost in costs.values()))
        return _Rates(**{kind: int(cost * per) for kind, cost in costs.items()}, per=per)


@dataclass(frozen=True)
class Profile:
    """How one provider differs: the role of our instructions, its own dialect, whether it takes a cache key, and files of calls that
    are answered later (``batches``)."""

    name: str
    hosts: tuple[str, ...] = ()
    role: str = "system"
    dialect: str = "chat"
    cache_key: bool = False
    batches: bool = False


class Models:
    """All rows, by id and by snapshot."""

    def __init__(self, rows: Mapping[str, Model], profiles: Mapping[str, Profile]) -> None:
        self.rows, self.profiles = rows, profiles
        self._by_name = {**{name: row for row in rows.values() for name in row.snapshots}, **rows}

    def find(self, model: str) -> Model:
        """The row of ``model`` or of the model it is a dated snapshot of; an unknown model gets a row without facts."""
        if model in self._by_name:
            return self._by_name[model]
        if (match := _SNAPSHOT.fullmatch(model)) and match[1] in self._by_name:
            return self._by_name[match[1]]
        return Model(model, known=False)

    def answering(self, model: str, retired: str) -> tuple[Model, ...]:
        """The rows that may answer when ``model`` is asked for: its own first, then what replaces it when ``retired`` is "replace"."""
        rows = [self.find(model)]
        while retired == "replace" and rows[-1].replacement:
            row = self.find(rows[-1].replacement)
            if row in rows:
                break
            rows.append(row)
        return tuple(rows)

    def profile(self, base_url: str, wanted: str = "auto") -> Profile:
        """The profile called ``wanted``, or with ``auto`` the one whose hosts match the address."""
        if wanted != "auto":
            return self.profiles[wanted]
        host = f".{urlsplit(base_url).hostname or ''}"
        matches = (one for one in self.profiles.values() if any(host.endswith(f".{end.lstrip('.')}") for end in one.hosts))
        return next(matches, self.profiles["generic"])


def load_models(extra: Path | None = None) -> Models:
    """The rows of Formcall, then those of the operator's file, which replace rows of the same id."""
    rows, profiles = _read(_FILE)
    if extra is not None:
        more_rows, more_profiles = _read(extra)
        rows, profiles = {**rows, **more_rows}, {**profiles, **more_profiles}
    return Models(rows, profiles)


def _read(path: Path) -> tuple[dict[str, Model], dict[str, Profile]]:
    try:
        value, lines = read_yaml(path.read_text(encoding="utf-8"), file=str(path))
    except OSError as error:
        raise TemplateError(f"the file of models cannot be read ({error.strerror}).", file=str(path)) from None
    except UnicodeDecodeError:
        raise TemplateError("the file of models is not UTF-8 text.", file=str(path)) from None
    if not isinstance(value, dict) or not set(value) <= {"as_of", "models", "profiles"}:
        raise TemplateError("the file of models has `as_of`, `models` and `profiles`, nothing else.", file=str(path), line=1)

    def rows(section: str, make: Callable[..., Row], known: set[str]) -> dict[str, Row]:
        found = value.get(section) or {}
        if not isinstance(found, dict):
            raise TemplateError(f"{section} must be a map of names to rows.", file=str(path), line=lines.of(section))
        for name, row in found.items():
            if not isinstance(row, dict) or not set(row) <= known:
                problem = f"{section}.{name} may have only {', '.join(sorted(known))}."
                raise TemplateError(problem, file=str(path), line=lines.of(section, name))
            for part, given in row.items():
                fits, words = _RULES.get(part, _TEXT)
                if not fits(given):
                    raise TemplateError(f"{section}.{name}.{part} must be {words}.", file=str(path), line=lines.of(section, name, part))
        return {
            name: make(name, **{part: tuple(v) if isinstance(v, list) else v for part, v in row.items()}) for name, row in found.items()
        }

    of_models = {entry.name for entry in fields(Model)} - {"id", "known"}
    of_profiles = {entry.name for entry in fields(Profile)} - {"name"}
    return rows("models", Model, of_models), rows("profiles", Profile, of_profiles)


# --- what a row may hold ---

Rule = tuple[Callable[[Any], bool], str]


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _amounts(needed: Collection[str] = (), more: Collection[str] | None = None) -> Rule:
    """A map of amounts with all of ``needed``, and perhaps some of ``more`` (None: any others)."""

    def fits(value: Any) -> bool:
        if not isinstance(value, dict) or not set(needed) <= set(value) or (more is not None and not set(value) <= {*needed, *more}):
            return False
        return all(isinstance(one, int | float) and not isinstance(one, bool) and one >= 0 for one in value.values())

    named = f" with {', '.join(needed)}" if needed else ""
    perhaps = f" (and perhaps {', '.join(more)})" if more else ""
    return fits, f"amounts{named}{perhaps}"


def _one_of(*words: str) -> Rule:
    return lambda value: value in words, " or ".join(word for word in words if word)


_TEXT: Rule = (lambda value: isinstance(value, str), "a text")
_COUNT: Rule = (_is_count, "a whole number")
_NAMES: Rule = (_is_names, "a list of names")
_SWITCH: Rule = (lambda value: isinstance(value, bool), "true or false")
_RULES: dict[str, Rule] = {
    "dialect": _one_of("", "responses", "chat"),
    "context": _COUNT,
    "max_output": _COUNT,
    "efforts": (lambda value: _is_names(value) and set(value) <= set(_RANK), f"a list of {', '.join(_RANK)}"),
    "chat_effort": _one_of("", *_RANK),
    "price": _amounts(("input", "output"), ("cached", "cache_write")),
    "long": _amounts(("above", "input", "output"), ()),
    "tiers": _amounts(),
    "image": _amounts(),
    "snapshots": _NAMES,
    "hosts": _NAMES,
    "role": _one_of("developer", "system"),
    "cache_key": _SWITCH,
    "batches": _SWITCH,
}
