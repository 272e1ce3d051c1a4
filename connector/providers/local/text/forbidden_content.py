"""What rules of moderation forbid that can be found by words and forms, with its place and score.

Swear words, passwords and keys, orders to an assistant, links, addresses and numbers of people. The
words are English, German, French and Spanish. A word in a text says nothing about how it is meant:
the milder ones score below what usually blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connector.providers.local.text.personal_data import find_personal_data
from connector.providers.local.text.sentences import word_set

STRONG, MILD = 90, 60
_STRONG_WORDS = word_set(
    "fuck fucks fucked fucker fuckers fucking fuckin motherfucker motherfucking shit shits shitty "
    "bullshit cunt cunts bitch bitches bastard bastards asshole assholes arsehole dick dickhead "
    "cock cocksucker pussy whore slut sluts twat wanker wankers prick pricks faggot fag nigger "
    "nigga retard spastic scheisse scheise scheissdreck arschloch arsch fotze wichser hurensohn "
    "hure schlampe missgeburt verpiss merde putain connard connards connasse salope encule "
    "enculer batard mierda puta puto joder cabron gilipollas cono pendejo"
)
_MILD_WORDS = word_set(
    "damn damned goddamn crap crappy hell piss pissed arse bloody bollocks bugger idiot idiots "
    "moron morons stupid dumbass jackass verdammt verdammte mist idiot depp trottel bordel zut "
    "idiota imbecil imbecile"
)
_WORD = re.compile(r"[^\W_](?:[\w*@$!#]{0,28}[^\W_]|[*@$!#]{1,6})?")
_LEET = str.maketrans("013457@$!", "oieastasi")
_STARRED = re.compile(
    r"(?:f[*#@]{1,3}(?:k|ck|ing|king|cking)?|sh[*#@]{1,2}t?|b[*#@]{1,3}ch|c[*#@]nt)\w{0,4}"
)
_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|bypass|override|skip)\b[^.!?\n]{0,40}?\b(?:instructions?|prompts?|"
    r"rules|guidelines|directions|everything above|system message|safety|filters?|restrictions)\b|"
    r"\b(?:reveal|show|print|repeat|output|leak)\b[^.!?\n]{0,30}?\b(?:system prompt|hidden prompt|"
    r"initial prompt|your instructions|your prompt)\b|"
    r"\byou are (?:now )?(?:DAN|a jailbroken|an unrestricted|no longer)\b|\bdo anything now\b|"
    r"\b(?:developer|jailbreak|god) mode\b|"
    r"\bwithout (?:any )?(?:restrictions|filters|guardrails)\b|"
    r"\bpretend (?:that )?you (?:are|have no)\b|\byou must (?:always )?(?:answer|reply|respond) "
    r"(?:only )?(?:with|yes|positive|allow)\b|\bnew (?:system )?instructions?:|"
    r"\bignorier\w{0,3}\b[^.!?\n]{0,40}?\b(?:anweisungen|regeln|vorgaben)\b|"
    r"\b(?:ignore[zr]?|oublie[zr]?)\b[^.!?\n]{0,40}?\b(?:instructions|consignes|règles)\b|"
    r"\b(?:ignora|olvida)\b[^.!?\n]{0,40}?\b(?:instrucciones|reglas|órdenes)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Offence:
    """A part of a text, ``text[start:end]``, that breaks a rule; ``score`` of 100."""

    start: int
    end: int
    score: int


Finder = Callable[[str], Iterator[Offence]]


def find_profanity(text: str) -> Iterator[Offence]:
    """Swear words, also with signs in place of letters."""
    for match in _WORD.finditer(text):
        word = match.group().casefold()
        plain = _plain(word)
        if {plain, plain.translate(_LEET)} & _STRONG_WORDS or _STARRED.fullmatch(word):
            yield Offence(match.start(), match.end(), STRONG)
        elif plain in _MILD_WORDS:
            yield Offence(match.start(), match.end(), MILD)


def _plain(word: str) -> str:
    for sign, letters in (("ß", "ss"), ("é", "e"), ("â", "a"), ("ó", "o"), ("ñ", "n"), ("í", "i")):
        word = word.replace(sign, letters)
    return word


def find_injection(text: str) -> Iterator[Offence]:
    """Orders to an assistant that reads the text."""
    for match in _INJECTION.finditer(text):
        yield Offence(match.start(), match.end(), STRONG)


def personal_data_finder(*kinds: str) -> Finder:
    """What finds these kinds of personal data; see ``personal_data.FINDERS``."""

    def find(text: str) -> Iterator[Offence]:
        for one in find_personal_data(text, kinds):
            yield Offence(one.start, one.end, round(100 * one.confidence))

    return find


def words_finder(words: str) -> Finder:
    """What finds these words, in any case, between ends of words."""
    pattern = re.compile(rf"(?<!\w){re.escape(words.strip())}(?!\w)", re.IGNORECASE)

    def find(text: str) -> Iterator[Offence]:
        for match in pattern.finditer(text):
            yield Offence(match.start(), match.end(), STRONG)

    return find


KINDS: dict[str, Finder] = {
    "profanity": find_profanity,
    "secrets": personal_data_finder("secrets"),
    "injection": find_injection,
}
# rules of the caller's own that are known by these words, and nothing else but the word "no"
_NAMED: tuple[tuple[frozenset[str], Finder], ...] = (
    (word_set("profanity swearing swear words swearwords schimpfwörter gros mots"), find_profanity),
    (
        word_set("secrets passwords keys passwörter geheimnisse secretos contraseñas"),
        KINDS["secrets"],
    ),
    (word_set("injection prompt injections"), find_injection),
    (
        word_set("links link urls url web addresses websites hyperlinks liens enlaces weblinks"),
        personal_data_finder("urls"),
    ),
    (
        word_set(
            "e-mail e-mails email emails mail addresses e-mail-adressen mailadressen courriels"
        ),
        personal_data_finder("emails"),
    ),
    (
        word_set("phone telephone numbers telefonnummern téléphone numéros teléfonos números"),
        personal_data_finder("phones"),
    ),
    (
        word_set("card cards credit numbers kreditkarten kreditkartennummern"),
        personal_data_finder("cards"),
    ),
    (word_set("ibans iban bank accounts kontonummern"), personal_data_finder("ibans")),
)
_RULE_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NO_WORDS = word_set(
    "no not any without never or and of the must may keine kein ohne oder und pas de sans aucun "
    "aucune ni ou sin ningún ninguna y o contain contains include share sharing posting post"
)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{2,80})[\"”“»]")


def finders_of(name: str, description: str) -> list[Finder]:
    """What finds offences against a rule of the caller's own; none if only a model can tell.

    Words in quotation marks are looked for as they are.
    """
    quoted = _QUOTED.findall(f"{name} {description}")
    if quoted:
        return [words_finder(words) for words in quoted]
    words = {word.casefold() for word in _RULE_WORD.findall(name)} - _NO_WORDS
    known = [(names, find) for names, find in _NAMED if words & names]
    covered = frozenset().union(*(names for names, _ in known)) if known else frozenset()
    return [find for _, find in known[:1]] if words and words <= covered else []
