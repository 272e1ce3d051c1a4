# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Text fields without a label: identifiers, people and organisations, each only with real evidence in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .days import MONTHS
from .keyvalue import mail_headers
from .labels import ROLES, Wanted, concepts_of, contradicts, plain, weight
from .typed import IDENTIFIER, Source, iban, wants_identifier

_HEADER = re.compile(r"^(From|To|Von|An|De|À|Subject|Betreff|Objet)\s?:\s?(.{1,200})$", re.M | re.I)
_ADDRESS = re.compile(r"^\"?([^\"<]{2,80}?)\"?\s{0,3}<([^>\s]{3,100})>")
_CLOSING = re.compile(
    r"^\s{0,8}(?:(?:with )?(?:apologies and )?(?:kind|best|warm|many)?\s?(?:regards|wishes|thanks)(?: from \w{2,20})?|"
    r"yours(?: sincerely| faithfully| truly)?|"
    r"sincerely|best|thanks|thank you|cheers|all the best|mit freundlichen grüßen|mit besten grüßen|viele grüße|beste grüße|"
    r"cordialement|bien cordialement|saludos|atentamente)\s?[,.!]?\s*$",
    re.I | re.M,
)
_PERSON = re.compile(
    r"^[A-ZÀ-ÖØ-ÞŁŚŠŽ][\w'’.-]{0,30}(?:\s(?:(?:van|von|de|der|den|di|da|la|le|el|bin|al)\s){0,2}[A-ZÀ-ÖØ-ÞŁŚŠŽ][\w'’.-]{0,30}){1,3}$"
)
_GREETING = re.compile(
    r"^\s{0,8}(?:Dear|Hi|Hello|Hallo|Guten Tag|Bonjour|Liebe|Lieber|Hola)\s"
    r"(?:(?:Mr|Mrs|Ms|Dr|Herr|Frau|Mme|M)\.?\s)?([^,!\n]{3,60})[,!]?\s*$",
    re.M,
)
_LEGAL = re.compile(
    r"\b(?:GmbH(?: & Co\. KG)?|AG|KG|OHG|UG|e\.\s?K\.|Ltd|Limited|LLC|LLP|PLC|plc|Inc|Corp|Corporation|Pty Ltd|Pty|S\.?A\.?S|SARL|S\.?A\.?|"
    r"S\.?L\.?|B\.?V\.?|N\.?V\.?|S\.?r\.?l|S\.?p\.?A|Oy|AB|ApS|A/S|AS|Sdn\.? Bhd|PTE\.? LTD|Pte\.? Ltd|Co)\b\.?",
)
_LEGAL_NAME = re.compile(
    r"(?<!\w)(?:[A-ZÀ-Þ0-9][\w'’&.-]{0,30},?[ ](?:(?:&|and|und|et|of)[ ])?){1,5}"
    r"(?:GmbH(?: & Co\. KG)?|AG|KG|OHG|e\.\s?K\.|Ltd\.?|Limited|LLC|LLP|PLC|Inc\.?|"
    r"(?:Pty|Pvt)\.? Ltd\.?|SARL|SAS|S\.L\.|B\.V\.|Oy|ApS|A/S|Sdn\.? Bhd\.?|P(?:TE|te)\.? L(?:TD|td)\.?|PTY L(?:TD|td))(?!\w)",
)
_HELPDESK = re.compile(
    r"^(?:info|help|support|service|kontakt|contact|orders?|sales|booking|jobs|bewerbung|reservations?|hello|"
    r"kundenservice|sav|office|care|customer)",
    re.I,
)
_AMOUNT_SIGN = re.compile(r"[€£$]\s?$")
_UNIT = re.compile(r"\s?[%€£$]|\s?(?:EUR|USD|GBP)\b|:\d")
_COUNTED = re.compile(r"(?:\s(?:of\s)?)([^\W\d_]{3,12})\b")
_FIGURE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,3}(?:,\d{3}){0,5}\.\d\d|\d{1,2}(?:st|nd|rd|th|am|pm)")
_SENDERS = frozenset({"sender", "customer", "applicant"})
_CUSTOMERS = frozenset({"customer", "applicant", "sender", "people", "=requester", "=requ"})
_FIRMS = frozenset({"supplier", "company"})
_BILLS = re.compile(
    r"\b(?:invoice|receipt|quotation|quote|rechnung|angebot|facture|devis|purchase order|tax invoice|till|your order)\b",
    re.I,
)


