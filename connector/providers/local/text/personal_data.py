# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Personal data and secrets in running text, with their places.

Numbers that have check digits count only if these fit, which is then certain; other kinds go by
their form and the words before them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from connector.providers.local.text import check_digits
from connector.providers.local.text.contacts import detect_region, find_emails, find_urls
from connector.providers.local.text.dates import DateStyle, find_dates
from connector.providers.local.text.person_names import find_names
from connector.providers.local.text.postal_addresses import find_addresses

CERTAIN, LIKELY, POSSIBLE = 1.0, 0.85, 0.6
_CONTEXT = 48  # characters before a value in which a word may name it


@dataclass(frozen=True)
class Found:
    """A value in a text: ``text[start:end]``; ``kind`` as in the form, such as emails."""

    kind: str
    start: int
    end: int
    confidence: float


def find_personal_data(text: str, kinds: Collection[str], region: str = "") -> list[Found]:
    """The values of these ``kinds`` in ``text``, in order and without overlaps."""
    spans = [span for kind, find in FINDERS.items() if kind in kinds for span in find(text, region)]
    return without_overlaps(spans)


def without_overlaps(spans: Sequence[Found]) -> list[Found]:
    """Of spans that overlap the surest, then the longest, then the first; in order."""
    ranked = sorted(spans, key=lambda span: (-span.confidence, span.start - span.end, span.start))
    free: list[Found] = []
    taken: set[int] = set()
    for span in ranked:
        covered = range(span.start, span.end)
        if taken.isdisjoint(covered):
            taken.update(covered)
            free.append(span)
    return sorted(free, key=lambda span: span.start)


def _compact(text: str) -> str:
    return re.sub(r"[\s.,/()\u2010-\u2015-]", "", text).upper()


def _named(text: str, start: int, words: re.Pattern[str]) -> bool:
    """Whether one of ``words`` is right before ``start``."""
    return words.search(text[max(0, start - _CONTEXT) : start]) is not None


# --- addresses of the net -------------------------------------------------------------------------


def _emails(text: str, _: str) -> Iterator[Found]:
    for span in find_emails(text):
        yield Found("emails", span.start, span.end, CERTAIN)


def _urls(text: str, _: str) -> Iterator[Found]:
    for span in find_urls(text):
        yield Found("urls", span.start, span.start + len(str(span.value)), CERTAIN)


_IP = re.compile(
    r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})(?![\w:]|\.\d)"
)


def _ips(text: str, _: str) -> Iterator[Found]:
    for match in _IP.finditer(text):
        value = match.group()
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            continue
        if address.version == 4 or any(char.isdigit() for char in value):
            yield Found("ips", match.start(), match.end(), CERTAIN)


# --- numbers with check digits --------------------------------------------------------------------

_CARD = re.compile(r"(?<![\w.,-])\d(?:[ \u00a0-]?\d){11,18}(?![\w-]|[.,]\d)")
_CARD_WORD = re.compile(
    r"\b(?:card|cc|credit|debit|visa|mastercard|amex|karte|carte|tarjeta)\b", re.I
)


def _cards(text: str, _: str) -> Iterator[Found]:
    for match in _CARD.finditer(text):
        if check_digits.is_card(_compact(match.group())):
            yield Found("cards", match.start(), match.end(), CERTAIN)
        elif _named(text, match.start(), _CARD_WORD) and sum(map(str.isdigit, match.group())) > 12:
            yield Found("cards", match.start(), match.end(), POSSIBLE)


_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}(?!\w)")


