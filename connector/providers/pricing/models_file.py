"""The file format of ``models.yaml``, for Formcall's own file and for an operator's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from connector.errors import TemplateError
from connector.json_types import Json
from connector.yaml_subset import LineNumbers, read_yaml

Row = TypeVar("Row")
Rule = tuple[Callable[[Any], bool], str]  # whether a value is valid, and what it must be

# fields of a body that decide what is sent, what is kept and what a call costs
OWN_FIELDS = frozenset(
    {
        "model",
        "messages",
        "input",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "response_format",
        "text",
        "store",
        "background",
        "stream",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "n",
        "service_tier",
    }
)
EXTRA_BODY_RULE = f"an object without {', '.join(sorted(OWN_FIELDS))}"
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")  # in rising order


def read_models_file(path: Path) -> ModelsFile:
    """The parsed file. Raises ``TemplateError``."""
    try:
        value, lines = read_yaml(path.read_text(encoding="utf-8"), file=str(path))
    except OSError as error:
        raise TemplateError(
            f"the file of models cannot be read ({error.strerror}).", file=str(path)
        ) from None
    except UnicodeDecodeError:
        raise TemplateError("the file of models is not UTF-8 text.", file=str(path)) from None
    if not isinstance(value, dict) or not set(value) <= {"as_of", "models", "profiles"}:
        raise TemplateError(
            "the file of models has `as_of`, `models` and `profiles`, nothing else.",
            file=str(path),
            line=1,
        )
    return ModelsFile(path, value, lines)


@dataclass(frozen=True)
class ModelsFile:
    """A parsed file; its errors name the line."""

    path: Path
    value: Json
    lines: LineNumbers

    def rows(self, section: str, make: Callable[..., Row], allowed: set[str]) -> dict[str, Row]:
        """The rows of a section by name. Raises ``TemplateError``."""
        rows = self.value.get(section) or {}
        if not isinstance(rows, dict):
            raise self.error(f"{section} must be a map of names to rows.", section)
        made = {}
        for name, row in rows.items():
            self._check(section, name, row, allowed)
            arguments = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in row.items()
            }
            made[name] = make(name, **arguments)
        return made

    def refuse_shared_names(self, names_by_row: Mapping[str, Collection[str]]) -> None:
        """Raise ``TemplateError`` when a name belongs to two rows of the file."""
        owners: dict[str, str] = {}
        for row, names in names_by_row.items():
            for name in names:
                if owners.setdefault(name, row) != row:
                    problem = f"{name} is a name of both {owners[name]} and {row}."
                    raise self.error(problem, "models", row)

    def _check(self, section: str, name: str, row: Any, allowed: set[str]) -> None:
        if not isinstance(row, dict) or not set(row) <= allowed:
            problem = f"{section}.{name} may have only {', '.join(sorted(allowed))}."
            raise self.error(problem, section, name)
        for key, value in row.items():
            is_valid, expected = _RULES.get(key, _TEXT)
            if not is_valid(value):
                problem = f"{section}.{name}.{key} must be {expected}."
                raise self.error(problem, section, name, key)
        if (
            row.get("successors")
            and row.get("replacement", row["successors"][0]) not in (row["successors"][:1])
        ):
            problem = f"{section}.{name}.replacement must be the first of its successors."
            raise self.error(problem, section, name, "replacement")

    def error(self, problem: str, *keys: str) -> TemplateError:
        """``problem`` with the file and the line of ``keys``."""
        return TemplateError(problem, file=str(self.path), line=self.lines.of(*keys))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def is_extra_body(value: Any) -> bool:
    """Whether ``value`` has fields that may be added to a call's body."""
    return isinstance(value, dict) and not any(
        name in OWN_FIELDS or not isinstance(name, str) for name in value
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)


def _is_efforts(value: Any) -> bool:
    return _is_names(value) and set(value) <= set(EFFORTS)


def _amounts(required: Collection[str] = (), optional: Collection[str] | None = None) -> Rule:
    """A map of amounts with all ``required`` names and any ``optional`` ones (None: any others)."""

    def is_valid(value: Any) -> bool:
        if not isinstance(value, dict) or not set(required) <= set(value):
            return False
        if optional is not None and not set(value) <= {*required, *optional}:
            return False
        return all(map(_is_amount, value.values()))

    with_required = f" with {', '.join(required)}" if required else ""
    with_optional = f" (and optionally {', '.join(optional)})" if optional else ""
    return is_valid, f"amounts{with_required}{with_optional}"


def _one_of(*choices: str) -> Rule:
    return lambda value: value in choices, " or ".join(choice for choice in choices if choice)


_TEXT: Rule = (lambda value: isinstance(value, str), "text")
_COUNT: Rule = (_is_count, "a whole number")
_NAMES: Rule = (_is_names, "a list of names")
_SWITCH: Rule = (lambda value: isinstance(value, bool), "true or false")
PRICE_RULE: Rule = _amounts(("input", "output"), ("cached", "cache_write"))
_RULES: dict[str, Rule] = {
    "dialect": _one_of("", "responses", "chat"),
    "context": _COUNT,
    "max_output": _COUNT,
    "efforts": (_is_efforts, f"a list of {', '.join(EFFORTS)}"),
    "chat_effort": _one_of("", *EFFORTS),
    "price": PRICE_RULE,
    "long": _amounts(("above", "input", "output"), ()),
    "tiers": _amounts(),
    "image": _amounts(),
    "snapshots": _NAMES,
    "aliases": _NAMES,
    "extra_body": (is_extra_body, EXTRA_BODY_RULE),
    "vendors": _NAMES,
    "successors": _NAMES,
    "input_limit": _COUNT,
    "hosts": _NAMES,
    "role": _one_of("developer", "system"),
    "cache_key": _SWITCH,
    "batches": _SWITCH,
    "forces_calls": _SWITCH,
}
