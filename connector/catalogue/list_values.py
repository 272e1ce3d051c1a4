"""Reading lists: an array, lines, one divided line, JSON inside a text, or objects of other tools.

The entries of a real list are names as they stand. A text is divided by ``list_text.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from connector.catalogue.json_text import looks_like_json, parse_json_text
from connector.catalogue.list_text import (
    LIST_DIVIDERS,
    split_description,
    split_entries,
    unquote,
)
from connector.catalogue.text_folding import comparable
from connector.catalogue.values import (
    Choice,
    InvalidValue,
    clean,
    is_absent,
    quoted,
    read_choice,
    read_text,
    reject_duplicates,
    suggestion,
    type_name,
)
from connector.json_types import Json

MAX_ENTRIES = 10_000  # of any list, so that its processing is bounded whatever its own limit
HOW_DIVIDED = "Write one a line, or put commas between them."

# the keys under which tools send the name and the description of an option, the best first
NAME_KEYS = ("name", "label", "category", "title", "option", "value", "text", "class", "key")
DESCRIPTION_KEYS = ("description", "hint", "help", "definition", "when")
# an object of one of these alone, with a list in it, is that list
_WRAPPERS = frozenset(
    {"categories", "options", "choices", "labels", "classes", "values", "items", "fields"}
)
_PAIR = 2
_MAX_REMEMBERED = 8_000  # characters of a text whose options are kept

_ARROWS = ("->", "=>", "\u2192")


def read_list(value: Any, *, dividers: Sequence[str] = LIST_DIVIDERS) -> list[Any]:
    """The entries of a list in any accepted form, without empty ones.

    ``dividers`` may divide a single line. A text that looks like JSON is parsed as JSON.
    """
    if isinstance(value, str):
        value = parse_json_text(clean(value))
    if isinstance(value, str):
        value = split_entries(value, dividers)
    value = unwrap(value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list | tuple):
        raise InvalidValue("wrong_type", f"takes a list, one entry a line; not {type_name(value)}.")
    entries = [entry for entry in value if not is_absent(entry)]
    if len(entries) > MAX_ENTRIES:
        raise InvalidValue(
            "too_many", f"takes at most {MAX_ENTRIES:,} entries; there are {len(entries):,}."
        )
    return [_decode(entry) for entry in entries]


def unwrap(value: Any) -> Any:
    """The list in ``{"categories": [...]}`` or in a list of one JSON text, else ``value``."""
    for _ in range(_PAIR):  # n8n sends {"categories": {"categories": [...]}}
        if isinstance(value, dict) and len(value) == 1:
            ((key, inner),) = value.items()
            if key in _WRAPPERS and isinstance(inner, list | dict):
                value = inner
    if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], str):
        text = value[0].strip()
        if text.startswith("[") and text.endswith("]") and looks_like_json(text):
            return parse_json_text(text)
    return value


def _decode(entry: Any) -> Any:
    """An entry of a list; one that is the text of a JSON object is that object."""
    if not isinstance(entry, str) or entry.lstrip()[:1] not in {"{", "["}:
        return entry
    text = clean(entry)
    if text.lstrip().startswith("{") or "]" not in text:
        return parse_json_text(text)  # `['a'` is a piece of a list that was cut at its commas
    return entry


def read_lines(value: Any) -> list[str]:
    """A list of texts; each entry is trimmed. A line with an arrow, as in a rule, is one entry."""
    is_text = isinstance(value, str)
    is_rule = is_text and any(arrow in value for arrow in _ARROWS)
    dividers = () if is_rule else LIST_DIVIDERS
    texts = [_read_line(entry) for entry in read_list(value, dividers=dividers)]
    return [unquote(text) for text in texts] if is_text else texts


def _read_line(entry: Any) -> str:
    if isinstance(entry, dict) and (key := _first_key(entry, NAME_KEYS)):
        entry = entry[key]
    elif isinstance(entry, list) and len(entry) == 1:
        entry = entry[0]  # a row of a sheet with one column
    return read_text(entry).strip()


def read_choices(value: Any, choices: Sequence[Choice]) -> list[str]:
    """A list of fixed choices, each at most once."""
    values = (read_choice(_choice_text(entry), choices) for entry in read_list(value))
    return list(dict.fromkeys(values))


def _choice_text(entry: Any) -> Any:
    if isinstance(entry, dict) and (key := _first_key(entry, ("value", *NAME_KEYS))):
        return entry[key]
    return entry


# --- options --------------------------------------------------------------------------------------


def read_options(value: Any) -> list[dict[str, str]]:
    """The caller's own options as ``{"name", "description"}``.

    Accepted are lines ``name: description``, a list of names, objects as tools send them, or an
    object of names to descriptions.
    """
    if isinstance(value, str) and len(value) <= _MAX_REMEMBERED:
        return [dict(option) for option in _options_of(value)]
    return _read_options(value)


@lru_cache(maxsize=256)
def _options_of(text: str) -> list[dict[str, str]]:
    """The options in a text, which callers send with each request. Not to be changed."""
    return _read_options(text)


def _read_options(value: Any) -> list[dict[str, str]]:
    if isinstance(value, str):
        value = parse_json_text(clean(value))
    if isinstance(value, str):
        options = [_make_option(*split_description(entry), entry) for entry in read_list(value)]
    else:
        value = unwrap(value)
        if isinstance(value, dict) and not _is_one_option(value):
            value = list(value.items())
        options = [_read_option(entry) for entry in read_list(value)]
    reject_duplicates([option["name"] for option in options])
    return options


def _is_one_option(value: Json) -> bool:
    return bool(_first_key(value, NAME_KEYS)) and set(value) <= {
        "id",
        "key",
        *NAME_KEYS,
        *DESCRIPTION_KEYS,
    }


def _read_option(entry: Any) -> dict[str, str]:
    if isinstance(entry, dict):
        return _option_object(entry)
    if isinstance(entry, tuple):
        name, description = entry
        if isinstance(description, dict) and _first_key(description, DESCRIPTION_KEYS):
            return _option_object({"name": name, **description})
        return _make_option(name, description, entry)
    if isinstance(entry, list) and 1 <= len(entry) <= _PAIR:  # a row of a sheet
        return _make_option(entry[0], "".join(entry[1:]) if _is_texts(entry[1:]) else None, entry)
    return _make_option(entry, None, entry)


def _is_texts(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _option_object(entry: Json) -> dict[str, str]:
    """The option of an object; what else tools keep in it, such as an id, means nothing here."""
    name = _first_key(entry, NAME_KEYS)
    if not name:
        raise InvalidValue(
            "bad_line",
            f"has an entry that is not `name: description`: {quoted(entry)}. An object needs a "
            "name, and may have a description.",
        )
    description = _first_key(entry, DESCRIPTION_KEYS)
    for key in entry:
        _reject_mistyped(key)
    return _make_option(entry[name], entry[description] if description else None, entry)


def _reject_mistyped(key: str) -> None:
    """A key that is nearly `description` would lose what the caller wrote in it."""
    known = (*NAME_KEYS, *DESCRIPTION_KEYS)
    hint = "" if key in known else suggestion(key, ("description", "definition"), cutoff=0.8)
    if hint:
        raise InvalidValue("bad_line", f"has an entry with {quoted(key)}.{hint}")


def _first_key(entry: Mapping[str, Any], keys: Sequence[str]) -> str:
    """The first of ``keys`` with a value, or ""."""
    return next((key for key in keys if not is_absent(entry.get(key))), "")


def _make_option(name: Any, description: Any, entry: Any) -> dict[str, str]:
    name = " ".join(read_text(name).split())
    description = "" if is_absent(description) else read_text(description)
    if not name:
        raise InvalidValue("bad_line", f"has an entry without a name: {quoted(entry)}.")
    return {"name": name, "description": " ".join(description.split())}


# --- worked examples ------------------------------------------------------------------------------


def read_examples(value: Any) -> list[Any]:
    """The entries of worked examples, to be paired by ``read_pairs`` once the choices are known.

    A line that begins with a bracket may be a text: `[SPAM] buy now => spam`.
    """
    if isinstance(value, str) and "=>" in value and not value.lstrip().startswith(('["', "[{")):
        return read_list(split_entries(clean(value), ()))
    return read_list(value, dividers=())


def read_pairs(value: Any, names: Sequence[str]) -> list[dict[str, str]]:
    """Worked examples, lines ``text => choice``, as ``{"text", "choice"}``.

    Each choice must be one of ``names``.
    """
    by_name = {comparable(name): name for name in names}
    pairs = []
    for number, entry in enumerate(value, 1):
        text, arrow, choice = _read_pair(entry)
        if not arrow or not text or not choice:
            raise InvalidValue(
                "bad_line", f"entry {number} is not `text => choice`: {quoted(entry)}."
            )
        if comparable(choice) not in by_name:
            hint = suggestion(choice, names)
            raise InvalidValue(
                "not_a_choice",
                f"entry {number}: {quoted(choice)} is not one of your choices.{hint}",
            )
        pairs.append({"text": text, "choice": by_name[comparable(choice)]})
    return pairs


def _read_pair(entry: Any) -> tuple[str, str, str]:
    if isinstance(entry, dict) and {"text", "choice"} == set(entry):
        return read_text(entry["text"]).strip(), "=>", read_text(entry["choice"]).strip()
    text, arrow, choice = read_text(entry).rpartition("=>")
    return text.strip(), arrow, choice.strip()
