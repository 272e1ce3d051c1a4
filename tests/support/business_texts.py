"""Resumes, contracts, bookings and invoices in five languages: invented content in several layouts.

Each layout names the fields to ask for (``name type``) and the values that its text states. Those
whose name ends with ``*`` were held out: written before the rules, and only measured after them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_FIRST = "Amara Jonas Priya Mateusz Elena Tobias Ruth Hiroshi Clara Owen Ingrid Rafael".split()
_LAST = "Okoye Lindqvist Raman Kowalski Moreau Brandt Castellano Tanaka Whitby Farrell".split()
_FIRMS = (
    "Northgate Textiles, Inc.",
    "Blue Mesa Robotics LLC",
    "Harrow & Pike Ltd",
    "KESTREL OPTICS CORP.",
    "Lumen Harbor Corporation",
    "Oakfield Dairy Limited",
)
_STATES = ("Delaware", "New York", "California", "Texas", "Massachusetts", "Ohio")
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_MONTHS_OF = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "pl": (
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
        "listopada grudnia"
    ),
}


@dataclass(frozen=True)
class BusinessText:
    """A text with the fields to ask for, and the values that it states (None: it has none)."""

    layout: str
    text: str
    fields: Mapping[str, str]
    values: Mapping[str, Any]


def business_texts(each: int, seed: int, *, held_out: bool) -> Iterator[BusinessText]:
    """``each`` texts of every layout, the same ones for the same seed."""
    chance = random.Random(seed)
    for layout, (template, fields) in LAYOUTS.items():
        if layout.endswith("*") == held_out:
            for _ in range(each):
                content = _content(chance)
                asked = dict(field.split(" ", 1) for field in fields)
                values = {name: content.get(key) for name, key in asked.items()}
                kinds = {name: _kind(name) for name in asked}
                yield BusinessText(layout, template.format(**content), kinds, values)


def _kind(name: str) -> str:
    if "date" in name:
        return "date"
    return "money" if name in {"total", "net_total", "tax"} else "text"


def _content(chance: random.Random) -> dict[str, Any]:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    one, two = chance.sample(_FIRMS, 2)
    year, month, day = (
        chance.randrange(2015, 2027),
        chance.randrange(1, 13),
        chance.randrange(13, 29),
    )
    net = chance.randrange(2_000, 900_000) / 100
    tax = round(net * 0.2, 2)
    content: dict[str, Any] = {
        "first": first,
        "last": last,
        "name": f"{first} {last}",
        "upper": f"{first} {last}".upper(),
        "mail": f"{first}.{last}@mail.example".lower(),
        "one": one,
        "two": two,
        "state": chance.choice(_STATES),
        "date": f"{year}-{month:02d}-{day:02d}",
        "us_date": f"{_MONTHS[month - 1]} {day}, {year}",
        "spaced_date": f"{_MONTHS[month - 1]} {day} , {year}",
        "legal_date": f"{day}th day of {_MONTHS[month - 1]}, {year}",
        "dotted": f"{day:02d}.{month:02d}.{year}",
        "dashed": f"{day:02d}-{month:02d}-{year}",
        "slashed": f"{day:02d}/{month:02d}/{year}",
        "number": f"{year}-{chance.randrange(1000, 9999)}",
        "order": f"B{chance.randrange(10_000, 99_999)}",
        "net": net,
        "tax": tax,
        "total": round(net + tax, 2),
        "guests": chance.randrange(2, 9),
    }
    for language, names in _MONTHS_OF.items():
        content[f"{language}_date"] = f"{day} {names.split()[month - 1]} {year}"
    for key in ("net", "tax", "total"):
        content[f"{key}_point"] = f"{content[key]:,.2f}"
        content[f"{key}_comma"] = _swap(f"{content[key]:,.2f}")
        content[f"{key}_space"] = _swap(f"{content[key]:,.2f}").replace(".", " ")
    return content


def _swap(number: str) -> str:
    return number.translate(str.maketrans(",.", ".,"))


_RESUME = ("name name", "vendor none", "invoice_number none", "invoice_date none")
_CONTRACT = ("effective_date date", "jurisdiction state", "first_party one", "total none")
_INVOICE = (
    "invoice_number number",
    "invoice_date date",
    "total total",
    "net_total net",
    "vendor one",
    "order_number order",
)

LAYOUTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "resume": (
        "{name}\n14 Elm Road, Leeds | +44 113 496 0{guests}22 | {mail}\n\nSummary\nAnalyst with "
        "nine "
        "years in retail.\n\nExperience\nSenior Analyst, {one}, 2015-2020\n\nEducation\nBSc, "
        "2010\n\n"
        "Skills\nSQL, Excel, planning",
        _RESUME,
    ),
    "resume in capitals": (
        "{upper}\nSales Manager\nEmail: {mail}\nPhone: (312) 555-0188\n\nPROFESSIONAL EXPERIENCE\n"
        "{two} - Sales Manager\n\nEDUCATION\nState College, 2012\n",
        ("name upper", *_RESUME[1:]),
    ),
    "resume with a title*": (
        "CURRICULUM VITAE\n\n{name}, MBA\n{mail}\n\nCAREER OBJECTIVE\nTo lead a laboratory.\n\n"
        "WORK HISTORY\n{one}: Chemist\n\nQUALIFICATIONS\nMSc Chemistry\n\nREFERENCES\nOn request",
        _RESUME,
    ),
    "resume on one line*": (
        "{name} - Software Engineer - {mail} - Berlin\n\nTechnical Skills:\nPython, Go, Linux\n\n"
        "Work Experience:\nBackend engineer at {two} since 2016.\n\nProjects:\nA parser.\n\n"
        "Education:\nBSc Informatics",
        _RESUME,
    ),
    "agreement": (
        'NON-DISCLOSURE AGREEMENT\n\nThis Agreement is made as of {us_date} (the "Effective '
        'Date") by '
        'and between {one} (the "Company") and {two} (the "Recipient").\n\n1. Confidential '
        "Information means what is marked so.\n\n9. This Agreement shall be governed by and "
        "construed "
        "in accordance with the laws of the State of {state}.",
        _CONTRACT,
    ),
    "agreement of a day": (
        "MUTUAL CONFIDENTIALITY AGREEMENT\n\nTHIS AGREEMENT, entered into this {legal_date}, "
        "between "
        "{one}, a {state} corporation, and {two}, a limited company.\n\nGoverning law. The laws "
        "of the "
        "State of {state} govern this Agreement.",
        ("effective_date date", "first_party one", "total none"),
    ),
    "agreement dated*": (
        "Confidentiality Agreement dated {spaced_date}\n\nBetween:\n\n{one}, with offices at 12 "
        "Dock "
        "Street, and\n\n{two}, with offices at 9 Hill Road.\n\nThis letter agreement is subject "
        "to the "
        "laws of the Commonwealth of {state}, without regard to conflicts of law.",
        _CONTRACT,
    ),
    "agreement in recitals*": (
        'CONSULTING CONTRACT\nThis contract (the "Contract") is effective {us_date} among {one}, a '
        "corporation organized under the laws of the State of Nevada, and {name}, an individual "
        '("Consultant").\nThe Contract is to be interpreted under the laws of {state}.\n',
        ("effective_date date", "jurisdiction state", "first_party one", "consultant name"),
    ),
    "booking": (
        "Hello, my name is {name} and I would like a table for {guests} tomorrow evening. You can "
        "write to {mail}. Thanks!",
        ("first_name first", "last_name last", "customer_name name", "order_number none"),
    ),
    "booking by phone*": (
        "Hi there! It's for {guests} people at 7 pm. The name's booked under the name of {name}. "
        "My "
        "card is not charged yet, is it?",
        ("first_name first", "last_name last", "invoice_number none"),
    ),
    "Rechnung": (
        "Lindner Metallbau GmbH\nWerkstraße 4\n79098 Freiburg\n\nRechnungsnr.: {number}\n"
        "Rechnungsdatum: {dotted}\nBestellnummer: {order}\n\nMontage     {net_comma}\n\n"
        "Nettobetrag     {net_comma} EUR\nMwSt. 20 %     {tax_comma} EUR\n"
        "Gesamtbetrag     {total_comma} EUR",
        (*_INVOICE[:4], *_INVOICE[5:]),
    ),
    "Rechnung vom*": (
        "RECHNUNG Nr. {number} vom {dotted}\n\nIhre Bestellung: {order}\n\nZwischensumme netto   "
        "{net_comma} €\nzzgl. 20 % USt.   {tax_comma} €\nZu zahlender Betrag   {total_comma} €\n"
        "Bitte überweisen Sie ohne Abzug.",
        ("invoice_number number", "invoice_date date", "total total"),
    ),
    "facture": (
        "FACTURE N° {number}\nDate de facturation : {fr_date}\nN° de commande : {order}\n\nTotal "
        "HT    "
        "{net_space} €\nTVA 20 %    {tax_space} €\nNet à payer    {total_space} €",
        (*_INVOICE[:4], *_INVOICE[5:]),
    ),
    "facture du*": (
        "Facture n°{number} du {fr_date}\n\nMontant hors taxes : {net_space} EUR\nTVA : "
        "{tax_space} "
        "EUR\nTotal TTC : {total_space} EUR\nÀ régler sous 30 jours.",
        ("invoice_number number", "invoice_date date", "total total", "iban none"),
    ),
    "factuur": (
        "Factuurnummer: {number}\nFactuurdatum: {nl_date}\nOrdernummer: {order}\n\nTotaal excl. "
        "btw  "
        " € {net_comma}\nBtw 20%   € {tax_comma}\nTe betalen   € {total_comma}",
        (*_INVOICE[:4], *_INVOICE[5:]),
    ),
    "factuur met totaal*": (
        "De Wijde Installaties B.V.\nStationsstraat 44\n3511 EE Utrecht\n\nFACTUUR\nFactuurnr. "
        "{number}\nDatum {dashed}\nUw bestelnummer {order}\n\nSubtotaal € {net_comma}\nBTW 20% € "
        "{tax_comma}\nTotaal incl. BTW € {total_comma}",
        ("invoice_number number", "invoice_date date", "total total", "order_number order"),
    ),
    "factura": (
        "Factura número: {number}\nFecha de emisión: {es_date}\nPedido: {order}\n\nBase imponible "
        "  "
        "{net_comma} €\nIVA (20%)   {tax_comma} €\nTotal a pagar   {total_comma} €",
        (*_INVOICE[:4], *_INVOICE[5:]),
    ),
    "factura con importe*": (
        "FACTURA {number}\nFecha: {slashed}\nN.º de pedido: {order}\n\nImporte neto: {net_comma} "
        "EUR\nIVA 20%: {tax_comma} EUR\nImporte total: {total_comma} EUR",
        ("invoice_date date", "total total", "order_number order"),
    ),
    "faktura": (
        "Faktura nr {number}\nData wystawienia: {pl_date}\nNr zamówienia: {order}\n\nRazem netto: "
        "{net_space} zł\nVAT 20%: {tax_space} zł\nDo zapłaty: {total_space} zł",
        ("invoice_number number", "invoice_date date", "total total", "order_number order"),
    ),
    "faktura VAT*": (
        "FAKTURA VAT NR: {number}\nData wystawienia: {dotted}\nTermin płatności: 14 dni\n\nWartość "
        "netto: {net_space} PLN\nPodatek VAT: {tax_space} PLN\nRazem do zapłaty: {total_space} PLN",
        ("invoice_number number", "invoice_date date", "total total", "iban none"),
    ),
    "invoice": (
        "INVOICE\n{one}\n9 Mill Lane\nLeeds LS9 8AB\n\nInvoice no. {number} dated {us_date}\nPO "
        "number: "
        "{order}\n\nSubtotal  £{net_point}\nVAT 20%  £{tax_point}\nTotal due  £{total_point}",
        ("invoice_number number", "invoice_date date", "total total", "order_number order"),
    ),
    "invoice with a total of pieces*": (
        "{one}\n2210 Harbor Ave\nPortland, OR 97201\n\nInvoice # {number}        Invoice date "
        "{us_date}\nCustomer order {order}\n\nTotal quantity: {guests}\nTotal before tax: "
        "${net_point}\nSales tax: ${tax_point}\nAmount due: ${total_point}",
        ("invoice_number number", "invoice_date date", "total total", "vendor one"),
    ),
}
