"""Extraction by the embedded engine: typed values that the text states, and null for all others."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from connector.providers.base import Function, ModelRequest
from connector.providers.local import LocalProvider
from connector.providers.local.text.dates import date_style, find_dates, find_datetimes, find_times
from connector.providers.local.text.money import find_money, parse_number

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
LINE = re.compile(
    r"(\w+)(?: "
    r"(number|integer|boolean|date|datetime|time|email|phone|url|money|percent|choice|list|text))?"
    r"(?:\(([^)]*)\))?(?:: (.*))?$"
)
FEWEST_FOUND = 0.9  # of the values that the documents below state


@dataclass(frozen=True)
class Case:
    """A document, the fields wanted (``name type: hint``) and the values it states."""

    text: str
    fields: str
    values: dict[str, Any]


CASES = [
    Case(
        """ACME Tools Inc.
400 Harbor Blvd, Long Beach, CA 90802, USA

Invoice Number: A-2231
Invoice Date: 04/03/2026
Due Date: 05/03/2026
Ship Date: 04/01/2026

Bill To: Jordan & Pike LLC
Ship To: Jordan & Pike Warehouse

Item            Qty    Price    Total
Hammer          10     12.50    125.00
Nails, box       4      3.25     13.00

Subtotal: $138.00
Sales Tax (8%): $11.04
Shipping: $9.00
Total: $158.04
Phone: (562) 555-0133
""",
        """invoice_number text
invoice_date date
due date: last day for payment
ship_date date
customer text: who gets the bill
vendor text: who sent it
total money
tax money: sales tax
tax_rate percent
hammers integer: number of hammers
phone phone
po_number text: purchase order
paid boolean: already paid
discount percent""",
        {
            "invoice_number": "A-2231",
            "invoice_date": "2026-04-03",
            "due": "2026-05-03",
            "ship_date": "2026-04-01",
            "customer": "Jordan & Pike LLC",
            "vendor": "ACME Tools Inc.",
            "total": 158.04,
            "total_currency": "USD",
            "tax": 11.04,
            "tax_currency": "USD",
            "tax_rate": 8,
            "hammers": 10,
            "phone": "+15625550133",
            "po_number": None,
            "paid": None,
            "discount": None,
        },
    ),
    Case(
        """Von: Petra Nolte <petra.nolte@web.example>
An: kundenservice@moebelhaus.example
Datum: Mo, 12. Jan. 2026 09:14
Betreff: Reklamation Bestellung 4512-88

Sehr geehrte Damen und Herren,

am 3. Januar habe ich bei Ihnen einen Tisch für 249,00 € bestellt (Bestellnummer 4512-88). Der Tisch
wurde am 9. Januar geliefert, aber ein Bein ist gebrochen. Ich möchte bitte eine
Ersatzlieferung, keine Erstattung.

Meine Telefonnummer: 0151 23456789

Mit freundlichen Grüßen
Petra Nolte
""",
        """kunde text: Name der Kundin
bestellnummer text
bestelldatum date: Tag der Bestellung
lieferdatum date: Tag der Lieferung
preis money: Preis des Tisches
telefon phone
rechnungsnummer text
email email: E-Mail der Kundin
kundennummer text""",
        {
            "kunde": "Petra Nolte",
            "bestellnummer": "4512-88",
            "bestelldatum": "2026-01-03",
            "lieferdatum": "2026-01-09",
            "preis": 249.0,
            "preis_currency": "EUR",
            "telefon": "0151 23456789",
            "rechnungsnummer": None,
            "email": "petra.nolte@web.example",
            "kundennummer": None,
        },
    ),
    Case(
        """Hi team,

quick update from the call with Marta. The workshop moves from 12 May 2026 to 19 May 2026,
same room, 9:30 to 16:00. We expect 24 participants instead of 18. The budget stays at EUR 4,200.
Catering costs EUR 35 per person. Please send the slides to slides@fern.example by Friday.

Best,
Ole
""",
        """new_date date: the new date of the workshop
