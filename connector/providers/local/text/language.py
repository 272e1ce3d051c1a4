"""The language of a text, as far as the embedded engine has to know it before it answers.

The engine's model and word lists are English. Another script is recognized by its letters, another
language in Latin letters by its most frequent words. A few words prove nothing, so short texts,
names and lists of fields count as English. Costs a millisecond and no memory; a trained identifier
such as py3langid costs 0.7 s at its first use and 76 MB.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from connector.providers.local.model.wordpiece import vocabulary

Level = Literal["full", "half", "none"]

SAMPLE = 2_000  # characters from the beginning, the middle and the end of a text
MAX_FOREIGN_SHARE = 0.4  # of the letters; beyond, a text is not in Latin letters
MIN_HITS = 3  # frequent words of a language that prove it
MIN_HIT_SHARE = 0.15  # of all words
MIN_ACCENTED_SHARE = 0.2  # of the words, for a language that has no word list here
MIN_ENGLISH_SHARE = 0.1  # frequent English words of all words: such a text is English
MIN_KNOWN_SHARE = 0.4  # of the longer words that an English vocabulary has as they are
MIN_LETTERS, MIN_WORDS = 5, 5
_WORD = re.compile(r"[^\W\d_]{1,30}")
_DENSE = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})  # a letter is a syllable or a word

# first word of a letter's Unicode name: the language, where its letters tell it
_SCRIPTS = {
    "ARABIC": "Arabic",
    "ARMENIAN": "Armenian",
    "BENGALI": "Bengali",
    "CJK": "Chinese",
    "CYRILLIC": "Russian or another language in Cyrillic letters",
    "DEVANAGARI": "Hindi or another language in Devanagari letters",
    "GEORGIAN": "Georgian",
    "GREEK": "Greek",
    "GUJARATI": "Gujarati",
    "HANGUL": "Korean",
    "HEBREW": "Hebrew",
    "HIRAGANA": "Japanese",
    "KANNADA": "Kannada",
    "KATAKANA": "Japanese",
    "KHMER": "Khmer",
    "LAO": "Lao",
    "MALAYALAM": "Malayalam",
    "MYANMAR": "Burmese",
    "SINHALA": "Sinhala",
    "TAMIL": "Tamil",
    "TELUGU": "Telugu",
    "THAI": "Thai",
}
_PERSIAN = frozenset("پچژگیک")
_URDU = frozenset("ٹڈڑےھں")

_ENGLISH_WORDS = (
    "the of and to a in is it you that he was for on are with as i his they be at one have this "
    "from or had by but some what there we can out other were all your when up use how said an "
    "each she which do their if will way about many then them would so these her him has more "
    "could did my no than been who its now our me not any just like know after also because into "
    "most only over such very where why us am were don t s ll ve re d please thanks thank hi "
    "hello dear u ur ok get got go need want new here"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
# frequent words of other languages in Latin letters, without words that English has as well
_FREQUENT = {
    "German": "der die das und ist nicht ich ein eine einen einem einer zu mit sich auf für von "
    "dem den des im wir sie es ihr aber auch wie bei nach oder dass haben habe wurde werden noch "
    "nur bitte kann sind vom zum zur über mein meine unser ihre sehr keine kein uns mir mich wenn",
    "French": "le la les et est un une des du dans que qui pour pas sur plus avec vous nous je il "
    "elle ce cette ces mais ou où par au aux sont ont été être avoir fait mon ma mes votre notre "
    "nos vos leur leurs bonjour merci très aussi comme tout ne se sa ses ai suis êtes",
    "Spanish": "el la los las y es un una que de en por para con no se su sus lo le más pero como "
    "está han fue ser son mi me muy ya hay del al este esta estos si sin sobre entre cuando todo "
    "también desde hasta nos gracias hola tiene",
    "Portuguese": "o os as e é um uma que de em do da dos das no na nos nas por para com não se "
    "seu sua mais mas como está foi ser são meu minha muito já há ao à este esta isso ou você eu "
    "ele ela também até quando obrigado tem pelo pela",
    "Italian": "il lo la gli le e è un una che di del della dei delle nel nella non per con si "
    "sono ha ho hanno al alla dal dalla più ma anche come questo questa mi ci se mio mia molto "
    "stato essere grazie quando io lei suo sua",
    "Dutch": "de het een en van ik te dat die niet zijn met voor er maar om hem dan zou je mijn "
    "heb heeft hebben wij uw ook aan bij naar nog wordt worden werd geen deze dit onze ons kan "
    "moet wel graag zij hij waar door",
    "Swedish": "och att det som en är på av för med den till inte har de om ett jag vi men var sig "
    "från så kan när eller man hade mycket skulle mig vill denna detta",
    "Danish": "og at det som en er på af for med den til ikke har de om et jeg vi men var sig fra "
    "så kan når eller havde meget skulle mig vil denne dette blev",
    "Norwegian": "og at det som en er på av for med den til ikke har de om et jeg vi men var seg "
    "fra så kan når eller hadde mye skulle meg vil denne dette ble",
    "Finnish": "ja on ei se että oli hän mutta ovat kun niin myös tai joka sen olen minä mitä "
    "ole kuin mukaan sekä hänen voi vain nyt jos",
    "Polish": "i w na z nie się do to że jest o jak po za od ale czy są dla przez tylko ten co "
    "przy już mnie mam ze tym tego oraz jego być był była proszę",
    "Czech": "a se v na je že to z do o k i ale jako za by byl jsem jsou pro po jeho nebo jsme "
    "při který která které také než ještě však",
    "Slovak": "a sa v na je že to z do o k i ale ako za by bol som sú pre po jeho alebo sme pri "
    "ktorý ktorá ktoré tiež než však",
    "Romanian": "și în de la cu pe nu că o un este din care pentru mai sunt se fi a au ca sau dar "
    "după până fost lui sa lor ce am prin",
    "Hungarian": "a az és hogy nem is egy ez van volt meg csak de ha már mint még vagy kell el "
    "azt ki lehet után minden",
    "Turkish": "ve bir bu için da de ile çok ne olarak daha olan gibi var ama ben sen kadar en "
    "sonra değil mi olduğu her ya",
    "Croatian, Serbian or Bosnian": "i u je da se na za su od ne koji što sa kao će bi ali iz "
    "nije samo ili sam već može koja bio kako",
    "Slovenian": "in je da se na za so pa v ne ki kot bi tudi ali iz z po še ni sem bil lahko kako",
    "Lithuanian": "ir kad į yra su iš bet ne tai jo kaip buvo apie po už taip tik savo arba",
    "Latvian": "un ir ka ar no par uz kas bet arī tas kā tika pēc lai nav vai bija",
    "Estonian": "ja on ei et see oli ta kui ka aga mis oma nii või siis kes olid nagu ning",
    "Catalan": "el la els les i és un una que de en per amb no es seu seva més però com està van "
    "ser són meu molt ja hi ha del al aquest aquesta també des fins",
    "Indonesian or Malay": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya "
    "ke karena tersebut bisa ada mereka lebih telah oleh kami anda atau adalah",
    "Tagalog": "ang ng sa na mga at ay hindi ko mo siya ito para kung nang po ako niya kay naman "
    "lang pa",
    "Swahili": "ya na wa kwa ni katika za la cha kuwa hii kama lakini hiyo yake wake sana huo",
    "Vietnamese": "và của là có không được cho trong một các với những người này đã để khi tôi",
}
# these are answered with a warning; classification of others in Latin letters is refused
HALF_READ = frozenset({"German", "French", "Spanish"})
_WORD_LISTS = {language: frozenset(words.split()) for language, words in _FREQUENT.items()}
# of all languages here, which say nothing of what a text is about
FREQUENT_WORDS = frozenset(_ENGLISH.union(*_WORD_LISTS.values()))
_OWN_WORDS = {
    language: frozenset(word for word in words if len(word) > 1) - _ENGLISH
    for language, words in _WORD_LISTS.items()
}


@dataclass(frozen=True)
class Language:
    """What a text is written in.

    ``name``   for people, such as "German" or "Russian or another language in Cyrillic letters"
    ``level``  full: English, or too short to tell; half: answers are less often right; none
    ``latin``  whether it is written in Latin letters
    """

    name: str
    level: Level
    latin: bool = True


ENGLISH = Language("English", "full")
UNNAMED = "a language other than English"
UNSURE = "words that the engine does not know"


def detect_language(text: str) -> Language:
    """The language of ``text``, from samples of at most 6,000 characters."""
    return _detect(_sample(text))


def foreign_script(text: str) -> str | None:
    """The language that the letters of ``text`` tell, or None if it is in Latin letters."""
    latin = 0.0
    scripts: Counter[str] = Counter()
    for char in text:
        if char.isascii():
            latin += char.isalpha()
        elif char.isalpha():
            script = _script(char)
            if script:
                scripts[script] += 2 if script in _DENSE else 1
            else:
                latin += 1
    foreign = sum(scripts.values())
    if not foreign or foreign <= MAX_FOREIGN_SHARE * (foreign + latin):
        return None
    return _script_language(scripts, text)


@lru_cache(maxsize=256)
def _detect(sample: str) -> Language:
    name = foreign_script(sample)
    if name:
        return Language(name, "none", latin=False)
    name = _latin_language(_WORD.findall(unicodedata.normalize("NFC", sample)))
    if name is None:
        return ENGLISH
    return Language(name, "half" if name in HALF_READ or name == UNSURE else "none")


def _sample(text: str) -> str:
    if len(text) <= 3 * SAMPLE:
        return text
    middle = len(text) // 2
    return f"{text[:SAMPLE]} {text[middle : middle + SAMPLE]} {text[-SAMPLE:]}"


@lru_cache(maxsize=4_096)
def _script(char: str) -> str:
    """The script of a letter, "" for Latin letters and signs that several scripts use."""
    script = unicodedata.name(char, "").split(" ")[0].removesuffix("-UNIFIED")
    is_shared = script in {"", "FULLWIDTH", "MATHEMATICAL", "MODIFIER", "FEMININE", "MASCULINE"}
    return "" if script == "LATIN" or is_shared or script in _SYMBOLS else script


_SYMBOLS = frozenset(
    {"MICRO", "ANGSTROM", "KELVIN", "OHM", "SCRIPT", "DOUBLE-STRUCK", "BLACK-LETTER"}
)


def _script_language(scripts: Counter[str], text: str) -> str:
    script = scripts.most_common(1)[0][0]
    if script == "CJK" and scripts["HIRAGANA"] + scripts["KATAKANA"]:
        return "Japanese"
    if script == "ARABIC":
        letters = set(text)
        if letters & _URDU:
            return "Urdu"
        if letters & _PERSIAN:
            return "Persian"
    return _SCRIPTS.get(script) or f"a language in {script.capitalize()} letters"


def _latin_language(words: list[str]) -> str | None:
    """The language in Latin letters whose frequent words prove it, else None for English."""
    folded = [word.casefold() for word in words]
    counts = Counter(folded)
    best, hits, distinct = "", 0, 0
    for language, known in _OWN_WORDS.items():
        found = known & counts.keys()
        total = sum(counts[word] for word in found)
        if total > hits:
            best, hits, distinct = language, total, len(found)
    shared = _WORD_LISTS.get(best, frozenset())  # "do" and "me" prove no English
    english = sum(counts[word] for word in _ENGLISH - shared)
    # names, as in "Juan de la Cruz", say nothing of the language of a form
    are_names = 2 * sum(not word.islower() for word in words) >= len(words)
    enough = MIN_HITS if english or are_names else MIN_HITS - 1
    is_proven = hits >= enough and distinct > 1 and hits >= MIN_HIT_SHARE * len(words)
    if is_proven and hits > 1.5 * english + 1:
        return best
    if are_names:
        return None
    accented = sum(not word.isascii() for word in folded)
    is_accented = accented >= enough and accented >= MIN_ACCENTED_SHARE * len(words)
    if is_accented and accented > 2 * english:
        return best if distinct > 1 else UNNAMED
    if english >= MIN_ENGLISH_SHARE * len(words) or _are_english(folded):
        return None
    return best if distinct > 1 else UNSURE


def _are_english(words: Sequence[str]) -> bool:
    """Whether the model's vocabulary, which is English, has enough of the words; or too few."""
    long_enough = {word for word in words if len(word) >= MIN_LETTERS}
    known = sum(word in vocabulary() for word in long_enough)
    return len(long_enough) < MIN_WORDS or known >= MIN_KNOWN_SHARE * len(long_enough)
