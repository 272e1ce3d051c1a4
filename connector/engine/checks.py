"""What the server holds an answer against by itself, without asking a model: the source it was made of, and the calls that were made.

Each check says what it looked for and whether it holds; one that does not is also a warning. A check that has nothing to look at is
not listed. None of them changes the answer: a person decides what a number that stands nowhere is worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from connector.catalogue import Action
from connector.catalogue.files import Files
from connector.catalogue.filling import Step
from connector.catalogue.places import find_value

Json = dict[str, Any]

_PROOFS = {"evidence", "located"}
_MOST_SHOWN, _MOST_LOOKED_FOR = 8, 60
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f'\u2019]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*")
_ISO_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}")
_GROUP = 3
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve",
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
)
_NUMBER_WORDS = {word: Decimal(number) for words in _WORDS for number, word in enumerate(words.split())}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
# a word with a capital that does not begin a sentence, a line or a quotation
_NAME = re.compile(r"(?<![.!?:;\u2026\"\u201c\u201e\u00ab(\[*\u2022-] )(?<=\S )[^\W\d_]{2,}(?:['\u2019-][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['\u2019]s?\Z")
_COMMON = frozenset(
    {
        *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    }
)
# German has a capital for every noun, so capitals tell nothing there
_GERMAN = re.compile(r"\b(?:der|die|das|und|ist|nicht|eine?[rnms]?|den|dem|mit|für|von|wird|sind|auf)\b")
_GERMAN_WORDS = 3
# what an answer says of tools, and the tools of which it is then true
_CLAIMS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), frozenset(tools))
    for words, tools in (
        (r"\b(?:the|my|a) calculator\b|\bI (?:have )?(?:calculated|computed)\b", ("calculate", "dates", "python")),
        (r"\b(?:ran|executed|running|executing) (?:the |a |some |this )?(?:python|code|script)\b", ("python",)),
        (r"\b(?:searched|searching|looked up|browsed|checked) (?:on )?(?:the )?(?:web|internet|online)\b", ("web_search", "fetch_page")),
        (r"\b(?:web|google|internet) search (?:shows|showed|says|found|returned)\b", ("web_search",)),
        (r"\bI (?:have )?(?:opened|visited|fetched) (?:the |this |that )?(?:page|site|website|url|link)\b", ("fetch_page",)),
    )
)


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it holds, and a sentence on what was looked at or is wrong."""

    check: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Matter:
    """What an answer is held against: its own words, everything it may rest on, and the tool calls that were made."""

    action: Action
    form: Mapping[str, Any]
    values: Json
    steps: Sequence[Step]

    @cached_property
    def said(self) -> str:
        """The answer's own sentences; what it gives as quotations is looked up as such."""
        quoted = {name for entry in self.action.returns.values() if entry.fill and entry.fill[0] in _PROOFS for name in entry.fill[1]}
        asked = [entry for entry in self.action.asked(self.form).values() if entry.is_prose and entry.name not in quoted]
        return "\n".join(filter(None, _texts([self.values[entry.name] for entry in asked])))

    @property
    def is_text(self) -> bool:
        """Whether all that was given can be read as text."""
        return all(page.text.strip() for value in self.form.values() if isinstance(value, Files) for page in value.pages)

    @cached_property
    def source(self) -> str:
        """All that the caller gave, and all that tools were asked and answered."""
        return "\n".join([*_texts(list(self.form.values())), *(text for step in self.steps for text in (step.input, step.output))])


def check_answer(action: Action, form: Mapping[str, Any], values: Json, steps: Sequence[Step]) -> tuple[Check, ...]:
    """Every check that has something to look at in this answer."""
    matter = Matter(action, form, values, steps)
    # what stands in a picture cannot be looked up, so only quotations and tools can be checked there
    checks = CHECKS if matter.is_text else (_quotes, _tools)
    return tuple(found for check in checks for found in [check(matter)] if found)


def check_agreement(shares: Mapping[str, float]) -> tuple[Check, ...]:
    """Whether repeated calls gave the same, by the share of them that gave each value."""
    if not shares:
        return ()
    split = [f"{name} ({share:.0%})" for name, share in shares.items() if share < 1]
    words = f"The calls did not all give the same: {', '.join(split[:_MOST_SHOWN])}." if split else "All calls gave the same."
    return (Check("agreement", not split, words),)


def warnings_of(checks: Iterable[Check]) -> list[str]:
    """A sentence for each check that does not hold."""
    return [one.detail for one in checks if not one.ok]