old_date date: the original date
start_time time: when it starts
participants integer: number of participants
budget money
catering money: cost of catering per person
slides_email email: where to send the slides
organizer text
location text
deadline date""",
        {
            "new_date": "2026-05-19",
            "old_date": "2026-05-12",
            "start_time": "09:30",
            "participants": 24,
            "budget": 4200,
            "budget_currency": "EUR",
            "catering": 35,
            "catering_currency": "EUR",
            "slides_email": "slides@fern.example",
            "organizer": None,
            "location": None,
            "deadline": None,
        },
    ),
    Case(
        """JOB APPLICATION FORM
First name: Amara
Last name: Obi
Date of birth: 14.02.1991
Position applied for: Data Analyst
Desired salary: £48,000
Available from: 1 June 2026
Driving licence: Yes
Languages: English, French and Igbo
LinkedIn: https://www.linkedin.example/in/amara
Mobile: +44 7700 900123
Email: AMARA.OBI@mail.example
""",
        """first_name text
last_name text
birth_date date
position text
salary money: salary expected
start_date date: earliest start
driving_licence boolean: has a driving licence
languages list
profile url
phone phone
email email
years_of_experience integer
references list""",
        {
            "first_name": "Amara",
            "last_name": "Obi",
            "birth_date": "1991-02-14",
            "position": "Data Analyst",
            "salary": 48000,
            "salary_currency": "GBP",
            "start_date": "2026-06-01",
            "driving_licence": True,
            "languages": ["English", "French", "Igbo"],
            "profile": "https://www.linkedin.example/in/amara",
            "phone": "+447700900123",
            "email": "amara.obi@mail.example",
            "years_of_experience": None,
            "references": [],
        },
    ),
    Case(
        """FACTURE N° 2026-0045
Date : 05/02/2026
Échéance : 07/03/2026

Menuiserie Lacroix SARL
12 rue du Port, 29200 Brest, France
Tél. : 02 98 00 12 34

Client : Mairie de Plouzané
Désignation           Qté    Prix unitaire    Montant
Porte en chêne          2         640,00      1 280,00
Pose                    1         300,00        300,00

Total HT                               1 580,00 €
TVA 20 %                                 316,00 €
Total TTC                              1 896,00 €
""",
        """numero_facture text
date date: date de la facture
echeance date
fournisseur text
client text
total_ht money
tva money
total_ttc money: total à payer
taux_tva percent
telephone phone
portes integer: nombre de portes
remise percent""",
        {
            "numero_facture": "2026-0045",
            "date": "2026-02-05",
            "echeance": "2026-03-07",
            "fournisseur": "Menuiserie Lacroix SARL",
            "client": "Mairie de Plouzané",
            "total_ht": 1580.0,
            "total_ht_currency": "EUR",
            "tva": 316.0,
            "tva_currency": "EUR",
            "total_ttc": 1896.0,
            "total_ttc_currency": "EUR",
            "taux_tva": 20,
            "telephone": "+33298001234",
            "portes": 2,
            "remise": None,
        },
    ),
    Case(
        """From: Booking <reservations@hotelmira.example>
To: lena@kova.example
Date: Sat, 7 Mar 2026 11:00
Subject: Booking confirmation HM-55210

Dear Lena Kova,

thank you for booking with us. Your booking number is HM-55210.
Check-in: 3 April 2026, from 15:00
Check-out: 6 April 2026, until 11:00
2 adults, 1 child
Room type: double, sea view
Price per night: EUR 120.00
Total price: EUR 360.00
Breakfast is included. Parking is not included.
You can cancel free of charge until 1 April 2026.

Kind regards,
Hotel Mira
+385 20 555 012
""",
        """booking_number text
guest text: name of the guest
check_in date
check_out date
adults integer
children integer
nights integer
price_per_night money
total money
breakfast boolean: is breakfast included
parking boolean: is parking included
cancel_until date: last day to cancel for free
hotel_phone phone
room choice(single|double|suite)""",
        {
            "booking_number": "HM-55210",
            "guest": "Lena Kova",
            "check_in": "2026-04-03",
            "check_out": "2026-04-06",
            "adults": 2,
            "children": 1,
            "nights": None,
            "price_per_night": 120,
            "price_per_night_currency": "EUR",
            "total": 360,
            "total_currency": "EUR",
            "breakfast": True,
            "parking": False,
            "cancel_until": "2026-04-01",
            "hotel_phone": "+38520555012",
            "room": "double",
        },
    ),
    Case(
        """Subject: Server down again

