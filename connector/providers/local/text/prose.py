# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""What of a text a summary may quote: the body of a mail or an article, and whole thoughts of it.

A sentence needs its context if it begins with a word that stands for something said before, such as
"He", "However" or "The 23-year-old". Salutations, signatures, headings, references and heads of
tables are no sentences of the body.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from connector.providers.local.text.label_words import STOP_WORDS
from connector.providers.local.text.labelled_pairs import mail_header_length, without_quoted_mail
from connector.providers.local.text.sentences import Sentence, word_set

_CLOSING = re.compile(
    r"^[^\S\n]{0,8}(?:(?:with |my )?(?:kind|best|warm|warmest|many)?\s?"
    r"(?:regards|wishes|thanks)|yours(?: sincerely| faithfully| truly)?|sincerely(?: yours)?|best|"
    r"thanks(?: a lot| again)?|"
    r"thank you(?: very much)?|thx|cheers|all the best|take care|mit freundlichen grüßen|"
    r"mit besten grüßen|(?:viele|beste|liebe|herzliche) grüße|mfg|(?:bien )?cordialement|"
    r"sincères salutations|saludos|atentamente|met vriendelijke groet(?:en)?)"
    r"\s?[,.!]?[^\S\n]{0,8}$",
    re.I | re.M,
)
_SIGNATURE_MARK = re.compile(r"^(?:-- ?|_{5,60}|-{5,60})$", re.M)
_LONGEST_SIGNATURE = 900  # characters
_LONGEST_SIGNATURE_LINE = 75
_REFERENCES = re.compile(
    r"^\s{0,8}(?:\d{1,2}\.?\s)?(?:references|bibliography|works cited|literatur|"
    r"literaturverzeichnis|références|bibliographie|further reading|external links|see also)"
    r"\s{0,8}:?\s{0,8}$",
    re.I | re.M,
)
_GREETED = re.compile(
    r"(?:dear|hi|hello|hey|good (?:morning|afternoon|day|evening)|hallo|liebe[rs]?|"
    r"sehr geehrte[rs]?|guten (?:tag|morgen)|moin|bonjour|cher|chère|hola|estimad[oa]s?|"
    r"beste|geachte)\b"
    r"[^,.!:;?\n]{0,50}[,!:]\s{1,3}(?=\S)",
    re.I,
)
_NAMED = re.compile(r"[A-Z][a-z]{1,14}(?: [A-Z][a-z]{1,14})?(?:[:,]| -{1,2})\s{1,3}(?=[A-Z])")
_LABELS = word_set(
    "Note Notes Warning Important Update Summary Subject Total Date Time Place Location Agenda "
    "Question Answer Reason Result Results Conclusion Background Action Deadline Today Tomorrow "
    "Yesterday However Moreover Finally First Second Third Also Meanwhile Yes No Well Please Now "
    "Then"
)
_PRONOUN = re.compile(
    r"[(\[–—-]{0,2}\s?(?:(?:and|but|so|yet|or|und|aber|doch|et|mais|y|pero)\b,?\s)?"
    r"(?:he|she|it|they|him|them|his|her|hers|its|their|theirs|this|that|these|those|such|both|"
    r"neither|either|here|one of (?:them|these|those)|some of (?:them|these|those)|"
    r"er|sie|dies|diese[rs]?|dessen|deren|sein|seine|ihre|"
    r"il|elle|ils|elles|ceci|cela|ces|cette|celui|celle|él|ella|ellos|ellas|esto|esta|este|estos)"
    r"(?:['’](?:s|ll|d|re|ve))?\b",
    re.I,
)
_CONNECTIVE = re.compile(
    r"\(?(?:and|but|so|yet|however|therefore|thus|hence|then|also|meanwhile|instead|"
    r"otherwise|moreover|furthermore|nevertheless|nonetheless|besides|consequently|accordingly|"
    r"similarly|likewise|afterwards|for (?:example|instance)|in addition|as a result|"
    r"on the other hand|in contrast|by contrast|still|indeed|again|too|that said|"
    r"aber|doch|jedoch|daher|deshalb|trotzdem|außerdem|zudem|dann|allerdings|"
    r"mais|donc|cependant|pourtant|ainsi|pero|sin embargo|además)\b(?! (?:far|many|much|long)\b)",
    re.I,
)
_DEFINITE = re.compile(
    r"(?:the|der|die|das|le|la|el) (?:\d{1,3}-year-old|former|latter|pair|duo|trio|two|three|"
    r"same|other|others|second|third|rest|former|result|reason|problem|idea|move|decision|"
    r"change|changes|increase|decrease|incident|attack|ruling|statement|comments?|remarks?|"
    r"announcement|figures?|findings|latest|above|following|figure is|18-|19-|20-)\b",
    re.I,
)
_SPOKEN = re.compile(
    r"[\"“”'’],?\s(?:he|she|they|it|er|sie|il|elle) (?:said|says|added|told|explained|wrote|asked|"
    r"insisted|continued|sagte|a dit)\b|[\"“”'’],?\s(?:said|added|says) (?:he|she|they)\b",
    re.I,
)
_QUOTES = tuple('"“”„«')
_ATTRIBUTED = re.compile(r"[\"“”»],?\s[^\"“”«»]{0,40}\b[A-ZÀ-Þ][\w’'-]")
_REFERENCE = re.compile(
    r"\s{0,3}(?:\[\d{1,3}\]|\(?\d{4}\)?[.:]\s|"
    r"(?:table|figure|fig\.|tab\.|abb\.|tabelle|abbildung)\s\d)|"
    r".{0,200}\b(?:et al\.|doi:|ISBN|ISSN|pp\.\s?\d|vol\.\s?\d)",
    re.I | re.S,
)
_PLEASANTRY = re.compile(
    r"(?:i|we)? ?(?:hope|trust) (?:you|this|all|that|everything|everyone)\b|"
    r"(?:many )?(?:thanks|thank you) (?:for|so|very)\b|i am writing to you\b|"
    r"just a (?:quick )?note\b|"
    r"how are you\b|(?:it was )?(?:nice|great|good|lovely) (?:to|talking|meeting|seeing)\b|"
    r"(?:vielen |herzlichen )?dank für|ich hoffe|merci (?:de|pour|beaucoup)|"
    r"please (?:find )?(?:see )?(?:the )?(?:attached|below)\b.{0,20}$|as discussed\b.{0,20}$|"
    r"sorry for the (?:delay|late)",
    re.I,
)
_END = (".", "!", "?", "…", "。", "！", "？", "”", '"', "»", ")")


