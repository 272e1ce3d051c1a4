# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Values of text fields without a label: identifiers, people and organisations.

A value is only returned if the text has clear evidence for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.providers.local.text import agreements, introductions
from connector.providers.local.text.dates import MONTHS
from connector.providers.local.text.label_matching import (
    FieldQuery,
    concept_weight,
    concepts_of,
    contradicts,
    normalize,
)
from connector.providers.local.text.label_words import ROLE_CONCEPTS
from connector.providers.local.text.letterhead import (
    LEGAL_FORM,
    LEGAL_NAME,
    has_bill_heading,
    issuer,
    issuer_address,
    names_addressee,
)
from connector.providers.local.text.registered_numbers import find_iban, find_vat_number
from connector.providers.local.text.typed_values import (
    IDENTIFIER,
    SourceText,
    is_identifier_field,
    is_tax_number_field,
)

_HEADER = re.compile(r"^(From|To|Von|An|De|À|Subject|Betreff|Objet)\s?:\s?(.{1,200})$", re.M | re.I)
_HEADER_KEYS = {
    "from": "sender",
    "von": "sender",
    "de": "sender",
    "to": "to",
    "an": "to",
    "à": "to",
}
_NAMED_ADDRESS = re.compile(r"^\"?([^\"<]{2,80}?)\"?\s{0,3}<([^>\s]{3,100})>")
_CLOSING = re.compile(
    r"^[^\S\n]{0,8}(?:(?:with )?(?:apologies and )?(?:kind|best|warm|many)?\s?(?:regards|wishes|"
    r"thanks)(?: from \w{2,20})?|yours(?: sincerely| faithfully| truly)?|sincerely|best|thanks|"
    r"thank you|cheers|all the best|mit freundlichen grüßen|mit besten grüßen|viele grüße|"
    r"beste grüße|cordialement|bien cordialement|saludos|atentamente)\s?[,.!]?\s*$",
    re.I | re.M,
)
_PERSON = re.compile(
    r"^[A-ZÀ-ÖØ-ÞŁŚŠŽ][\w'’.-]{0,30}(?:\s(?:(?:van|von|de|der|den|di|da|la|le|el|bin|"
    r"al)\s){0,2}[A-ZÀ-ÖØ-ÞŁŚŠŽ][\w'’.-]{0,30}){1,3}$"
)
_GREETING = re.compile(
    r"^\s{0,8}(?:Dear|Hi|Hello|Hallo|Guten Tag|Bonjour|Liebe|Lieber|Hola)\s"
    r"(?:(?:Mr|Mrs|Ms|Dr|Herr|Frau|Mme|M)\.?\s)?([^,!\n]{3,60})[,!]?\s*$",
    re.M,
)
_SIGNED_FORM = re.compile(LEGAL_FORM.pattern + r"|(?<!\w)(?:AS|SL|Co)\b\.?")
_SERVICE_ADDRESS = re.compile(
    r"^(?:info|help|support|service|kontakt|contact|orders?|sales|booking|jobs|bewerbung|"
    r"reservations?|hello|kundenservice|sav|office|care|customer)",
    re.I,
)
_CURRENCY_BEFORE = re.compile(r"[€£$]\s?$")
_UNIT_AFTER = re.compile(r"\s?[%€£$]|\s?(?:EUR|USD|GBP)\b|:\d")
_COUNTED_NOUN = re.compile(r"(?:\s(?:of\s)?)([^\W\d_]{3,12})\b")
_DATE_OR_AMOUNT = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,3}(?:,\d{3}){0,5}\.\d\d|"
    r"\d{1,2}(?:st|nd|rd|th|am|pm)"
)
_WORD_OR_STOP = re.compile(r"[^\W_]+(?:-[^\W_]+)?|#|n°|[.:;,!?]\s|\n\n")
_YEAR = re.compile(r"(?:19|20)\d\d")
_COUNTABLE = frozenset({*MONTHS, "days", "pieces", "times"})
_SENDER_CONCEPTS = frozenset({"sender", "customer", "applicant"})
_CUSTOMER_CONCEPTS = frozenset({"customer", "applicant", "sender", "people", "=requester", "=requ"})
_OTHER_ADDRESSES = frozenset(
    {
        "customer",
        "recipient",
        "delivery",
        "pickup",
        "email",
        "website",
        "person",
        "people",
        "sender",
    }
)
_SUPPLIER_CONCEPTS = frozenset({"supplier", "company"})
_BILLING_WORDS = re.compile(
    r"\b(?:invoice|receipt|quotation|quote|rechnung|angebot|facture|devis|purchase order|"
    r"tax invoice|till|your order|factuur|faktura|factura|fattura)\b",
    re.I,
)