Hey, the production server db-07 went down at 03:12 last night and was back at 03:55.
About 1,400 users were affected. This is the third time this month. Severity should be critical.
We restarted it manually. Root cause is unknown. Ticket INC-20933 was opened.
-- Raj""",
        """server text: name of the server
down_at time: when it went down
up_at time: when it was back
users integer: affected users
severity choice(low|medium|high|critical)
ticket text: ticket number
root_cause text
restarted boolean
reporter text""",
        {
            "server": None,
            "down_at": "03:12",
            "up_at": "03:55",
            "users": 1400,
            "severity": "critical",
            "ticket": "INC-20933",
            "root_cause": None,
            "restarted": True,
            "reporter": None,
        },
    ),
    Case(
        """Lease agreement between Tomas Halvorsen ("Landlord") and Greta Lindqvist ("Tenant").
The monthly rent is USD 1,850.00, payable on the first day of each month. The security deposit \
is USD 3,700.00.
The lease begins on August 1, 2026 and ends on July 31, 2027. Pets are not allowed. Late \
payments incur a fee of 5%.
The apartment has 3 rooms and an area of 84.5 square meters.""",
        """landlord text
tenant text
rent money: monthly rent
deposit money: security deposit
start date: when the lease begins
end date: when the lease ends
pets boolean: are pets allowed
late_fee percent: fee for late payment
rooms integer
area number: area in square meters
signed_on date""",
        {
            "landlord": "Tomas Halvorsen",
            "tenant": "Greta Lindqvist",
            "rent": 1850,
            "rent_currency": "USD",
            "deposit": 3700,
            "deposit_currency": "USD",
            "start": "2026-08-01",
            "end": "2027-07-31",
            "pets": False,
            "late_fee": 5,
            "rooms": 3,
            "area": 84.5,
            "signed_on": None,
        },
    ),
    Case(
        """Northwind Paper Ltd
Invoice no. NP-2041, issued 3 March 2026
Total due: EUR 1,240.50 by 2 April 2026
Questions: accounts@northwind.example""",
        """invoice_number text: the invoice's number
issued date
due date: pay by
total money: the amount to pay
contact email
supplier text
order_number text: the customer's own order number""",
        {
            "invoice_number": "NP-2041",
            "issued": "2026-03-03",
            "due": "2026-04-02",
            "total": 1240.5,
            "total_currency": "EUR",
            "contact": "accounts@northwind.example",
            "supplier": "Northwind Paper Ltd",
            "order_number": None,
        },
    ),
    Case(
        """Dear Ms Tan,
your parcel 1Z999AA10123456784 was delivered on 11/02/2026 at 14:05 to a neighbour (Mr. Lee, \
flat 4).
If anything is missing call 1800 555 019 or reply to this mail. Order 77120, value SGD 89.90.
""",
        """tracking text: parcel number
delivered_at datetime
neighbour text
order text: order number
value money
phone phone
recipient text
weight number""",
        {
            "tracking": "1Z999AA10123456784",
            "delivered_at": None,
            "neighbour": None,
            "order": "77120",
            "value": 89.9,
            "value_currency": "SGD",
            "phone": "1800 555 019",
            "recipient": None,
            "weight": None,
        },
    ),
    Case(
        """Quarterly report. Revenue rose 12% to $4.2 million in the third quarter, up from \
$3.75 million a year earlier.
Net profit fell to $310,000. The company employs 142 people in 3 countries and plans to hire 20 \
more.
Chief executive Dana Whitfield said demand was strong. The dividend is $0.15 per share, payable \
on 15 December 2026.""",
        """revenue money
profit money: net profit
employees integer: number of employees
countries integer
growth percent: revenue growth
dividend money: dividend per share
pay_date date: when the dividend is paid
ceo text
company text""",
        {
            "revenue": 4200000,
            "revenue_currency": "USD",
            "profit": 310000,
            "profit_currency": "USD",
            "employees": 142,
            "countries": 3,
            "growth": 12,
            "dividend": 0.15,
            "dividend_currency": "USD",
            "pay_date": "2026-12-15",
            "ceo": None,
            "company": None,
        },
    ),
]


