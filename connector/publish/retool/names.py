"""Names that Retool accepts, derived from the catalogue's names: stable and unique."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def camel(name: str) -> str:
    """``max_steps`` as maxSteps."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def pascal(name: str) -> str:
    """``answer_with_tools`` as AnswerWithTools."""
    return "".join(part.capitalize() for part in name.split("_"))


def distinct(
    names: Iterable[str], write: Callable[[str], str], *, taken: Iterable[str] = ()
) -> dict[str, str]:
    """Each of ``names`` in the form of ``write``; a name in use gets a number appended."""
    result: dict[str, str] = {}
    used = set(taken)
    for name in names:
        base = write(name)
        result[name] = next(
            one
            for one in (base, *(f"{base}{n}" for n in range(2, len(used) + 3)))
            if one not in used
        )
        used.add(result[name])
    return result


def raw(text: str) -> str:
    """A quoted text without escapes, for readers that take the source between the quotes.

    Line feeds become spaces, a backslash becomes a slash. If the text contains both kinds of
    quotes, the double ones become typographic.
    """
    plain = " ".join(text.replace("\\", "/").split())
    if '"' not in plain:
        return f'"{plain}"'
    return f"'{plain}'" if "'" not in plain else '"' + plain.replace('"', "”") + '"'


def is_raw(text: str) -> bool:
    """Whether ``raw`` keeps the text unchanged."""
    return raw(text)[1:-1] == text
