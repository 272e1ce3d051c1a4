"""The parsed value of an action file and typed access to its parts; errors name file and line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.catalogue.template_format import ID, ID_LENGTH
from connector.catalogue.values import is_absent, suggestion
from connector.errors import TemplateError
from connector.json_types import Json
from connector.yaml_subset import LineNumbers


class TemplateSource:
    """Reads parts of one file. ``path`` is the position of a value: ``"fields", "text", "max"``."""

    def __init__(self, file: str, lines: LineNumbers) -> None:
        self.file = file
        self.lines = lines

    def error(self, problem: str, *path: str | int) -> TemplateError:
        """A ``TemplateError`` for the value at ``path``; entries of a list are counted from 1."""
        position = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
        return TemplateError(
            f"{position}: {problem}" if position else problem,
            file=self.file,
            line=self.lines.of(*path) if self.file else 0,
        )

    def known_mapping(
        self, value: Any, known: tuple[str, ...], *path: str | int, required: tuple[str, ...] = ()
    ) -> Json:
        """A mapping with keys from ``known``, of which ``required`` are not empty."""
        entry = self.mapping(value, *path)
        for key in entry:
            if key not in known:
                hint = suggestion(key, known) or f" Known here: {', '.join(known)}."
                raise self.error(f"`{key}` is not known here.{hint}", *path, key)
        for key in required:
            if is_absent(entry.get(key)) and entry.get(key) != []:
                raise self.error(f"`{key}` is missing here.", *path)
        return entry

    def mapping(self, value: Any, *path: str | int) -> Json:
        """A mapping; it may be empty only for the input of an example."""
        if not isinstance(value, dict) or (not value and path[-1:] != ("input",)):
            subject = path[-1] if path else "the file"
            raise self.error(f"`{subject}` must be a map of names to values.", *path)
        return value

    def text(self, entry: Json, key: str, *path: str | int, limit: int) -> str:
        """A text of at most ``limit`` characters, without white space at its ends."""
        value = self.raw_text(entry, key, *path)
        if len(value) > limit:
            raise self.error(
                f"`{key}` has {len(value)} characters; {limit} are allowed.", *path, key
            )
        return value.strip()

    def raw_text(self, entry: Json, key: str, *path: str | int) -> str:
        """A text of any length, unchanged."""
        value = entry.get(key, "")
        if not isinstance(value, str):
            raise self.error(f"`{key}` must be text; quote it.", *path, key)
        return value

    def texts(self, value: Any, *path: str | int) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.error(f"`{path[-1]}` must be a list of texts.", *path)
        return value

    def one_of(self, value: Any, known: tuple[str, ...], *path: str | int) -> str:
        if value not in known:
            hint = suggestion(str(value), known)
            raise self.error(
                f"`{path[-1]}` must be one of {', '.join(known)}; not `{value}`.{hint}", *path
            )
        return str(value)

    def boolean(self, entry: Json, key: str, *path: str | int) -> bool:
        value = entry.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"`{key}` must be true or false.", *path, key)
        return value

    def whole_number(self, value: Any, *path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(f"`{path[-1]}` must be a whole number.", *path)
        return value

    def bounds(
        self, entry: Json, path: tuple[str, ...]
    ) -> tuple[int | float | None, int | float | None]:
        """``min`` and ``max``, each None when absent."""
        low = self._bound(entry, "min", path)
        high = self._bound(entry, "max", path)
        if low is not None and high is not None and low > high:
            raise self.error("`min` is more than `max`.", *path, "min")
        return low, high

    def _bound(self, entry: Json, key: str, path: tuple[str, ...]) -> int | float | None:
        value = entry.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"`{key}` must be a number.", *path, key)
        return value

    def check_key_types(
        self,
        entry: Json,
        kind: str,
        key_types: Mapping[str, tuple[str, ...]],
        path: tuple[str, ...],
    ) -> None:
        """Reject keys that do not apply to the type ``kind``."""
        for key, kinds in key_types.items():
            if entry.get(key) and kind not in kinds:
                raise self.error(
                    f"`{key}` does not go with the type {kind}; it goes with {', '.join(kinds)}.",
                    *path,
                    key,
                )
        if "choices" in entry and "choices_from" in entry:
            raise self.error(
                "`choices` and `choices_from` exclude each other; keep one.", *path, "choices"
            )

    def check_name(self, name: str, path: tuple[str, ...]) -> None:
        if not ID.fullmatch(name) or len(name) > ID_LENGTH:
            raise self.error(
                f"`{name}` is not a name: lower-case words joined by one _, at most {ID_LENGTH} "
                "characters.",
                *path,
            )
