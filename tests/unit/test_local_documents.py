"""Extraction by the embedded engine from receipts, invoices, contracts and resumes.

Most texts are generated, in layouts of which some were held out while the rules were written.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from connector.providers.local import LocalProvider
from connector.providers.local.methods.extract import extract
from tests.support.business_texts import business_texts
from tests.support.receipts import HELD_OUT, TUNED, receipts

REASON = LocalProvider.available()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")
RECEIPT_FIELDS = {"shop": "text", "address": "text", "total": "money"}
FEWEST_RIGHT = 0.95
INVOICE_FIELDS = {
    "invoice_number": "text",
    "invoice_date": "date",
    "due_date": "date",
    "total": "money",
    "net_total": "money",
    "vat": "money",
    "vat_number": "text",
    "supplier": "text",
    "supplier_address": "text",
    "customer": "text",
    "iban": "text",
    "phone": "phone",
}


def read(text: str, fields: dict[str, str]) -> dict[str, Any]:
    """The values of ``fields``, {name: type}; a type may have a hint after a colon."""
    asked: list[dict[str, Any]] = []
    for name, declared in fields.items():
        kind, _, hint = declared.partition(": ")
        asked.append(
            {"name": name, "key": name, "type": kind, "hint": hint, "choices": [], "of": None}
        )
    return extract({"text": text, "fields": asked})


def outcome(found: Any, stated: Any) -> str:
    if found is None:
        return "right" if stated is None else "null"
    if isinstance(stated, str):
        return "right" if _letters(found) == _letters(stated) else "wrong"
    return "right" if found == stated else "wrong"


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


@pytest.mark.slow
@pytest.mark.parametrize("layouts", [TUNED, HELD_OUT], ids=["tuned", "held out"])
def test_receipts_give_their_total_shop_and_address(layouts: tuple[str, ...]) -> None:
    """Whatever the layout, hardly a value is missing and none is that of another row."""
    counts: Counter[tuple[str, str]] = Counter()
    for receipt in receipts(layouts, 12, seed=3):
        found = read(receipt.text, RECEIPT_FIELDS)
        for name in RECEIPT_FIELDS:
            counts[name, outcome(found[name], getattr(receipt, name))] += 1
    for name in RECEIPT_FIELDS:
        assert counts[name, "wrong"] == 0, name
        assert counts[name, "right"] >= FEWEST_RIGHT * 12 * len(layouts), name


@pytest.mark.slow
@pytest.mark.parametrize("held_out", [False, True], ids=["tuned", "held out"])
def test_documents_give_what_they_state_and_nothing_else(held_out: bool) -> None:
    """Resumes, contracts, bookings and invoices in five languages; what one lacks is null."""
    counts: Counter[str] = Counter()
    for document in business_texts(6, seed=5, held_out=held_out):
        found = read(document.text, dict(document.fields))
        for name, stated in document.values.items():
            counts[outcome(found[name], stated)] += 1
    assert counts["wrong"] == 0
    assert counts["right"] >= FEWEST_RIGHT * counts.total()


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ("TOTAL 9.00", 9.0),
        ("TOTAL QUANTITY 102\nTOTAL 9.00", 9.0),
        ("TOTAL QUANTITY 102", None),
        ("TOTAL ITEMS 3\nTOTAL POINTS 45", None),
        ("Total excl. VAT: 100.00\nVAT: 20.00\nTotal incl. VAT: 120.00", 120.0),
        ("Total excl. VAT: 100.00", None),
        ("TOTAL GST 0.60\nTOTAL SAVINGS 1.00", None),
        ("Total 3 248.04", 248.04),
        ("Total 100.00\nTotal 250.00", None),
        ("Total 100.00\nTax 6.00\nTotal 106.00", 106.0),
        ("Total 9.00\nTotal 19.00\nCASH 20.00\nCHANGE 1.00", 19.0),
        ("NET TOTAL : 19.80\nCASH : 50.00\nCHANGE : 30.20", 19.8),
        ("Total 12.32\nRounding -0.02\nTotal rounded 12.30\nCash 20.00\nChange 7.70", 12.3),
        ("TOTAL : 234.00 14.04", None),
        ("Total 100.00 20.00 120.00", 120.0),
        ("TOTAL INCLUDES 6% GST 0.48\nTOTAL (INCL GST) 8.50", 8.5),
        ("DUE 19.20\nPAY 20.00\nCHANGE 0.80\n(TOTAL INCLUDED GST @ 6% : 1.09)", 19.2),
        ("TOTAL (INCL GST) 42.33\nROUNDING 42.35\nCREDIT 42.35", 42.35),
        ("TOTAL AMOUNT 1.50\nACCEPTED TOTAL 2.00\nCHANGE 0.50", 1.5),
        ("TTL CASH RM43.40", 43.4),
        ("Total 500.00\nAmount paid 300.00\nBalance due 200.00", 500.0),
        ("Summe 1.234,-", 1234.0),
        ("Total EUR 1.250", 1250.0),
        ("Subtotal\nTax\nTotal\n10.00\n0.60\n10.60", 10.6),
    ],
)
def test_the_total_is_that_of_money_to_pay(rows: str, total: float | None) -> None:
    """Totals of pieces, points, tax or net are another thing; two that differ need a check."""
    assert read(f"Fern Shop\n12 Mill Lane\n{rows}\n", {"total": "money"}) == {"total": total}


def test_what_is_due_is_no_total_where_a_part_is_paid() -> None:
    """The field decides between the total of an invoice and what is left to pay of it."""
    text = "Total 500.00\nAmount paid 300.00\nBalance due 200.00"
    assert read(text, {"total": "money", "amount_due": "money"}) == {
        "total": 500.0,
        "amount_due": 200.0,
    }


@pytest.mark.parametrize(
    ("head", "shop"),
    [
        ("FERN FOODS SDN BHD\nNO 1, JALAN SATU", "FERN FOODS SDN BHD"),
        ("FERN FOODS SDN. BHD. (65351-M)\nNO 1, JALAN SATU", "FERN FOODS SDN. BHD."),
        ("FERN FOODS\nSDN BHD\nNO 1, JALAN SATU", "FERN FOODS SDN BHD"),
        ("Fern Foods GMBH - Weg 1 - 10115 Berlin", "Fern Foods GMBH"),
        ("ELM'S BAKERY S/B 273500-U (KJ1)\nNO. 2, JALAN DUA", "ELM'S BAKERY S/B"),
        (
            "ELM HUAT\nTRADING (SETIA\nALAM) SDN BHD\nNO 2, JALAN DUA",
            "ELM HUAT TRADING (SETIA ALAM) SDN BHD",
        ),
        ("Fern Foods GmbH, Weg 1, 10115 Berlin", "Fern Foods GmbH"),
        ("FERN CASH & CARRY\n1 Mill Street\nowned by Elm Ltd", "FERN CASH & CARRY"),
        ("TAX INVOICE\nFern & Sons\n1 Mill Street", "Fern & Sons"),
        ("PAYMENT RECEIPT\nGuest Name: Kim\nHotel Details", None),
        ("Date: 03/04/2026\nTable 4", None),
    ],
)
def test_the_first_lines_of_a_receipt_name_its_shop(head: str, shop: str | None) -> None:
    """A legal form in any case, else the first line that can be a name: no heading, no label."""
    assert read(f"{head}\nSoup 9.00\nTOTAL 9.00\n", {"shop": "text"}) == {"shop": shop}


def test_an_address_ends_where_the_rows_begin() -> None:
    """A row with a number in it is no line of the address above it."""
    text = "FERN SDN. BHD.\nNO 3, JALAN SATU,\n40170 SETIA ALAM\nTOTAL QUANTITY 3\nTOTAL 9.00\n"
    assert read(text, {"address": "text"}) == {"address": "NO 3, JALAN SATU, 40170 SETIA ALAM"}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Price: 12 345,67 EUR", "money", 12345.67),
        ("Price: 1.234,-", "money", 1234),
        ("Price: 1.250 EUR", "money", 1250),
        ("Price: 1.859 €/l", "money", 1.859),
        ("Price: EUR 0.085", "money", 0.085),
        ("Price: (1,234.00)", "money", -1234),
        ("Price: 1,234.00-", "money", -1234),
        ("Price: 5261040828", "money", None),
        ("Price: -3 %", "percent", -3),
        ("Price: between 2-3 %", "percent", 3),
        ("Price: August 3 , 2014", "date", "2014-08-03"),
        ("Price: 3rd day of August, 2014", "date", "2014-08-03"),
        ("Price: 12-JAN-18", "date", "2018-01-12"),
        ("Price: 3 sierpnia 2014", "date", "2014-08-03"),
        ("Price: 20.03.2018 12:30", "phone", None),
        ("Price: 2018-03-20 10", "phone", None),
    ],
)
def test_values_are_read_as_people_write_them(text: str, kind: str, value: Any) -> None:
    """Groups of digits, signs of accounts and manners of dates; a date is no telephone."""
    assert read(text, {"price": kind}) == {"price": value}


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("IBAN FR14 2004 1010 0505 0001 3M02 606", "iban", "FR14 2004 1010 0505 0001 3M02 606"),
        ("IBAN FR142 00410 10050 50001 3M026 06", "iban", "FR142 00410 10050 50001 3M026 06"),
        ("IBAN: DE89370400440532013000 BIC COBADEFFXXX", "iban", "DE89370400440532013000"),
        ("Order ID: OD304175096047380001", "iban", None),
        ("IBAN: DE89 3704 0044 0532 0130 01", "iban", None),
        ("USt-IdNr.: DE 232 446 240", "vat_number", "DE 232 446 240"),
        ("NIP: 774-00-01-454", "vat_number", "774-00-01-454"),
        ("TVA 20% : 9,34 EUR", "vat_number", None),
        ("VAT: 9,34 EUR", "vat_number", None),
        ("Free SAS, TVA FR 604 219 388 61", "vat_number", "FR 604 219 388 61"),
        ("Part number EN10204", "vat_number", None),
        ("Order ID: OD304 Billing Address", "order_number", "OD304"),
        ("Rechnung   Seite 2", "invoice_number", None),
        ("Kundennr.   47774", "customer", None),
        ("Rechnungsnr.   30064443", "invoice_number", "30064443"),
        ("Factuurnummer: F-12", "invoice_number", "F-12"),
        ("Nr zamówienia: 77/2026", "order_number", "77/2026"),
    ],
)
def test_a_number_has_the_form_of_its_kind(text: str, field: str, value: str | None) -> None:
    """IBANs and tax numbers are checked; a page, an amount or another code is not taken for one."""
    assert read(text, {field: "text"}) == {field: value}


def test_an_article_has_no_values_of_an_invoice() -> None:
    """Names, sums and dates of a report are not the fields of a bill that it is not."""
    text = (
        "Cairn Energy plc said on 3 May 2026 that its oil find is worth $40 million. The "
        'chairman, Tom Reed, told reporters: "My staff is happy." Shares of Dana Oil Ltd rose '
        "by 12%. The tax on oil was raised in 2024, and 300 people are employed at its site in "
        "Rajasthan, where the order of the court is awaited. The invoice was never paid, he said."
    )
    assert set(read(text, INVOICE_FIELDS).values()) == {None}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi, my name is Ruth Farrell and I need a room.", "Ruth Farrell"),
        ("hello my name is ruth", "ruth"),
        ("Guten Tag, mein Name ist Jonas Brandt.", "Jonas Brandt"),
        ("My name is not on the list.", None),
        ("My name is Ruth. My name is Clara.", None),
        ("The name is what matters most to us.", None),
    ],
)
def test_a_name_is_the_one_that_the_writer_gives(text: str, name: str | None) -> None:
    """After "my name is" and its like; two names are not guessed between."""
    assert read(text, {"name": "text"}) == {"name": name}


def test_a_law_that_governs_is_no_place_of_incorporation() -> None:
    """The place where a party was organized is not meant, and two laws are ambiguous."""
    founded = (
        "This Agreement is between Elm Inc., a company organized under the laws of Nevada, and "
    )
    text = founded + "Fern LLC. It is governed by the laws of the State of New York."
    assert read(text, {"jurisdiction": "text"}) == {"jurisdiction": "New York"}
    assert read(founded + "Fern LLC.", {"jurisdiction": "text"}) == {"jurisdiction": None}
    two = "This contract is governed by the laws of Ohio. It is governed by the laws of Texas."
    assert read(two, {"jurisdiction": "text"}) == {"jurisdiction": None}