@dataclass(frozen=True)
class Mail:
    """Who wrote an e-mail and to whom: (name, address), each "" when not shown."""

    sender: tuple[str, str] = ("", "")
    to: tuple[str, str] = ("", "")


def text_value(field: Wanted, source: Source) -> str | None:
    """A text value without a label, or None."""
    if wants_identifier(field):
        return iban(source.text) if "iban" in field.text.casefold() else identifier(field, source.text)
    roles = field.name | (field.hint if field.name <= {"name"} else frozenset())
    if "supplier" in roles:
        return letterhead(source.text) or (signed_company(source.text) if writer_side(source) == "supplier" else None)
    if "company" in roles:
        return signed_company(source.text)
    if writer_side(source) == "supplier" and roles & {"customer", "people", "recipient"}:
        return greeted(source.text)
    if roles & _SENDERS:
        return writer(source.text, "applicant" in roles)
    return None


def greeted(text: str) -> str | None:
    """The person a letter is addressed to by first and last name."""
    found = _GREETING.search(text[:5_000])
    return found[1].strip() if found and _PERSON.match(found[1].strip()) else None


def side(roles: Iterable[str]) -> str | None:
    """Whom a field is about: "customer" or "supplier"; None when its words name neither or something else as well."""
    named = set(roles)
    if named and named <= _CUSTOMERS:
        return "customer"
    return "supplier" if named and named <= _FIRMS else None


def writer_side(source: Source) -> str | None:
    """Who wrote the text: a customer who mails a service address, or a supplier who bills, quotes and confirms."""
    headers = mail(source.text)
    if headers.to[1] and _HELPDESK.match(headers.to[1]):
        return "customer"
    if headers.sender[1] and _HELPDESK.match(headers.sender[1]):
        return "supplier"
    return "supplier" if _BILLS.search(source.text[:1_500]) else None


def signed_company(text: str) -> str | None:
    """The one organisation with a legal form in the lines under the signature."""
    for closing in reversed(list(_CLOSING.finditer(text))):
        lines = [line.strip() for line in text[closing.end() :].split("\n")[:10]]
        found = {line for line in lines if len(line) < 60 and _LEGAL.search(line) and not re.search(r"[:@]", line)}
        return found.pop() if len(found) == 1 else None
    return None


def identifier(field: Wanted, text: str) -> str | None:
    """The code that stands right after words naming the field: "order BH-209", "Invoice #118"."""
    telling = {concept for concept in field.name if concept != "number"} or {"number"}
    hinted = frozenset(concept for concept in field.hint if weight(concept) >= 0.5 and concept not in ROLES)
    found: dict[str, float] = {}
    for match in IDENTIFIER.finditer(text[:60_000]):
        before = text[max(0, match.start() - 40) : match.start()]
        words = re.findall(r"[^\W_]+(?:-[^\W_]+)?|#|n°|[.:;,!?]\s|\n\n", plain(before))[-4:]
        stops = [place for place, word in enumerate(words) if word[0] in ".;!?\n" and place and words[place - 1] not in {"no", "nr", "num"}]
        near = words[stops[-1] + 1 :] if stops else words
        seen = frozenset().union(*(concepts_of(word) for word in near)) if near else frozenset()
        if "old" in seen and "old" not in field.all:
            continue
        if (telling <= seen or (hinted and hinted <= seen)) and not contradicts(field, seen) and not _is_plain_value(match, text):
            closeness = max(place for place, word in enumerate(near) if concepts_of(word) & (telling | hinted)) - len(near)
            value = match.group().rstrip(".")
            found[value] = max(found.get(value, -9.0), float(closeness))
    if not found:
        return None
    headings = [value for value in found if re.search(rf"^(?:Subject|Betreff|Objet)\s?:.{{0,200}}?{re.escape(value)}", text[:3_000], re.M)]
    if len(headings) == 1:
        return headings[0]
    best = sorted(found.items(), key=lambda item: -item[1])
    return best[0][0] if len(best) == 1 or best[0][1] > best[1][1] + 1 else None


