"""The numbers of list items in OpenDocument files, which programs count themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connector.documents.formats.archive import Element
from connector.documents.formats.office_xml import whole_number
from connector.documents.formats.word_numbering import format_number

_BULLET = "-"
_FORMS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
}
_LEVELS = 10


@dataclass(frozen=True)
class _ListLevel:
    """How the items of a level are marked; ``form`` is "" where they have no number."""

    is_bullet: bool
    form: str
    prefix: str
    suffix: str
    start: int
    shown: int  # levels that the number consists of


@dataclass
class ListNumbers:
    """Counts the items of the lists of a file, in their order."""

    styles: dict[str, dict[int, _ListLevel]] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)  # the styles of the lists that are open
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    def add_styles(self, root: Element) -> None:
        """Add the list styles of a part of the file, whose names are short."""
        for style in root.iter("text:list-style"):
            self.styles[style.get("style:name", "")] = dict(_levels(style))

    @contextmanager
    def open(self, element: Element) -> Iterator[None]:
        """A list, whose items follow; one within a list has the style of that."""
        inherited = self._names[-1] if self._names else ""
        name = element.get("text:style-name") or inherited
        level = len(self._names)
        goes_on = element.get("text:continue-numbering") == "true" or "text:continue-list" in (
            element.attrib
        )
        counts = self._counts.setdefault(name, [None] * _LEVELS)
        if not goes_on and level < _LEVELS:
            counts[level:] = [None] * (_LEVELS - level)
        self._names.append(name)
        try:
            yield
        finally:
            self._names.pop()

    def label(self, item: Element) -> str:
        """The number or the bullet of the next item; "" for one that has none."""
        name = self._names[-1] if self._names else ""
        index = len(self._names) - 1
        levels = self.styles.get(name, {})
        level = levels.get(index)
        if level is None or level.is_bullet:
            return _BULLET
        counts = self._counts[name]
        last = counts[index]
        counts[index] = whole_number(
            item.get("text:start-value", ""), default=level.start if last is None else last + 1
        )
        return self._text(levels, counts, index)

    def _text(self, levels: dict[int, _ListLevel], counts: list[int | None], index: int) -> str:
        level = levels[index]
        if not level.form:
            return ""
        numbers = []
        for place in range(max(0, index + 1 - level.shown), index + 1):
            shown = levels.get(place, level)
            count = counts[place]
            if shown.form:
                numbers.append(format_number(shown.start if count is None else count, shown.form))
        return f"{level.prefix}{'.'.join(numbers)}{level.suffix}".strip()


def _levels(style: Element) -> Iterator[tuple[int, _ListLevel]]:
    for entry in style:
        index = whole_number(entry.get("text:level", "")) - 1
        if 0 <= index < _LEVELS:
            yield (
                index,
                _ListLevel(
                    entry.tag != "text:list-level-style-number",
                    _FORMS.get(entry.get("style:num-format", ""), ""),
                    entry.get("style:num-prefix", "")[:20],
                    entry.get("style:num-suffix", "")[:20],
                    whole_number(entry.get("text:start-value", ""), default=1),
                    whole_number(entry.get("text:display-levels", ""), default=1),
                ),
            )