@dataclass(frozen=True)
class MailHeader:
    """Sender and recipient of an e-mail as (name, address); "" for what is missing."""

    sender: tuple[str, str] = ("", "")
    to: tuple[str, str] = ("", "")


def find_text_value(field: FieldQuery, source: SourceText) -> str | None:
    """The value of a text field without a label, or None."""
    if is_identifier_field(field):
        return _identifier(field, source.text)
    if "address" in field.name:
        return _address(field, source)
    if agreements.is_law_field(field):
        return agreements.governing_law(source.text)
    party = agreements.party_name(field, source.text) or _party(field, source)
    if party is None and introductions.is_name_field(field):
        return introductions.given_name(field, source.text)
    return party


def _identifier(field: FieldQuery, text: str) -> str | None:
    if "iban" in field.text.casefold():
        return find_iban(text)
    if is_tax_number_field(field):
        return find_vat_number(text)
    return find_identifier(field, text)


def _address(field: FieldQuery, source: SourceText) -> str | None:
    is_issuer = not field.all & _OTHER_ADDRESSES and source.is_bill
    return issuer_address(source.text) if is_issuer else None


def _party(field: FieldQuery, source: SourceText) -> str | None:
    roles = field.name | (field.hint if field.name <= {"name"} else frozenset())
    if "supplier" in roles:
        company = letterhead_company(source)
        if not company and writer_side(source) == "supplier":
            company = signed_company(source.text)
        return company
    if "company" in roles:
        is_receipt = source.is_bill and not names_addressee(source.text)
        return issuer(source.text, is_bill=True) if is_receipt else signed_company(source.text)
    if writer_side(source) == "supplier" and roles & {"customer", "people", "recipient"}:
        return addressee(source.text)
    if roles & _SENDER_CONCEPTS:
        return find_writer(source.text, "applicant" in roles)
    return None


def addressee(text: str) -> str | None:
    """The person whom a letter greets by first and last name."""
    match = _GREETING.search(text[:5_000])
    return match[1].strip() if match and _PERSON.match(match[1].strip()) else None


def party_side(roles: Iterable[str]) -> str | None:
    """The party that a field is about, "customer" or "supplier"; None if its roles are mixed."""
    role_set = set(roles)
    if role_set and role_set <= _CUSTOMER_CONCEPTS:
        return "customer"
    return "supplier" if role_set and role_set <= _SUPPLIER_CONCEPTS else None


def writer_side(source: SourceText) -> str | None:
    """The party that wrote the text, "customer" or "supplier", or None.

    A customer writes to a service address; a supplier writes from one, or sends bills and quotes.
    """
    headers = mail_header(source.text)
    if headers.to[1] and _SERVICE_ADDRESS.match(headers.to[1]):
        return "customer"
    if headers.sender[1] and _SERVICE_ADDRESS.match(headers.sender[1]):
        return "supplier"
    return "supplier" if is_bill(source.text) else None


def is_bill(text: str) -> bool:
    """Whether the text names itself a bill, a receipt or an offer near its beginning."""
    return bool(_BILLING_WORDS.search(text[:1_500]))


def signed_company(text: str) -> str | None:
    """The only organisation with a legal form in the lines under the closing."""
    for closing in reversed(list(_CLOSING.finditer(text))):
        lines = [line.strip() for line in text[closing.end() :].split("\n")[:10]]
        companies = {
            line
            for line in lines
            if len(line) < 60 and _SIGNED_FORM.search(line) and not re.search(r"[:@]", line)
        }
        return companies.pop() if len(companies) == 1 else None
    return None


def find_identifier(field: FieldQuery, text: str) -> str | None:
    """The code right after words that name the field: "order BH-209", "Invoice #118"."""
    by_name = frozenset(field.name - {"number"}) or frozenset({"number"})
    by_hint = frozenset(
        concept
        for concept in field.hint
        if concept_weight(concept) >= 0.5 and concept not in ROLE_CONCEPTS
    )
    scores: dict[str, int] = {}
    for match in IDENTIFIER.finditer(text[:60_000]):
        words = _words_before(match, text)
        concepts = frozenset[str]().union(*(concepts_of(word) for word in words))
        if "old" in concepts and "old" not in field.all:
            continue
        if "code" in words and "invoice" in field.name:
            continue  # a billing code is no number of an invoice
        if _YEAR.fullmatch(match.group().rstrip(".;,")) and words[-1:] == ["in"]:
            continue
        names_field = by_name <= concepts or (by_hint and by_hint <= concepts)
        if not names_field or contradicts(field, concepts) or _is_plain_value(match, text):
            continue
        last = max(
            index for index, word in enumerate(words) if concepts_of(word) & (by_name | by_hint)
        )
        closeness = last - len(words)  # -1 for the word right before the code
        value = match.group().rstrip(".")
        scores[value] = max(scores.get(value, -9), closeness)
    return _best_identifier(scores, text)


