"""The terms that a text is about: words and short phrases of the text itself, best first.

A phrase is a run of words without frequent ones, punctuation and numbers between them. A word
counts by how early it is used, in how many sentences, and by capitals; a phrase by its words and
how often it is used as a whole, which follows YAKE (Campos et al. 2020).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from connector.providers.local.text.language import FREQUENT_WORDS
from connector.providers.local.text.sentences import sentences, word_set

MAX_WORDS = 3
_TOKEN = re.compile(r"[^\W_]+(?:['’.&+#/-][^\W_]+)*[+#]{0,2}|[^\w\s]|\n")
_STOP_WORDS = word_set(
    "also although among another anybody anything around away back became become been before "
    "behind being below besides better between beyond both bring called came cannot certain "
    "come comes done down during each either enough especially etc even ever every everyone "
    "everything far few find first former found full further gave get gets give given goes "
    "going gone good got great had half having hence here herself high himself however "
    "including indeed instead it's its itself keep kind knew know known large last later "
    "latter least less let like likely little long look looking low made mainly make makes "
    "making many maybe mean means might mine more moreover mostly much must myself near need "
    "needed needs neither never new next nobody none nor nothing now number often old once "
    "one ones onto order other others otherwise ought ourselves over own part per perhaps "
    "place please put puts quite rather really recent recently right said same saw say says second "
    "see seem seemed seems seen set several shall she should show shown side since small "
    "so-called some somebody someone something sometimes soon still such sure take taken than "
    "that's there's therefore thing things think third those though thought three through "
    "throughout thus till today together told too took toward towards tried try turn two "
    "under unless until unlike upon used uses using usually various very want wants was way "
    "ways went were what's whatever whether while whole whose within without work works would "
    "yes yet you'll you're yours yourself able about above across after again against ago all "
    "almost alone along already always anyone are aren't because began begin did didn't does "
    "doesn't doing don't dear hello hi regards thanks thank sincerely best mr mrs ms dr "
    "monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december year years month months week "
    "weeks day days time times people lot lots bit ask asked am pm ok okay we've we'll i've "
    "i'm i'll i'd isn't wasn't won't due held hold holds expect expected expects denied deny "
    "appear appearing appeared according left lead leads led won lost born died added adds "
    "included includes based described describes reported reports played play plays move "
    "moved returned return returns start started starts end ended ends shows followed "
    "following follow write wrote writes written run runs running open opened opens close "
    "closed sets fit help helps helped note noted cancel possible available current currently "
    "main different similar important general total real true false example"
)


@dataclass
class _Word:
    """What is counted of a word."""

    count: int = 0
    capitals: int = 0
    sentences: set[int] = field(default_factory=set)
    alone: int = 0


@dataclass(frozen=True)
class KeyTerm:
    """A term as the text writes it most often, its places, and a score: higher is better."""

    term: str
    starts: tuple[int, ...]
    score: float


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    sentence: int
    begins: bool

    @property
    def key(self) -> str:
        return self.text.casefold()


def key_terms(text: str, *, most: int, kind: str = "terms") -> list[KeyTerm]:
    """At most ``most`` terms of ``text``; ``kind``: terms, words, or names (capitalised ones)."""
    runs = list(_runs(text))
    words = _words(runs)
    places = _phrases(runs, 1 if kind == "words" else MAX_WORDS)
    scores = {key: _score(key, found, words) for key, found in places.items()}
    if kind == "names":
        scores = {key: score for key, score in scores.items() if _is_name(key, places[key], words)}
    chosen: list[tuple[str, ...]] = []
    for key in sorted(scores, key=lambda one: (-scores[one], places[one][0].start)):
        is_one = len(places[key]) > 1 or _has_capitals(key, words)
        if any(_contains(other, key) and _is_rest(key, other, places) for other in chosen):
            continue
        inner = [other for other in chosen if _contains(key, other)]
        if inner and not is_one:
            continue  # a term and a word beside it
        if any(not _is_rest(other, key, places, more=is_one) for other in inner):
            inner = []
        chosen = [other for other in chosen if other not in inner] + [key]
        if len(chosen) >= 2 * most:
            break
    chosen.sort(key=lambda one: (-scores[one], places[one][0].start))
    best = scores[chosen[0]] if chosen else 1.0
    return [_term(text, key, places[key], scores[key] / best) for key in chosen[:most]]


def _runs(text: str) -> Iterator[list[_Token]]:
    """The words between frequent words, punctuation, numbers and ends of lines."""
    for number, sentence in enumerate(sentences(text)):
        run: list[_Token] = []
        is_first = True
        for match in _TOKEN.finditer(text, sentence.start, sentence.end):
            token = _Token(match.group(), match.start(), number, is_first)
            is_first = False
            if _is_content(token):
                run.append(token)
            elif run:
                yield run
                run = []
        if run:
            yield run


def _is_content(token: _Token) -> bool:
    key = token.key
    has_letters = any(char.isalpha() for char in key)
    if not has_letters or key in _STOP_WORDS or key in FREQUENT_WORDS:
        return False
    bare = key.partition("'")[0].partition("’")[0]
    return len(key) > 1 and bare not in FREQUENT_WORDS


def _words(runs: Sequence[Sequence[_Token]]) -> dict[str, _Word]:
    words: dict[str, _Word] = defaultdict(_Word)
    for run in runs:
        for token, after in zip_longest(run, run[1:]):
            word = words[token.key]
            word.count += 1
            # a capital at the beginning of a sentence says nothing, unless another one follows
            is_name = not token.begins or (after is not None and after.text[0].isupper())
            word.capitals += token.text[0].isupper() and is_name
            word.sentences.add(token.sentence)
            word.alone += len(run) == 1
    return words


def _phrases(runs: Sequence[Sequence[_Token]], longest: int) -> dict[tuple[str, ...], list[_Token]]:
    """The first tokens of each phrase, by the words of the phrase."""
    places: dict[tuple[str, ...], list[_Token]] = defaultdict(list)
    for run in runs:
        for start in range(len(run)):
            for end in range(start + 1, min(start + longest, len(run)) + 1):
                places[tuple(token.key for token in run[start:end])].append(run[start])
    return places


def _weight(word: _Word) -> float:
    """How much a word says: in many sentences, early, with a capital letter."""
    first = min(word.sentences)
    spread = math.log2(1 + len(word.sentences))
    early = 1 / math.log2(3 + first)
    capital = 1 + 0.5 * word.capitals / word.count
    return spread * capital * (0.5 + early)


def _score(key: tuple[str, ...], found: Sequence[_Token], words: Mapping[str, _Word]) -> float:
    weights = [_weight(words[word]) for word in key]
    average = sum(weights) / len(weights)
    repeated = 1 + math.log2(len(found))
    if len(key) == 1:
        # a word that is met in phrases only says less alone
        alone = words[key[0]].alone / words[key[0]].count
        return average * repeated * (0.6 + 0.4 * alone)
    # a phrase that is used again is one, and so is one in capitals; words that met once are less
    together = len(found) / min(words[word].count for word in key)
    is_one = len(found) > 1 or _has_capitals(key, words)
    return average * repeated * (1.3 if is_one else 0.7) * (0.4 + 0.6 * together)


def _has_capitals(key: tuple[str, ...], words: Mapping[str, _Word]) -> bool:
    return all(2 * words[word].capitals >= words[word].count for word in key)


def _is_name(key: tuple[str, ...], found: Sequence[_Token], words: Mapping[str, _Word]) -> bool:
    is_begun = len(key) == 1 and all(token.begins for token in found)
    return _has_capitals(key, words) and not is_begun


def _contains(phrase: tuple[str, ...], key: tuple[str, ...]) -> bool:
    size = len(key)
    return len(phrase) > size and any(
        phrase[at : at + size] == key for at in range(len(phrase) - size + 1)
    )


def _is_rest(
    key: tuple[str, ...],
    phrase: tuple[str, ...],
    places: Mapping[tuple[str, ...], Collection[_Token]],
    *,
    more: bool = False,
) -> bool:
    """Whether ``key`` is hardly used without ``phrase``."""
    return len(places[key]) < 2 * len(places[phrase]) + more


def _term(text: str, key: tuple[str, ...], found: Sequence[_Token], score: float) -> KeyTerm:
    """The term in its most frequent spelling."""
    pattern = r"\s+".join(map(re.escape, key))
    matches = (re.compile(pattern, re.IGNORECASE).match(text, token.start) for token in found)
    spellings = Counter(" ".join(match.group().split()) for match in matches if match)
    term = spellings.most_common(1)[0][0] if spellings else " ".join(key)
    return KeyTerm(term, tuple(token.start for token in found), round(score, 4))
