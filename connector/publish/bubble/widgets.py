"""What a field is in Bubble's editor and what a value of an answer is in its workflows: one table each.

A field that may be typed or be taken from a list has two boxes, since a box of Bubble is either one text or a list; the first that is
filled in counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.catalogue import Field

Json = dict[str, Any]


@dataclass(frozen=True)
class Box:
    """One input in Bubble's editor. ``read`` is the function of server.js that reads it, ``kind`` what tells it apart in an id.

    ``suffix`` names it where a field has several, and ``words`` stand behind the field's label then. ``many``: it is there only where the
    field takes several files.
    """

    editor: str
    read: str
    kind: str
    value: str = ""
    long_text: bool = False
    is_list: bool = False
    suffix: str = ""
    words: str = ""
    many: bool = False


_TEXT = Box("DynamicValue", "text", "text", value="text")
_LONG = replace(_TEXT, long_text=True)
_NUMBER = Box("DynamicValue", "number", "number", value="number")
_SWITCH = Box("Checkbox", "yes", "checkbox")
CHOICE = Box("Dropdown", "text", "dropdown")
_LIST = Box("DynamicValue", "list", "text_list", value="text", is_list=True, suffix="list", words="as a list")
_FILE = Box("DynamicValue", "address", "file", value="file")
_IMAGE = Box("DynamicValue", "address", "image", value="image", suffix="image", words="as an image")
_ADDRESS = Box("DynamicValue", "address", "text", value="text", suffix="address", words="as an address")
_FILES = Box("DynamicValue", "addresses", "file_list", value="file", is_list=True, suffix="files", words="as a list of files", many=True)
_IMAGES = replace(_FILES, kind="image_list", value="image", suffix="images", words="as a list of images")
HEADING = Box("Label", "", "label")

WIDGETS: dict[str, tuple[Box, ...]] = {
    "text": (_TEXT,),
    "longtext": (_LONG,),
    "number": (_NUMBER,),
    "integer": (_NUMBER,),
    "boolean": (_SWITCH,),
    "choice": (CHOICE,),
    "list": (_LONG, _LIST),
    "options": (_LONG, _LIST),
    "shape": (_LONG, _LIST),
    "file": (_FILE, _IMAGE, _ADDRESS, _FILES, _IMAGES),
    "label": (HEADING,),
}


def boxes_of(entry: Field) -> list[Box]:
    """The boxes that ``entry`` is entered in."""
    return [box for box in WIDGETS[entry.type] if not box.many or (entry.max or 1) > 1]


@dataclass(frozen=True)
class Output:
    """One value that a Bubble action gives, out of ``source`` in our answer.

    A list of objects becomes parallel lists: ``part`` is this one's column, ``parts`` are all of them. ``beside`` are lists of the answer
    that belong together entry by entry. Entries that lack a part are left out of all, since a list of Bubble has no empty entries.
    """

    name: str
    caption: str
    value: str
    source: str
    is_list: bool = False
    part: str = ""
    parts: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    words: str = ""

    @property
    def kind(self) -> str:
        return f"{self.value}{'_list' * self.is_list}"


_VALUES = {"string": "text", "number": "number", "integer": "number", "boolean": "boolean"}
_BESIDE = ("names", "values")  # what a record is beside its JSON text
# of what every answer has: what a run's own page and raw_json show, or what our own outputs say
_LEFT_OUT = {
    "ok", "code", "retryable", "action", "engine", "model_requested", "effort", "input_tokens", "cached_tokens", "output_tokens",
    "reasoning_tokens", "duration_ms", "retry_after",
}  # fmt: skip


_SPELLED = {"id": "ID", "json": "JSON", "url": "URL", "usd": "USD", "csv": "CSV", "jsonl": "JSONL", "ms": "(ms)"}


def outputs_of(schemas: Mapping[str, Json]) -> list[Output]:
    """The outputs for the values of an answer by their published schemas."""
    shown = {name: {**schema, "x-caption": _spelled(schema["x-caption"])} for name, schema in schemas.items() if name not in _LEFT_OUT}
    found = [one for name, schema in shown.items() for one in _ANSWERS[schema["type"]](name, schema)]
    if set(_BESIDE) <= set(schemas):
        found = [replace(one, beside=_BESIDE) if one.name in _BESIDE else one for one in found]
    return found


def _spelled(caption: str) -> str:
    return " ".join(_SPELLED.get(word.lower(), word) for word in caption.split())


def _single(name: str, schema: Json) -> Iterator[Output]:
    yield Output(name, schema["x-caption"], _VALUES[schema["type"]], name, words=schema.get("description", ""))


def _several(name: str, schema: Json) -> Iterator[Output]:
    items, caption, words = schema["items"], schema["x-caption"], schema.get("description", "")
    parts: Json = items.get("properties", {})
    if not parts:  # objects whose keys only the caller knows are given as JSON text, one an entry
        yield Output(name, caption, _VALUES.get(items.get("type", ""), "text"), name, is_list=True, words=words)
    for part, inner in parts.items():
        said = inner.get("description", words)
        value = _VALUES[inner["type"]]
        yield Output(f"{name}_{part}", f"{caption} {_spelled(part.replace('_', ' '))}", value, name, True, part, tuple(parts), words=said)


def _none(name: str, schema: Json) -> Iterator[Output]:
    """An object: its JSON text and its two lists stand beside it."""
    yield from ()


_ANSWERS: dict[str, Callable[[str, Json], Iterator[Output]]] = {
    **dict.fromkeys(_VALUES, _single),
    "array": _several,
    "object": _none,
}