def _is_plain_value(match: re.Match[str], text: str) -> bool:
    """Whether the candidate is rather an amount, a date, a count or a time."""
    value, before, after = match.group(), text[max(0, match.start() - 2) : match.start()], text[match.end() : match.end() + 16]
    if _AMOUNT_SIGN.search(before) or after[:1] == "@" or _UNIT.match(after):
        return True
    if value.isdigit() and len(value) <= 4 and value[0] != "0":  # a year, a day or a count, unless "#118" or "4711" says more
        counted = _COUNTED.match(after)
        return not (before[-1:] == "#" or len(value) > 3) or bool(counted and counted[1].lower() in {*MONTHS, "days", "pieces", "times"})
    return bool(_FIGURE.fullmatch(value))


def mail(text: str) -> Mail:
    """The headers at the beginning of an e-mail."""
    found: dict[str, tuple[str, str]] = {}
    for match in _HEADER.finditer(text[:3_000]):
        who = _ADDRESS.match(match[2].strip())
        key = "from" if match[1].lower() in {"from", "von", "de"} else "to" if match[1].lower() in {"to", "an", "à"} else ""
        if key and who:
            found.setdefault(key, (who[1].strip(), who[2].lower()))
        elif key:
            found.setdefault(key, ("", match[2].strip().lower()))
    return Mail(found.get("from", ("", "")), found.get("to", ("", "")))


def writer(text: str, surely: bool = False) -> str | None:
    """The person who signs an e-mail to a company: the signature, confirmed by the sender's name where there is one.

    ``surely``: whoever signs is meant, whatever the sender's name.
    """
    headers = mail(text)
    signed = signature(text)
    if surely:
        return signed
    if headers.to[1] and not _HELPDESK.match(headers.to[1]) and not headers.sender[0]:
        return None
    if signed and (not headers.sender[0] or plain(signed) == plain(headers.sender[0])):
        return signed
    name = headers.sender[0]
    return name if name and _PERSON.match(name) and not _LEGAL.search(name) and _HELPDESK.match(headers.to[1]) else None


def signature(text: str) -> str | None:
    """The name under the last closing line."""
    closings = list(_CLOSING.finditer(text))
    for closing in reversed(closings):
        for line in text[closing.end() :].split("\n")[:4]:
            if line.strip():
                name = line.strip().rstrip(",")
                return name if _PERSON.match(name) and not _LEGAL.search(name) else None
    return None


def letterhead(text: str) -> str | None:
    """The organisation at the head of a document, or the only one with a legal form in all of it."""
    names = {match.group().strip() for match in _LEGAL_NAME.finditer(text[:20_000])}
    lines = [] if mail_headers(text) else [line.strip() for line in text[:600].split("\n") if line.strip()][:4]
    for line in lines:
        for cell in re.split(r"\s{3,}|\t", line):
            found = _LEGAL_NAME.search(cell)
            if found and ":" not in cell:
                return cell if len(cell) < 60 and "," not in cell.replace(", ", "", 1) else found.group()
    if names:
        return names.pop() if len(names) == 1 else None
    return _heading(lines)


def _heading(lines: list[str]) -> str | None:
    """A short first line over an address: a shop's name on its receipt."""
    if len(lines) < 2 or not re.search(r"\d\s\w.{0,40},", lines[1]):
        return None
    name = lines[0]
    fits = len(name.split()) <= 6 and not re.search(r"[:\d@]|\b(?:invoice|receipt|rechnung|order|quote)\b", name, re.I)
    return name if fits and name[0].isupper() else None
