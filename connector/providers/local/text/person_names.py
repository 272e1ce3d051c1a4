"""Names of people in running text: after a title or a phrase that introduces one, or by first name.

First names are those of the US census of 1990 (public domain) and common ones of other countries.
Those that are also ordinary words (marked in the list) count only before a surname. Two or three
capitalised words that an English vocabulary does not have are taken for a name of another language.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from connector.providers.local.model.wordpiece import vocabulary
from connector.providers.local.text.sentences import word_set

SURE, LIKELY, POSSIBLE = 0.95, 0.85, 0.6
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪİĶĹĽŁŃŇŐŒŘŚŞŠŢŤŪŮŰŹŻŽ]"
_NAME = (
    rf"(?:{_CAPITAL}\.|(?:{_CAPITAL}['’])?{_CAPITAL}[^\W\d_]{{1,30}}"
    rf"(?:[-'’]{_CAPITAL}?[^\W\d_]{{1,30}}){{0,2}})"
)
_PARTICLE = (
    r"(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ter|ten|zu|st\.)[ ])"
    r"{0,3}"
)
_SEQUENCE = re.compile(rf"(?<![\w@.'’-]){_NAME}(?:[ ]{_PARTICLE}{_NAME}){{0,4}}(?![\w@])")
_WORD = re.compile(rf"(?<![\w@.-]){_NAME}(?![\w@])")
_PART = re.compile(rf"(?:{_PARTICLE})?({_NAME})")
_TITLE = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|madam|lord|lady|rev|herr|herrn|frau|mme|mlle|"
    r"monsieur|madame|señora?|sra?|signora?|sig|dhr|mevr|pan|pani)\b\.?[ ]{1,2}$",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"(?:\bnames?[ ]?(?:is|was|to|:|on the card is|are)[ ]{0,2}|\bname of[ ]|\bi am[ ]|\bi'm[ ]|"
    r"\bthis is[ ]|\bcalled[ ]|\bdear[ ]|\bhi[ ,]{1,2}|\bhello[ ,]{1,2}|\bhallo[ ]|\bliebe[r]?[ ]|"
    r"\bhola[ ,]{1,2}|\bbonjour[ ,]{1,2}|\bciao[ ,]{1,2}|\battn\.?:?[ ]|\bc/o[ ]|\bsigned by[ ]|"
    r"\bich heiße[ ]|\bmein name ist[ ]|\bje m'appelle[ ]|\bme llamo[ ]|\bmi chiamo[ ]|"
    r"\bregards,?\s{1,3}|\bsincerely,?\s{1,3}|\bcheers,?\s{1,3}|\bgrüßen,?\s{1,3}|"
    r"^(?:from|to|cc|von|an|contact|patient|customer|client|employee|applicant|guest|passenger)"
    r":[ ]{1,4})$",
    re.IGNORECASE | re.MULTILINE,
)
# capitalised words that are no part of a person's name
_OTHER = word_set(
    "street st road rd avenue ave lane drive court square place boulevard highway way park bridge "
    "bank university college school hospital church airport station hotel restaurant museum "
    "company corporation corp inc ltd llc gmbh ag group holdings limited plc association institute "
    "department ministry office council committee party court agency service services team support "
    "north south east west new old united great saint san los las island islands river lake mount "
    "city county state states kingdom republic america europe africa asia street straße platz "
    "january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday day week month year christmas easter "
    "the a an and or but if in on at to for from with of by as is are was were be has have had do "
    "does did will would can could should may might must shall not no yes i you he she it we they "
    "my your his her its our their this that these those what when where who why how which there "
    "here please thanks thank hello hi dear regards best kind yours sincerely re fwd subject "
    "english french german spanish italian dutch chinese japanese american british european indian "
    "mr mrs ms miss dr prof invoice order customer account card number email phone address name "
    "date total amount payment all any some every each then than also just very so am pm ok vat "
    "ceo cto cfo hr it id ip url pin usa uk eu ai api pdf csv faq"
)
_CONTEXT = 40
_UNKNOWN_RUN = (2, 3)  # capitalised words that no dictionary has: a first name and a surname
_MIN_ALONE = 3  # letters of a part of a known name that stands alone


@dataclass(frozen=True)
class NameSpan:
    """A name in a text: ``text[start:end]``, and how sure it is to be one."""

    start: int
    end: int
    confidence: float


def find_names(text: str) -> list[NameSpan]:
    """The names of people, in order, and where parts of them stand again."""
    found = [span for match in _SEQUENCE.finditer(text) for span in _names_in(text, match)]
    taken = {position for span in found for position in range(span.start, span.end)}
    parts = {
        part
        for span in found
        if span.confidence >= LIKELY
        for part in _PART.findall(text[span.start : span.end])
        if len(part) > _MIN_ALONE and part.casefold() not in _OTHER | _ordinary_words()
    }
    found += [span for span in _again(text, parts) if span.start not in taken]
    return sorted(found, key=lambda span: span.start)


def _again(text: str, parts: Set[str]) -> Iterator[NameSpan]:
    for match in _WORD.finditer(text) if parts else ():
        if match.group() in parts:
            yield NameSpan(match.start(), match.end(), LIKELY)


def _names_in(text: str, match: re.Match[str]) -> Iterator[NameSpan]:
    """The names within capitalised words that follow each other."""
    words = [
        (match.start() + part.start(1), match.start() + part.end(1))
        for part in _PART.finditer(match.group())
    ]
    run: list[tuple[int, int]] = []
    for start, end in [*words, (0, 0)]:
        word = text[start:end]
        if word and (_is_initial(word) or word.casefold() not in _OTHER):
            run.append((start, end))
            continue
        yield from _name_of(text, run)
        run = []


def _is_initial(word: str) -> bool:
    return len(word) == 2 and word[1] == "."  # noqa: PLR2004 - a letter and its full stop


def _name_of(text: str, run: list[tuple[int, int]]) -> Iterator[NameSpan]:
    if not run:
        return
    before = text[max(0, run[0][0] - _CONTEXT) : run[0][0]]
    words = [text[start:end].casefold() for start, end in run]
    if _TITLE.search(before):
        yield NameSpan(run[0][0], run[-1][1], SURE)
    elif cue := _CUE.search(before):
        is_weak = cue.group().strip().casefold() in {"i am", "i'm", "this is", "called", "to:"}
        if not is_weak or words[0] in _first_names() or len(run) > 1:
            yield NameSpan(run[0][0], run[-1][1], SURE if not is_weak else LIKELY)
    else:
        first = next((at for at, word in enumerate(words) if _is_first_name(word)), None)
        if first is None:
            if len(run) in _UNKNOWN_RUN and not any(map(_is_word, words)):
                yield NameSpan(run[0][0], run[-1][1], POSSIBLE)
            return
        is_alone = first == len(run) - 1
        if is_alone and first:
            return  # "Hotel Victoria", "Greater Florence"
        if is_alone and words[first] in _ordinary_words():
            return
        confidence = POSSIBLE if is_alone else LIKELY
        yield NameSpan(run[first][0], run[-1][1], confidence)


def _is_word(word: str) -> bool:
    """Whether an English vocabulary has the word; names of other languages are not in it."""
    return word in vocabulary() or any(part in vocabulary() for part in word.split("-")[1:])


def _is_first_name(word: str) -> bool:
    names = _first_names()
    return word in names or (("-" in word) and word.partition("-")[0] in names)


@cache
def _lines() -> tuple[str, ...]:
    data = files(__package__).joinpath("first_names.txt.gz").read_bytes()
    return tuple(gzip.decompress(data).decode().split("\n"))


@cache
def _first_names() -> frozenset[str]:
    return frozenset(line.rstrip("*") for line in _lines())


@cache
def _ordinary_words() -> frozenset[str]:
    """First names that are words of the language, or places, too."""
    return frozenset(line[:-1] for line in _lines() if line.endswith("*"))
