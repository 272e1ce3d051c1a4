"""Models and providers as dated data: windows, efforts, prices, shutdown dates, and how one server differs from another."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from connector.errors import TemplateError
from connector.providers.base import Usage
from connector.strictyaml import read_yaml

_FILE = Path(__file__).with_name("models.yaml")
_SNAPSHOT = re.compile(r"(.+)-\d{4}-\d{2}-\d{2}")
_RANK = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_MILLION = 1_000_000
_PLAIN_TIERS = {None, "", "auto", "default", "standard"}

Row = TypeVar("Row")


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
        """US dollars for ``usage``; None when the row has no prices, or none for the service tier that answered.

        Cached and written tokens are inside the input.
        """
        factor = self.tiers.get(tier or "", 1.0 if tier in _PLAIN_TIERS else None)
        if not self.price or factor is None:
            return None
        plain = max(usage.input - usage.cached - usage.cache_write, 0)
        into = plain * self.price["input"]
        into += usage.cached * self.price.get("cached", self.price["input"])
        into += usage.cache_write * self.price.get("cache_write", self.price["input"])
        out = usage.output * self.price["output"]
        if self.long and usage.input > self.long["above"]:
            into, out = into * self.long["input"], out * self.long["output"]
        return (into + out) * factor / _MILLION


@dataclass(frozen=True)
class Profile:
    """How one provider differs: the role of our instructions, its own dialect, and whether it takes a cache key."""

    name: str
    hosts: tuple[str, ...] = ()
    role: str = "system"
    dialect: str = "chat"
    cache_key: bool = False


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
    "cache_key": (lambda value: isinstance(value, bool), "true or false"),
}
