"""Parts of Office files (DOCX, PPTX, XLSX): one set of short names for both of their dialects.

Office writes the "transitional" namespaces of ISO 29500, and "Strict Open XML" other ones. Tags and
attributes of both become names such as ``w:p`` here.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.documents.formats.archive import Archive, Element

_TRANSITIONAL = "http://schemas.openxmlformats.org/"
_STRICT = "http://purl.oclc.org/ooxml/"
_SHARED = {
    "w": ("wordprocessingml/2006/main", "wordprocessingml/main"),
    "p": ("presentationml/2006/main", "presentationml/main"),
    "x": ("spreadsheetml/2006/main", "spreadsheetml/main"),
    "r": ("officeDocument/2006/relationships", "officeDocument/relationships"),
    "m": ("officeDocument/2006/math", "officeDocument/math"),
    "a": ("drawingml/2006/main", "drawingml/main"),
    "c": ("drawingml/2006/chart", "drawingml/chart"),
    "dgm": ("drawingml/2006/diagram", "drawingml/diagram"),
    "pic": ("drawingml/2006/picture", "drawingml/picture"),
    "wp": ("drawingml/2006/wordprocessingDrawing", "drawingml/wordprocessingDrawing"),
    "xdr": ("drawingml/2006/spreadsheetDrawing", "drawingml/spreadsheetDrawing"),
}
_PREFIXES = {
    **{_TRANSITIONAL + old: prefix for prefix, (old, _) in _SHARED.items()},
    **{_STRICT + new: prefix for prefix, (_, new) in _SHARED.items()},
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
}


def office_part(archive: Archive, name: str) -> Element:
    """The root element of a part with short names; ``Unreadable`` if it cannot be read."""
    return _shorten(archive.xml(name))


def office_part_if_there(archive: Archive, name: str) -> Element | None:
    """The root element of a part with short names, or None where it is missing or damaged."""
    root = archive.xml_if_there(name)
    return None if root is None else _shorten(root)


def _shorten(root: Element) -> Element:
    names: dict[str, str] = {}

    def short(name: str) -> str:
        if name not in names:
            names[name] = _short_name(name)
        return names[name]

    for element in root.iter():
        element.tag = short(element.tag)
        if element.attrib:
            element.attrib = {short(name): value for name, value in element.attrib.items()}
    return root


def _short_name(name: str) -> str:
    namespace, _, local = name.rpartition("}")
    prefix = _PREFIXES.get(namespace[1:], "")
    return f"{prefix}:{local}" if prefix else local


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along a path of tags, or None."""
    for tag in path:
        if element is None:
            return None
        element = next((one for one in element if one.tag == tag), None)
    return element


def children(element: Element | None, tag: str) -> Iterator[Element]:
    """The children with a tag."""
    return (one for one in element if one.tag == tag) if element is not None else iter(())


def value(element: Element | None, *path: str, attribute: str = "w:val") -> str:
    """An attribute of a descendant along a path of tags, or ""."""
    found = child(element, *path)
    return found.get(attribute, "") if found is not None else ""


def is_on(element: Element | None, *path: str) -> bool:
    """Whether a property is set: it is there, and not switched off."""
    found = child(element, *path)
    return found is not None and found.get("w:val", "1").lower() not in {"0", "false", "off"}


def is_true(text: str) -> bool:
    """Whether an attribute is set."""
    return text.lower() in {"1", "true", "on", "t"}


def whole_number(text: str, *, default: int = 0, largest: int = 1_000_000) -> int:
    """A number from 0 to ``largest`` in an attribute."""
    return min(int(text), largest) if text.isascii() and text.isdigit() else default
