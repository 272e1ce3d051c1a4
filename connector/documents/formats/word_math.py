"""Equations of Word (Office MathML) as a line of text."""

from __future__ import annotations

from collections.abc import Callable

from connector.documents.formats.archive import Element
from connector.documents.formats.office_xml import child, children, value

_SIGNS = {"": "∫", "∑": "∑", "∏": "∏"}


def math_text(element: Element) -> str:
    """The text of an equation or a part of one, such as ``x = (a + b)/2``."""
    if element.tag == "m:t":
        return element.text or ""
    write = _WRITERS.get(element.tag)
    return write(element) if write else _content(element)


def _content(element: Element | None) -> str:
    if element is None:
        return ""
    return "".join(math_text(one) for one in element if not one.tag.endswith("Pr"))


def _part(element: Element, tag: str) -> str:
    return _content(child(element, tag)).strip()


def _grouped(text: str) -> str:
    """``text``, in parentheses unless it is a single name or number."""
    return text if text.isalnum() or len(text) <= 1 else f"({text})"


def _fraction(element: Element) -> str:
    return f"{_grouped(_part(element, 'm:num'))}/{_grouped(_part(element, 'm:den'))}"


def _scripts(element: Element) -> str:
    base = _grouped(_part(element, "m:e"))
    below, above = _part(element, "m:sub"), _part(element, "m:sup")
    return base + _limits(below, above)


def _limits(below: str, above: str) -> str:
    return (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")


def _root(element: Element) -> str:
    degree = _part(element, "m:deg")
    return f"{degree}√({_part(element, 'm:e')})"


def _sum(element: Element) -> str:
    sign = value(element, "m:naryPr", "m:chr", attribute="m:val")
    limits = _limits(_part(element, "m:sub"), _part(element, "m:sup"))
    return f"{_SIGNS.get(sign, sign)}{limits} {_part(element, 'm:e')}"


def _delimited(element: Element) -> str:
    properties = child(element, "m:dPr")
    marks = [
        found.get("m:val", "") if (found := child(properties, tag)) is not None else usual
        for tag, usual in (("m:begChr", "("), ("m:sepChr", "|"), ("m:endChr", ")"))
    ]
    return marks[0] + marks[1].join(map(_content, children(element, "m:e"))) + marks[2]


def _function(element: Element) -> str:
    return f"{_part(element, 'm:fName')}({_part(element, 'm:e')})"


def _matrix(element: Element) -> str:
    rows = (", ".join(map(_content, children(row, "m:e"))) for row in children(element, "m:mr"))
    return f"[{'; '.join(rows)}]"


def _equations(element: Element) -> str:
    return "\n".join(map(_content, children(element, "m:e")))


_WRITERS: dict[str, Callable[[Element], str]] = {
    "m:f": _fraction,
    "m:sSup": _scripts,
    "m:sSub": _scripts,
    "m:sSubSup": _scripts,
    "m:rad": _root,
    "m:nary": _sum,
    "m:d": _delimited,
    "m:func": _function,
    "m:m": _matrix,
    "m:eqArr": _equations,
}