def _texts(value: Any) -> Iterator[str]:
    """Every text inside ``value``; numbers count as they are written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Files):
        yield from (page.text for page in value.pages)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _verdict(name: str, missing: Sequence[str], what: str) -> Check:
    if not missing:
        return Check(name, True, f"All {what} of the answer are in what it was made of.")
    more = f" and {len(missing) - _MOST_SHOWN} more" if len(missing) > _MOST_SHOWN else ""
    shown = ", ".join(one[:60] for one in missing[:_MOST_SHOWN])
    return Check(name, False, f"Not found in what the answer was made of ({what}): {shown}{more}.")


# --- numbers -----------------------------------------------------------------------------------------------------------


def _numbers(matter: Matter) -> Check | None:
    plain = _EMAIL.sub("", _URL.sub("", matter.said))
    if not _NUMBER.search(plain):
        return None
    dates = [date for date in _distinct(_ISO_DATE, plain) if find_value(matter.source, date, "date") is None]
    unsure = [number for number in _distinct(_NUMBER, _ISO_DATE.sub("", plain)) if not _stands_in(number, matter.source)]
    known = _readings_of(matter.source) if unsure else set()
    return _verdict("numbers", [*dates, *(number for number in unsure if not _readings(number) & known)], "numbers")


def _distinct(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(text)))[:_MOST_LOOKED_FOR]


def _stands_in(number: str, source: str) -> bool:
    return re.search(rf"(?<!\d)(?<!\d[.,]){re.escape(number)}(?!\d)(?![.,]\d)", source) is not None


def _readings_of(source: str) -> set[Decimal]:
    numbers = set(_NUMBER.findall(source))
    found = {reading for number in numbers for reading in _readings(number)}
    found |= {Decimal(part) for number in numbers if _DATE.fullmatch(number) for part in number.split(".")}
    return found | {_NUMBER_WORDS[word.lower()] for word in set(_NUMBER_WORD.findall(source))}


def _readings(number: str) -> set[Decimal]:
    """What a number may mean: a sign in it may stand before decimals or between thousands."""
    parts = re.split("[.,]", re.sub(r"[^\d.,]", "", number))
    whole, last = "".join(parts), parts[-1]
    if len(parts) == 1:
        return {Decimal(whole)}
    found = {Decimal(f"{''.join(parts[:-1])}.{last}")}
    if all(len(part) == _GROUP for part in parts[1:]):
        found.add(Decimal(whole))
    return found


# --- names, addresses, tools, quotations ---------------------------------------------------------------------------------


def _names(matter: Matter) -> Check | None:
    if matter.form.get("language") or len(_GERMAN.findall(matter.said)) >= _GERMAN_WORDS:
        return None  # names of places and nouns are other words in another language
    found = [_POSSESSIVE.sub("", name) for line in matter.said.splitlines() for name in _NAME.findall(line) if name[0].isupper()]
    names = [name for name in dict.fromkeys(found) if name.casefold() not in _COMMON][:_MOST_LOOKED_FOR]
    missing = [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}", matter.source, re.IGNORECASE)]
    return _verdict("names", missing, "names") if names else None


def _addresses(matter: Matter) -> Check | None:
    found = [*_EMAIL.findall(matter.said), *(url.rstrip(".,;:!?") for url in _URL.findall(matter.said))]
    if not found:
        return None
    source = matter.source.casefold()
    missing = [one for one in dict.fromkeys(found) if one.casefold().rstrip("/") not in source]
    return _verdict("addresses", missing, "e-mail and web addresses")


def _tools(matter: Matter) -> Check | None:
    """Only a tool that really ran is one that was used."""
    used = {step.tool for step in matter.steps if step.ok}
    claims = [(match[0], tools) for pattern, tools in _CLAIMS if (match := pattern.search(matter.said))]
    if not claims:
        return None
    if false := [words for words, tools in claims if not tools & used]:
        return Check("tools_claimed", False, f'The answer says "{false[0][:60]}", but no such tool was used.')
    return Check("tools_claimed", True, "The tools that the answer speaks of were used.")


def _quotes(matter: Matter) -> Check | None:
    """Values and quotations that should stand in the source; a yes or no, and a choice, stand nowhere."""
    found = [proof for name in _evidence(matter.action) for proof in matter.values[name]]
    elsewhere = {field["name"] for field in _shapes(matter) if field["type"] in {"boolean", "choice"}}
    proofs = [proof for proof in found if proof["field"] not in elsewhere]
    if not proofs:
        return None
    missing = [proof["quote"] or proof["field"] for proof in proofs if not proof["verified"]]
    return _verdict("quotes", list(dict.fromkeys(missing)), "values and quotations")


def _evidence(action: Action) -> list[str]:
    return [name for name, entry in action.returns.items() if entry.fill and entry.fill[0] in _PROOFS]


def _shapes(matter: Matter) -> list[Json]:
    return [field for entry in matter.action.returns.values() if entry.has_shape for field in entry.entries(matter.form)]


CHECKS: tuple[Callable[[Matter], Check | None], ...] = (_quotes, _numbers, _names, _addresses, _tools)
