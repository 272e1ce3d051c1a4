"""Names that Retool takes, made from the catalogue's: the same name gives the same one each time, and no two give one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable


def camel(name: str) -> str:
    """``max_steps`` as maxSteps."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def pascal(name: str) -> str:
    """``answer_with_tools`` as AnswerWithTools."""
    return "".join(part.capitalize() for part in name.split("_"))


def distinct(names: Iterable[str], write: Callable[[str], str], *, taken: Iterable[str] = ()) -> dict[str, str]:
    """Each of ``names`` as ``write`` writes it; one that is taken gets a number behind it."""
    found: dict[str, str] = {}
    used = set(taken)
    for name in names:
        wanted = write(name)
        found[name] = next(one for one in (wanted, *(f"{wanted}{n}" for n in range(2, len(used) + 3))) if one not in used)
        used.add(found[name])
    return found


def quoted(text: str) -> str:
    """A text as TypeScript writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def raw(text: str) -> str:
    """A text in quotes that stands there as it is, for readers that take the source between them: no sign needs a backslash.

    Line feeds become spaces, a backslash a slash; where both kinds of quotes are in the text, the double ones become typographic.
    """
    plain = " ".join(text.replace("\\", "/").split())
    if '"' not in plain:
        return f'"{plain}"'
    return f"'{plain}'" if "'" not in plain else '"' + plain.replace('"', "”") + '"'


def is_raw(text: str) -> bool:
    """Whether ``raw`` says just this text."""
    return raw(text)[1:-1] == text