def body_of(text: str) -> str:
    """The newest message of a mail without headers and signature, or an article without references.

    A text of which nothing else would be left is returned whole.
    """
    body = without_quoted_mail(text[mail_header_length(text) :])
    references = _REFERENCES.search(body, len(body) // 3)
    if references:
        body = body[: references.start()]
    body = body[: _signature_start(body)]
    return body if body.strip() else text


def is_message(text: str) -> bool:
    """Whether a text is a mail or another message: with headers, a greeting or a signature."""
    if mail_header_length(text) or _GREETED.match(text.lstrip()[:120]):
        return True
    return _signature_start(text) < len(text)


def _signature_start(body: str) -> int:
    """Where a closing line or a mark begins a signature, the length of the text if none does."""
    marks = [*_CLOSING.finditer(body), *_SIGNATURE_MARK.finditer(body)]
    for match in sorted(marks, key=lambda match: match.start()):
        rest = body[match.end() :]
        lines = [line for line in rest.split("\n") if line.strip()]
        is_short = len(rest) <= _LONGEST_SIGNATURE and len(lines) <= 12
        if (
            match.start()
            and is_short
            and all(len(line) <= _LONGEST_SIGNATURE_LINE for line in lines)
        ):
            return match.start()
    return len(body)


def without_salutation(sentence: Sentence) -> Sentence:
    """The sentence without a greeting or a name before it: "Rhett: I am late.", "Hi Jo, I am …"."""
    raw = sentence.raw
    match = _GREETED.match(raw)
    if match is None:
        match = _NAMED.match(raw)
        if match and match.group().split()[0].strip(":,") in _LABELS:
            match = None
    if match is None or len(raw) - match.end() < 12:
        return sentence
    return replace(sentence, start=sentence.start + match.end(), raw=raw[match.end() :])


def without_headline(sentence: Sentence) -> Sentence:
    """A first sentence without the headline that was glued to it.

    "Cairn shares up on new oil find Cairn said …" begins twice with the same name.
    """
    words = sentence.raw.split(" ")
    first = words[0]
    if len(first) < 3 or not first[0].isupper() or first.lower() in STOP_WORDS:
        return sentence
    for index in range(4, min(14, len(words) - 4)):
        before = words[index - 1]
        is_open = before.isalpha() and before.islower() and before not in STOP_WORDS
        if words[index] == first and is_open and not before.endswith(("ed", "ing", "says", "said")):
            offset = len(" ".join(words[:index])) + 1
            return replace(sentence, start=sentence.start + offset, raw=sentence.raw[offset:])
    return sentence


def needs_context(text: str) -> bool:
    """Whether a sentence speaks of something that only a sentence before it names.

    A quotation does, if it does not name its speaker.
    """
    if text[:1] in _QUOTES:
        return bool(_SPOKEN.search(text)) or not _ATTRIBUTED.search(text)
    return bool(
        _PRONOUN.match(text)
        or _CONNECTIVE.match(text)
        or _DEFINITE.match(text)
        or _SPOKEN.search(text)
    )


def is_reference(text: str) -> bool:
    """Whether a line is an entry of references, or the caption of a table or a figure."""
    return bool(_REFERENCE.match(text))


def is_pleasantry(text: str) -> bool:
    """Whether a sentence only is polite: "I hope you are well"."""
    return bool(_PLEASANTRY.match(text)) and len(text) < 110


def is_whole(sentence: Sentence) -> bool:
    """Whether a sentence ends as sentences do; headings and cells do not."""
    return sentence.raw.endswith(_END)


def body_sentences(found: Sequence[Sentence]) -> list[Sentence]:
    """Sentences of a body without greetings before them, and without a headline in the first."""
    body = [without_salutation(sentence) for sentence in found]
    if body:
        body[0] = without_headline(body[0])
    return body
