"""Fields in Bubble's editor, and values of answers in its workflows: one table each.

A field that takes lines or a list has two boxes, since a box of Bubble is either one text or a
list; the first box that is filled in is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from connector.catalogue import Field
from connector.json_types import Json


@dataclass(frozen=True)
class EditorInput:
    """One input in Bubble's editor. ``read`` is the function of server.js that reads it, ``kind``
    its distinguishing part of an id.

    ``suffix`` and ``words`` (appended to the label) distinguish the boxes of one field. ``many``:
    only for fields that take several files.
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


_TEXT = EditorInput("DynamicValue", "text", "text", value="text")
_LONG = replace(_TEXT, long_text=True)
_NUMBER = EditorInput("DynamicValue", "number", "number", value="number")
_SWITCH = EditorInput("Checkbox", "yes", "checkbox")
CHOICE = EditorInput("Dropdown", "text", "dropdown")
_LIST = EditorInput(
    "DynamicValue",
    "list",
    "text_list",
    value="text",
    is_list=True,
    suffix="list",
    words="as a list",
)
_FILE = EditorInput("DynamicValue", "address", "file", value="file")
_IMAGE = EditorInput(
    "DynamicValue", "address", "image", value="image", suffix="image", words="as an image"
)
_ADDRESS = EditorInput(
    "DynamicValue", "address", "text", value="text", suffix="address", words="as an address"
)
_FILES = EditorInput(
    "DynamicValue",
    "addresses",
    "file_list",
    value="file",
    is_list=True,
    suffix="files",
    words="as a list of files",
    many=True,
)
_IMAGES = replace(
    _FILES, kind="image_list", value="image", suffix="images", words="as a list of images"
)
HEADING = EditorInput("Label", "", "label")

WIDGETS: dict[str, tuple[EditorInput, ...]] = {
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


def boxes_of(entry: Field) -> list[EditorInput]:
    """The boxes of ``entry``."""
    return [box for box in WIDGETS[entry.type] if not box.many or (entry.max or 1) > 1]


@dataclass(frozen=True)
class Output:
    """One value that a Bubble action returns, from ``source`` in the answer.

    A list of objects becomes parallel lists: ``part`` is this one's column, ``parts`` are all
    columns. ``beside`` are parallel lists of the answer. Entries that lack a part are left out of
    all lists, since a list of Bubble has no empty entries.
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
    "ok",
    "code",
    "retryable",
    "action",
    "engine",
    "model_requested",
    "effort",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "duration_ms",
    "retry_after",
}


_SPELLED = {
    "id": "ID",
    "json": "JSON",
    "url": "URL",
    "usd": "USD",
    "csv": "CSV",
    "jsonl": "JSONL",
    "ms": "(ms)",
}


def outputs_of(schemas: Mapping[str, Json]) -> list[Output]:
    """The outputs for the values of an answer by their published schemas."""
    shown = {
        name: {**schema, "x-caption": _spelled(schema["x-caption"])}
        for name, schema in schemas.items()
        if name not in _LEFT_OUT
    }
    outputs = [
        one for name, schema in shown.items() for one in _ANSWERS[schema["type"]](name, schema)
    ]
    if set(_BESIDE) <= set(schemas):
        outputs = [replace(one, beside=_BESIDE) if one.name in _BESIDE else one for one in outputs]
    return outputs


def _spelled(caption: str) -> str:
    return " ".join(_SPELLED.get(word.lower(), word) for word in caption.split())


def _single(name: str, schema: Json) -> Iterator[Output]:
    yield Output(
        name,
        schema["x-caption"],
        _VALUES[schema["type"]],
        name,
        words=schema.get("description", ""),
    )


def _several(name: str, schema: Json) -> Iterator[Output]:
    items, caption, words = schema["items"], schema["x-caption"], schema.get("description", "")
    parts: Json = items.get("properties", {})
    if not parts:  # objects whose keys only the caller knows are given as JSON text, one an entry
        yield Output(
            name,
            caption,
            _VALUES.get(items.get("type", ""), "text"),
            name,
            is_list=True,
            words=words,
        )
    for part, inner in parts.items():
        about = inner.get("description", words)
        value = _VALUES[inner["type"]]
        yield Output(
            f"{name}_{part}",
            f"{caption} {_spelled(part.replace('_', ' '))}",
            value,
            name,
            True,
            part,
            tuple(parts),
            words=about,
        )


def _none(name: str, schema: Json) -> Iterator[Output]:
    """An object has no output; its JSON text and its two lists do."""
    yield from ()


_ANSWERS: dict[str, Callable[[str, Json], Iterator[Output]]] = {
    **dict.fromkeys(_VALUES, _single),
    "array": _several,
    "object": _none,
}