def _words_before(match: re.Match[str], text: str) -> list[str]:
    """The last four words before a code, or those since the last stop."""
    before = normalize(text[max(0, match.start() - 40) : match.start()])
    words: list[str] = _WORD_OR_STOP.findall(before)[-4:]
    for index in range(len(words) - 1, 0, -1):
        if words[index][0] in ".;!?\n" and not words[index - 1].endswith(("no", "nr", "num")):
            return words[index + 1 :]
    return words


def _best_identifier(scores: Mapping[str, int], text: str) -> str | None:
    """The only code in the subject, else the code that is clearly the closest to its words."""
    in_subject = [
        value
        for value in scores
        if re.search(
            rf"^(?:Subject|Betreff|Objet)\s?:.{{0,200}}?{re.escape(value)}", text[:3_000], re.M
        )
    ]
    if len(in_subject) == 1:
        return in_subject[0]
    ranking = sorted(scores.items(), key=lambda item: -item[1])
    if not ranking:
        return None
    is_clear = len(ranking) == 1 or ranking[0][1] > ranking[1][1] + 1
    return ranking[0][0] if is_clear else None


def _is_plain_value(match: re.Match[str], text: str) -> bool:
    """Whether the candidate is rather an amount, a date, a count or a time."""
    value = match.group()
    before = text[max(0, match.start() - 2) : match.start()]
    after = text[match.end() : match.end() + 16]
    if _CURRENCY_BEFORE.search(before) or after[:1] == "@" or _UNIT_AFTER.match(after):
        return True
    if value.isdigit() and len(value) <= 4 and value[0] != "0":
        # a year, a day or a count, unless it is written "#118" or has four digits
        noun = _COUNTED_NOUN.match(after)
        is_count = bool(noun and noun[1].lower() in _COUNTABLE)
        return is_count or not (before[-1:] == "#" or len(value) > 3)
    return bool(_DATE_OR_AMOUNT.fullmatch(value))


def mail_header(text: str) -> MailHeader:
    """The sender and the recipient in the headers of an e-mail."""
    headers: dict[str, tuple[str, str]] = {}
    for match in _HEADER.finditer(text[:3_000]):
        key = _HEADER_KEYS.get(match[1].lower())
        if key is None:
            continue
        address = _NAMED_ADDRESS.match(match[2].strip())
        if address:
            headers.setdefault(key, (address[1].strip(), address[2].lower()))
        else:
            headers.setdefault(key, ("", match[2].strip().lower()))
    return MailHeader(**headers)


def find_writer(text: str, any_signer: bool = False) -> str | None:
    """The person who signs an e-mail to a company; the sender's name, if any, must agree.

    ``any_signer``: the signature counts whatever the sender's name is.
    """
    headers = mail_header(text)
    signed = signature(text)
    if any_signer:
        return signed
    if headers.to[1] and not _SERVICE_ADDRESS.match(headers.to[1]) and not headers.sender[0]:
        return None
    if signed and (not headers.sender[0] or normalize(signed) == normalize(headers.sender[0])):
        return signed
    name = headers.sender[0]
    is_person = _PERSON.match(name) and not LEGAL_FORM.search(name)
    return name if is_person and _SERVICE_ADDRESS.match(headers.to[1]) else None


def signature(text: str) -> str | None:
    """The name under the last closing line."""
    closings = list(_CLOSING.finditer(text))
    for closing in reversed(closings):
        for line in text[closing.end() :].split("\n")[:4]:
            if line.strip():
                name = line.strip().rstrip(",")
                return name if _PERSON.match(name) and not LEGAL_FORM.search(name) else None
    return None


def is_document(source: SourceText) -> bool:
    """Whether the text is itself a bill, and does not only speak of one."""
    return source.is_bill or has_bill_heading(source.text)


def letterhead_company(source: SourceText) -> str | None:
    """The organisation at the head of a document, else the only one with a legal form in a bill."""
    is_bill_itself = is_document(source)
    if not source.header_length:
        name = issuer(source.text, is_bill=is_bill_itself)
        if name:
            return name
    if not is_bill_itself:
        return None
    names = {match.group().strip() for match in LEGAL_NAME.finditer(source.text[:20_000])}
    return names.pop() if len(names) == 1 else None