def shape(lines: str) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = []
    for line in lines.splitlines():
        found = LINE.match(line)
        assert found, line
        name, kind, choices, hint = found.groups()
        field = {
            "name": name,
            "key": name,
            "type": kind or "text",
            "hint": hint or "",
            "choices": (choices or "").split("|"),
            "of": None,
        }
        fields.append(field)
        if kind == "money":
            fields.append(
                {
                    **field,
                    "name": f"{name}_currency",
                    "key": f"{name}_currency",
                    "type": "currency",
                    "of": name,
                }
            )
    return fields


def extract(text: str, lines: str, many: bool = False) -> Any:
    fields = shape(lines)
    properties: dict[str, Any] = (
        {"rows": {"type": "array"}} if many else {field["key"]: {} for field in fields}
    )
    function = Function("extract", "", {"type": "object", "properties": properties})
    values = {"text": text, "fields": fields, "many_rows": many}
    request = ModelRequest(
        "local",
        "low",
        "",
        "",
        (function,),
        "extract",
        action="extract",
        method="extract",
        values=values,
    )
    reply = LocalProvider().respond(request)
    assert reply.confidence_kind == "evidence"
    return json.loads(reply.calls[0].arguments)


@needs_engine
@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_no_value_is_wrong(case: Case) -> None:
    """What is given is what the document states; what is not sure is null."""
    found = extract(case.text, case.fields)
    assert set(found) == set(case.values)
    given = {key: value for key, value in found.items() if value not in (None, [])}
    assert given == {key: case.values[key] for key in given}


@needs_engine
def test_most_stated_values_are_found() -> None:
    """Caution does not go so far that little is found."""
    stated = found = 0
    for case in CASES:
        answer = extract(case.text, case.fields)
        wanted = {key: value for key, value in case.values.items() if value not in (None, [])}
        stated += len(wanted)
        found += sum(answer[key] == value for key, value in wanted.items())
    assert found / stated >= FEWEST_FOUND


@needs_engine
@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ("(1,234.00)", -1234),
        ("1,234.00-", -1234),
        ("1,234.00- EUR", -1234),
        ("EUR (1,234.00)", -1234),
        ("-1,234.00", -1234),
        ("1,234.00", 1234),
        ("50,- EUR", 50),
        ("5 (2 open)", 5),
        ("5- or 7-fold", 5),
        ("0", 0),
    ],
)
def test_the_sign_of_accounts_is_read(stated: str, value: float) -> None:
    """Brackets around an amount and a minus behind it are its sign; other ones are not."""
    assert extract(f"Balance: {stated}", "balance number") == {"balance": value}


@needs_engine
def test_an_empty_label_means_null() -> None:
    """A label with nothing beside it says that there is no value, whatever stands near it."""
    assert extract(
        "Last update: 2025-10-07 16:31\nSolved:\nOwner: Kim", "solved datetime: when it was solved"
    ) == {"solved": None}


@needs_engine
def test_two_values_for_one_label_are_not_guessed_between() -> None:
    """Labels that fit equally well and differ leave the field null."""
    assert extract(
        "Phone (shop): 020 7946 0381\nPhone (office): 020 7946 0999\nUnited Kingdom", "phone"
    ) == {"phone": None}


@needs_engine
def test_the_quoted_part_of_a_mail_does_not_count() -> None:
    """An address in the quoted mail below is not the writer's."""
    text = (
        "Please write to new@fern.example.\n\n> On Monday, Kim wrote:\n> Please write to "
        "old@fern.example."
    )
    assert extract(text, "email email") == {"email": "new@fern.example"}


ORDER = """Line  Part no.     Description                   Qty   Unit price     Amount
10    FB-M6-20     Hex bolt M6 x 20, A2        4,000        0.085     340.00
20    FN-M6        Flange nut M6, A2           4,000        0.052     208.00

                              Total before tax           S$548.00"""
LINES = [
    (ORDER, [("Hex bolt M6 x 20, A2", 4000, 0.085), ("Flange nut M6, A2", 4000, 0.052)]),
    ("name,qty,price\nNut,3,4.50\nBolt,2,1.00", [("Nut", 3, 4.5), ("Bolt", 2, 1)]),
    (
        "| Item | Qty | Price |\n|---|---|---|\n| Nut | 4 | 2.00 |\n| Bolt | 7 | 3.50 |",
        [("Nut", 4, 2), ("Bolt", 7, 3.5)],
    ),
    (
        "Item: Lamp\nQuantity: 2\n\nItem: Chair\nQuantity: 4",
        [("Lamp", 2, None), ("Chair", 4, None)],
    ),
    (
        "Please send:\n- 3 boxes of envelopes\n- twelve pens, blue",
        [("boxes of envelopes", 3, None), ("pens, blue", 12, None)],
    ),
    ("Item: Lamp\nQuantity: 2", [("Lamp", 2, None)]),
    ("", []),
]


