# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""E-mail addresses, web addresses and telephone numbers in running text."""

from __future__ import annotations

import re

from .amounts import Span

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?![\w@-])")
_URL = re.compile(r"https?://[^\s<>\"')\]]{3,2000}|(?<![\w@./-])www\.[\w-]{1,63}\.[^\s<>\"')\],;]{2,500}")
_BARE = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]{2,63}\.){1,3}(?:com|org|net|io|dev|example|de|fr|uk|eu|info|co|at|ch|es|it|nl)(?:/[^\s<>\"')\],;]{0,300})?(?![\w@])",
    re.I,
)
_PHONE = re.compile(r"(?<![\w.,/#-])(?:\+|00|\()?\d(?:[ \u00a0()./-]{0,3}\d){5,14}(?![\w@]|[.,]\d)")
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}|\d{4}-\d\d-\d\d")
AMERICAN = frozenset({"US", "CA"})
_CODE = re.compile(r"^(?:\+|00)")

# Signs of the country whose numbers a text writes without a country code, each a sure one.
_REGIONS = (
    ("GB", re.compile(r"£|\bUnited Kingdom\b|\bUK\b|\bEngland\b|\bScotland\b|\bWales\b|\bGBP\b|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\+44")),
    ("US", re.compile(r"\bUSA\b|\bUnited States\b|\b[A-Z]{2} \d{5}(?:-\d{4})?\b|\bUSD\b|US\$|\+1[ -(]")),
    ("DE", re.compile(r"\bDeutschland\b|\bGermany\b|\bGmbH\b|\bMwSt\b|\bUSt\b|\+49|\be\.\s?K\.")),
    ("AT", re.compile(r"\bÖsterreich\b|\bAustria\b|\bATU\d|\+43")),
    ("CH", re.compile(r"\bSchweiz\b|\bSwitzerland\b|\bSuisse\b|\bCHF\b|\+41")),
    ("FR", re.compile(r"\bFrance\b|\bSARL\b|\bSIRET\b|\bTVA\b|\bCedex\b|\+33")),
    ("ES", re.compile(r"\bEspaña\b|\bSpain\b|\bIVA\b|\+34")),
    ("AU", re.compile(r"\bAustralia\b|\bABN\b|\bPty\b|\bAUD\b|A\$|\b(?:NSW|VIC|QLD|TAS|WA|SA|ACT) \d{4}\b|\+61")),
    ("NZ", re.compile(r"\bNew Zealand\b|\bNZD\b|NZ\$|\+64")),
    ("IE", re.compile(r"\bIreland\b|\bEircode\b|\+353")),
    ("CA", re.compile(r"\bCanada\b|\bCAD\b|\b[A-Z]\d[A-Z] \d[A-Z]\d\b")),
    ("SG", re.compile(r"\bSingapore\b|\bSGD\b|S\$|\+65")),
    ("IN", re.compile(r"\bIndia\b|₹|\bINR\b|\bGSTIN\b|\+91")),
    ("NL", re.compile(r"\bNederland\b|\bNetherlands\b|\bBTW\b|\+31")),
    ("IT", re.compile(r"\bItalia\b|\bItaly\b|\bP\.\s?IVA\b|\+39")),
)  # fmt: skip


def emails(text: str) -> list[Span]:
    """E-mail addresses in lower case."""
    return [Span(match.start(), match.end(), match.group().rstrip(".").lower()) for match in _EMAIL.finditer(text)]


def urls(text: str) -> list[Span]:
    """Web addresses as written, without the sentence's closing stop; a bare domain counts, an e-mail's does not."""
    found = [Span(match.start(), match.end(), match.group().rstrip(".,;:!?")) for match in _URL.finditer(text)]
    taken = {place for span in found for place in (span.start, span.end)}
    for match in _BARE.finditer(text):
        if not any(span.start <= match.start() < span.end for span in found) and match.start() not in taken:
            found.append(Span(match.start(), match.end(), match.group().rstrip(".,;:!?")))
    return sorted(found, key=lambda span: span.start)


def named_region(country: str) -> str | None:
    """The region of a country's name in English, German or French."""
    shown = [name for name, pattern in _REGIONS if pattern.search(country)]
    return shown[0] if len(shown) == 1 else None


def phones(text: str, home: str | None) -> list[Span]:
    """Telephone numbers: E.164 when the country is certain from the number or is ``home``, else as written."""
    found = []
    for match in _PHONE.finditer(text):
        value = phone(match.group(), home)
        if value and not _DATE.fullmatch(match.group().strip()):
            found.append(Span(match.start(), match.end(), value))
    return found


def region(text: str) -> str | None:
    """The one country that ``text`` shows, or None when it shows none or several."""
    head = text[:60_000]
    shown = [name for name, pattern in _REGIONS if pattern.search(head)]
    return shown[0] if len(shown) == 1 else None


def phone(raw: str, home: str | None) -> str | None:
    """One number in normal form; None when it cannot be a telephone number."""
    import phonenumbers

    digits = sum(map(str.isdigit, raw))
    if _CODE.match(raw) or home:
        try:
            written = "+" + raw[2:] if raw.startswith("00") else raw
            number = phonenumbers.parse(written.replace("(0)", ""), home)
        except phonenumbers.NumberParseException:
            return None
        known = _CODE.match(raw) or raw[0] in "0(" or phonenumbers.is_valid_number(number)
        if phonenumbers.is_possible_number(number) and (known or (home in AMERICAN and digits == 10)):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        return None
    return raw.strip() if 7 <= digits <= 15 and raw[0] in "0(+" else None
