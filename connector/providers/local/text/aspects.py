"""The clauses of a text, and which of them speak of an aspect such as price or delivery."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from connector.providers.local.text.label_matching import normalize
from connector.providers.local.text.sentences import sentences, word_set
from connector.providers.local.text.sentiment import NEGATIONS

MAX_SENTENCES = 60
MIN_CLAUSE_WORDS = 2
_STEM = 6  # words with the same first letters count as equal: deliver, delivery, delivered
_LONG_NAME = 4  # letters of a word that is compared by its stem
_WORD = re.compile(r"[^\W\d_]{2,30}")
_DIVIDER = re.compile(
    r"[;,–—]\s{1,3}|\s{1,3}(?=(?:but|however|although|though|while|whereas|yet|except|aber|obwohl|"
    r"doch|sondern|mais|bien que|pero|aunque)\s)|\s{1,3}(?=(?:and|und|et|y)\s{1,3}"
    r"(?:the|my|our|its|it|i|we|they|der|die|das|le|la|les|el|los|las)\s)",
    re.IGNORECASE,
)
# words by which people speak of an aspect without its name
_GROUPS = tuple(
    word_set(words)
    for words in (
        "price prices pricing cost costs value money expensive cheap cheaper affordable overpriced "
        "pricey bargain preis preise teuer gunstig prix cher precio caro barato",
        "delivery shipping shipment delivered shipped arrive arrived arrives courier parcel late "
        "lieferung versand geliefert livraison livre envio entrega",
        "service staff waiter waitress waiters employee employees receptionist host personal "
        "bedienung kellner personnel serveur servicio camarero",
        "support helpdesk hotline agent answered reply replied replies response kundendienst",
        "quality sturdy flimsy durable broke broken material workmanship qualitat qualite calidad",
        "food meal meals dish dishes menu taste tasted tasty delicious breakfast dinner lunch "
        "essen nourriture repas comida",
        "room rooms bed beds bathroom zimmer chambre habitacion",
        "cleanliness clean dirty spotless filthy hygiene sauberkeit sauber schmutzig proprete sale "
        "limpieza limpio sucio",
        "battery charge charges charging akku batterie bateria",
        "display screen resolution bildschirm ecran pantalla",
        "camera photo photos picture pictures pictured kamera",
        "sound audio volume noise ton",
        "speed fast slow slowly quick quickly laggy",
        "usability easy simple intuitive setup installation install confusing complicated",
        "design look looks looking appearance style beautiful ugly aussehen",
        "location situated central neighbourhood neighborhood lage emplacement ubicacion",
        "packaging package packed packing box boxed verpackung emballage embalaje",
        "size fit fits fitting tight loose grosse taille talla",
        "atmosphere ambience ambiance decor music stimmung ambiente",
        "performance crash crashes crashed bug bugs freezes hangs",
    )
)


# what says of an aspect whether it is good, where similarity of meaning tells little
_GOOD = word_set(
    "affordable bargain sturdy durable tasty delicious spotless clean quick quickly fast easy "
    "intuitive gunstig sauber lecker facile barato limpio"
)
_BAD = word_set(
    "expensive overpriced pricey late flimsy broke broken dirty filthy slow slowly laggy ugly "
    "confusing complicated tasteless crashes crashed freezes hangs cramped noisy teuer schmutzig "
    "spat cher sale caro sucio"
)
_NEGATIONS = NEGATIONS | word_set("without less hardly barely ohne sans sin")


@dataclass(frozen=True)
class Clause:
    """A part of a sentence: ``source[start:end]`` is ``text``; ``sentence`` counts from 0."""

    start: int
    end: int
    text: str
    sentence: int


def clauses(text: str) -> list[Clause]:
    """The clauses of the first sentences of ``text``, in order."""
    found: list[Clause] = []
    for number, sentence in enumerate(sentences(text, MAX_SENTENCES)):
        start = sentence.start
        for end, following in _breaks(text, sentence.start, sentence.end):
            is_alone = len(_WORD.findall(text[start:end])) < MIN_CLAUSE_WORDS
            if is_alone and found and found[-1].sentence == number:
                start = found.pop().start  # a word alone belongs to the clause before
            elif is_alone and end < sentence.end:
                continue  # and else to the one that follows
            found.append(Clause(start, end, text[start:end], number))
            start = following
    return found


def _breaks(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """(end of a clause, start of the next one) for each clause of a sentence."""
    inner = [(one.start(), one.end()) for one in _DIVIDER.finditer(text, start, end)]
    return [*inner, (end, end)]


def mentions(aspect: str, found: Sequence[Clause]) -> list[Clause]:
    """The clauses that speak of ``aspect``: by all words of its name, or by words for it."""
    names = _WORD.findall(normalize(aspect))
    if not names:
        return []
    by_name = [one for one in found if all(_has(name, _words(one)) for name in names)]
    if by_name:
        return by_name
    related = frozenset().union(*(group for group in _GROUPS if _names_group(names, group)))
    return [one for one in found if related & _words(one)]


def aspect_score(clause: Clause) -> int:
    """Good minus bad words for an aspect; a negation among the four words before inverts one."""
    words = _WORD.findall(normalize(clause.text))
    total = 0
    for index, word in enumerate(words):
        value = (word in _GOOD) - (word in _BAD)
        total += -value if _NEGATIONS & set(words[max(0, index - 4) : index]) else value
    return total


def _names_group(names: Sequence[str], group: frozenset[str]) -> bool:
    return any(_has(name, group) for name in names)


def _words(clause: Clause) -> frozenset[str]:
    return frozenset(_WORD.findall(normalize(clause.text)))


def _has(name: str, words: frozenset[str]) -> bool:
    if name in words:
        return True
    stem = name[:_STEM]
    return len(name) >= _LONG_NAME and any(_same_stem(stem, word) for word in words)


def _same_stem(stem: str, word: str) -> bool:
    """Whether a word begins with ``stem``, or is it without its plural."""
    return stem == word + "s" or (len(word) >= _LONG_NAME and word.startswith(stem))