@needs_engine
@pytest.mark.parametrize(("text", "rows"), LINES)
def test_each_thing_is_a_row(text: str, rows: list[tuple[Any, ...]]) -> None:
    """Tables by columns, by commas and by bars, repeated labels and list items give one row for
    each thing."""
    found = extract(text, "item\nquantity integer\nprice money: unit price", many=True)["rows"]
    assert [(row["item"], row["quantity"], row["price"]) for row in found] == rows


@pytest.mark.parametrize(
    ("raw", "comma", "value"),
    [
        ("1,240.50", False, 1240.5),
        ("1.240,50", True, 1240.5),
        ("1 240,50", True, 1240.5),
        ("1'240.00", False, 1240),
        ("1,240", False, 1240),
        ("1,240", True, 1.24),
        ("1.240", True, 1240),
        ("2,53,700.00", False, 253700),
        ("12", False, 12),
    ],
)
def test_separators_are_read_by_the_text_s_habit(raw: str, comma: bool, value: float) -> None:
    """A comma is a decimal sign only where the text writes it so."""
    assert parse_number(raw, comma) == value


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("EUR 1,240.50", 1240.5, "EUR"),
        ("-$500.00", -500, "USD"),
        ("12 € each", 12, "EUR"),
        ("S$1,354.00", 1354, "SGD"),
        ("$5, ABN 00 123", 5, "AUD"),
        ("$4.2 million", 4_200_000, "USD"),
        ("300 kr", 300, None),
        ("CHF 1'180.00", 1180, "CHF"),
    ],
)
def test_money_has_the_currency_that_is_certain(text: str, value: float, code: str | None) -> None:
    """A sign that several countries use needs another sign of the country."""
    (span,) = find_money(text)
    assert (span.value, span.extra) == (value, code)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3 March 2026", "2026-03-03"),
        ("March 3rd, 2026", "2026-03-03"),
        ("03.04.2026", "2026-04-03"),
        ("1er juin 2024", "2024-06-01"),
        ("2026-02-30", None),
        ("03/04/2026", None),
        ("03/04/2026 in the USA", "2026-03-04"),
        ("03/04/2026, £5", "2026-04-03"),
        ("3 March", None),
        ("2026年3月3日", "2026-03-03"),
    ],
)
def test_a_date_is_certain_or_absent(text: str, day: str | None) -> None:
    """Neither an impossible date nor one that could be two is given."""
    found = [span.value.isoformat() for span in find_dates(text, date_style(text))]
    assert found == ([day] if day else [])


def test_a_year_is_taken_from_the_mail_s_date() -> None:
    """A date without a year is the one nearest to the date of the text."""
    text = "Date: Sat, 20 Dec 2025\n\nSee you on 5 January at 9:30 am."
    assert [span.value for span in find_datetimes(text, date_style(text))] == ["2026-01-05T09:30"]
    assert [span.value for span in find_times("7 pm, 19h30, 9 Uhr, noon, 25:00, version 1.2")] == [
        "19:00",
        "19:30",
        "09:00",
        "12:00",
    ]


@needs_engine
def test_an_article_is_no_invoice() -> None:
    """Codes, dates and numbers of a text that is no bill are not taken for those of one."""
    text = (
        "Norrvik Optics makes lenses; it was founded on 3 May 1968 (1968-05-03) in Bergen. Its "
        "shares (ISIN NO0010063308) fell. The bill was debated in 2004; BILLING CODE 3510-07-P."
    )
    fields = "invoice_number text\ninvoice_date date\niban text"
    assert set(extract(text, fields).values()) == {None}
    bill = "Invoice no. 2041\nDate: 4 June 2026\nIBAN: GB29 NWBK 6016 1331 9268 19"
    assert extract(bill, fields) == {
        "invoice_number": "2041",
        "invoice_date": "2026-06-04",
        "iban": "GB29 NWBK 6016 1331 9268 19",
    }