def _ibans(text: str, _: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        end = _iban_end(match.group())
        if end:
            yield Found("ibans", match.start(), match.start() + end, CERTAIN)


def _iban_end(text: str) -> int:
    """The characters of ``text`` that are an IBAN, as words may follow it; 0: none."""
    for end in range(len(text), 14, -1):
        if text[end : end + 1].isalnum():
            continue
        if check_digits.is_iban(_compact(text[:end])):
            return end
    return 0


@dataclass(frozen=True)
class _Identifier:
    """A number of a person or company: its form, its check, and the words that must name it."""

    pattern: re.Pattern[str]
    check: Callable[[str], bool]
    words: re.Pattern[str] | None = None


def _identifier(pattern: str, check: Callable[[str], bool], words: str = "") -> _Identifier:
    named = re.compile(rf"\b(?:{words})\b", re.I) if words else None
    return _Identifier(re.compile(rf"(?<![\w.,-])(?:{pattern})(?![\w-]|[.,]\d)"), check, named)


_SSN_WORDS = "ssn|social security|social"
_IDENTIFIERS: tuple[_Identifier, ...] = (
    _identifier(r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}", check_digits.is_us_ssn),
    _identifier(r"\d{9}", check_digits.is_us_ssn, _SSN_WORDS),
    # letters that the United Kingdom does not issue are left out
    _identifier(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", lambda _: True),
    _identifier(r"[XYZ]-?\d{7}-?[A-Z]|\d{8}-?[A-Z]", check_digits.is_spanish_id),
    _identifier(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", check_digits.is_italian_code),
    _identifier(r"[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2}", check_digits.is_french_nir),
    _identifier(r"\d{3}\.\d{3}\.\d{3}-\d{2}", check_digits.is_brazilian_cpf),
    _identifier(r"\d{11}", check_digits.is_brazilian_cpf, "cpf"),
    _identifier(r"\d{9}", check_digits.is_dutch_bsn, "bsn|burgerservicenummer"),
    _identifier(r"\d{11}", check_digits.is_polish_pesel, "pesel"),
    _identifier(r"[A-Z]{2} ?[A-Z0-9](?:[ .-]?[A-Z0-9]){7,11}", check_digits.is_vat),
    _identifier(
        r"[A-Z]{0,3}\d[A-Z0-9]{5,10}",
        lambda value: sum(map(str.isdigit, value)) >= 5,
        r"passport(?: (?:no|number|nr))?\.?:?|(?:driver'?s?|driving) licen[cs]e(?: (?:no|number))?"
        r"\.?(?: is)?:?|tax id|national id|ausweis(?:nummer|nr)?|steuer-?id|itin|nhs number",
    ),
)


def _ids(text: str, _: str) -> Iterator[Found]:
    for one in _IDENTIFIERS:
        for match in one.pattern.finditer(text):
            is_named = one.words is None or _named(text, match.start(), one.words)
            if is_named and one.check(_compact(match.group())):
                yield Found("ids", match.start(), match.end(), LIKELY if one.words else 0.95)


# --- telephone numbers, birth dates ---------------------------------------------------------------

_PHONE = re.compile(
    r"(?<![\w./#$€£@-])(?<!\d,)(?:\+|\()?\d(?:[ \u00a0()./-]{0,2}\d){6,14}"
    r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,5})?(?![\w@]|-\d|[.,]\d)"
)
_PHONE_WORD = re.compile(
    r"\b(?:phone|call|tel|telephone|mobile|cell|fax|sms|text|whatsapp|number is|reach|ring|telefon|"
    r"tél|rufen|handy|móvil|teléfono)\b",
    re.I,
)
_PHONE_FORM = re.compile(
    r"\+\d|00\d|\(\d{2,5}\)|0\d{1,4}[ /-]\d|\d{3}[ .-]\d{3}[ .-]\d{4}|1[ .-]\d{3}[ .-]\d{3}"
)
_DATE_FORM = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")


def _phones(text: str, region: str) -> Iterator[Found]:
    home = region or detect_region(text) or ""
    for match in _PHONE.finditer(text):
        written = match.group()
        if _DATE_FORM.fullmatch(written.strip()):
            continue
        if _PHONE_FORM.match(written) or _named(text, match.start(), _PHONE_WORD):
            yield Found("phones", match.start(), match.end(), LIKELY)
        elif home and _is_valid_phone(written, home):
            yield Found("phones", match.start(), match.end(), POSSIBLE)


def _is_valid_phone(written: str, region: str) -> bool:
    try:
        import phonenumbers
    except ImportError:  # of the extra `local`
        return False
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))


_BIRTH_WORD = re.compile(
    r"\b(?:born(?: on| in)?|birth(?:day|date)?|date of birth|dob|geboren(?: am)?|geburtsdatum|"
    r"née? le|naissance|nacid[oa]|nacimiento|nat[oa] il|nascita|geboortedatum)\b[^\d]{0,16}$",
    re.I,
)


def _birth_dates(text: str, _: str) -> Iterator[Found]:
    for day_first in (True, False):
        for span in find_dates(text, DateStyle(day_first=day_first)):
            if _named(text, span.start, _BIRTH_WORD):
                yield Found("birthdates", span.start, span.end, LIKELY)


# --- names, postal addresses, secrets -------------------------------------------------------------


def _names(text: str, _: str) -> Iterator[Found]:
    for span in find_names(text):
        yield Found("names", span.start, span.end, span.confidence)


def _addresses(text: str, _: str) -> Iterator[Found]:
    for start, end in find_addresses(text):
        yield Found("addresses", start, end, LIKELY)


_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{1,8000}-----END [A-Z ]{0,30}PRIVATE KEY-----"
    r"|(?<![\w-])(?:sk|pk|rk)[-_](?:[a-z]{2,10}[-_]){0,2}[A-Za-z0-9_-]{16,200}"
    r"|(?<!\w)gh[pousr]_[A-Za-z0-9]{30,255}|(?<!\w)github_pat_\w{20,255}"
    r"|(?<!\w)glpat-[\w-]{20,60}|(?<!\w)xox[abposr]-[\w-]{10,200}"
    r"|(?<!\w)A(?:KIA|SIA|ROA)[A-Z0-9]{16}(?!\w)|(?<!\w)AIza[\w-]{35}(?!\w)"
    r"|(?<![\w.-])eyJ[\w-]{8,4000}\.eyJ[\w-]{8,8000}\.[\w-]{8,2000}"
)
_PASSWORD = re.compile(
    r"\b(?:password|passwort|passwd|pwd|mot de passe|contraseña|api[ _-]?key|secret|token)\b"
    r"(?:\s?[:=]\s?|\sis\s(?!not|the|a|on|in|my|your)|\sist\s)([^\s,;\"']{4,200})",
    re.I,
)


def _secrets(text: str, _: str) -> Iterator[Found]:
    for match in _SECRETS.finditer(text):
        yield Found("secrets", match.start(), match.end(), CERTAIN)
    for match in _PASSWORD.finditer(text):
        end = match.start(1) + len(match[1].rstrip(".!?"))
        yield Found("secrets", match.start(1), end, LIKELY)


FINDERS: dict[str, Callable[[str, str], Iterator[Found]]] = {
    "names": _names,
    "emails": _emails,
    "phones": _phones,
    "addresses": _addresses,
    "birthdates": _birth_dates,
    "cards": _cards,
    "ibans": _ibans,
    "ids": _ids,
    "ips": _ips,
    "secrets": _secrets,
    "urls": _urls,
}
