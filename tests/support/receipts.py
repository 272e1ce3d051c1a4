"""Receipts with invented shops and sums, as the text of a till or of OCR, in many layouts.

``TUNED`` are the layouts that the rules were written with; ``HELD_OUT`` were written before the
rules, and only measured after them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

CENT = Decimal("0.01")
_GOODS = (
    "PLAIN BUNS,OAT MILK 1L,BLUE TAPE,A4 PAPER,GREEN TEA,FRIED RICE,ICED LEMON,HEX BOLT M6,"
    "SOY SAUCE,LED BULB 9W,NOTEBOOK A5,APPLE JUICE,TOMATO SOUP,USB CABLE,WOOD GLUE,BASIL POT"
).split(",")
_ASIAN = (
    ("KILAUAN PERMAI SDN BHD", ("NO 12, JALAN KERANJI 3/7,", "TAMAN BAYU,", "43200 CHERAS.")),
    ("Tropika Bakery Sdn. Bhd.", ("Lot 7, Ground Floor, Plaza Seri", "50450 Kuala Lumpur")),
    ("WAH LEE HARDWARE (M) SDN. BHD.", ("45 & 47, LORONG BUKIT 2,", "81300 SKUDAI, JOHOR.")),
    ("RESTORAN DUA SUDU", ("NO. 8, JALAN MERAK 2,", "40100 SHAH ALAM, SELANGOR.")),
    ("ORCHID STATIONERY PTE LTD", ("21 TOA PAYOH LOR 8 #01-12", "SINGAPORE 319254")),
    ("HENG SOON TRADING", ("16, JLN PERDANA 5,", "68000 AMPANG, SELANGOR")),
)
_BRITISH = (
    ("Hollis & Marsh", ("14 Castle Street", "Ludlow SY8 1AS")),
    ("FENWAY FOODS LTD", ("Unit 3, Mill Lane", "Leeds LS9 8AB")),
    ("The Copper Kettle", ("88 High Street", "Kendal LA9 4RL")),
)
_AMERICAN = (
    ("BLUE HERON MARKET", ("2210 Harbor Ave", "Portland, OR 97201")),
    ("Juniper Hardware Inc.", ("17 Main St", "Concord, NH 03301")),
    ("Desert Rose Grill LLC", ("905 Mesa Blvd", "Tempe, AZ 85281")),
)
_GERMAN = (
    ("Bäckerei Lindner GmbH", ("Hauptstraße 12", "79098 Freiburg")),
    ("MARKTHALLE NORD", ("Fuhlsbüttler Str. 400", "22309 Hamburg")),
)
_FRENCH = (
    ("BOULANGERIE DU PONT SARL", ("4 rue des Tanneurs", "35000 RENNES")),
    ("Librairie Calame", ("19 avenue Foch", "69006 Lyon")),
)
_DUTCH = (("Kaashandel De Wijde B.V.", ("Stationsstraat 44", "3511 EE Utrecht")),)


@dataclass(frozen=True)
class Sale:
    """What a receipt states."""

    shop: str
    address: tuple[str, ...]
    items: tuple[tuple[str, int, Decimal], ...]  # name, quantity, price of all
    net: Decimal
    tax: Decimal
    total: Decimal
    rounding: Decimal
    paid: Decimal
    day: str
    phone: str

    @property
    def count(self) -> int:
        return sum(quantity for _, quantity, _ in self.items)

    @property
    def change(self) -> Decimal:
        return self.paid - self.payable

    @property
    def payable(self) -> Decimal:
        return self.total + self.rounding


@dataclass(frozen=True)
class Receipt:
    """The text of a receipt, and the values that it states."""

    layout: str
    text: str
    shop: str
    address: str
    total: float


def receipts(layouts: Sequence[str], each: int, seed: int) -> Iterator[Receipt]:
    """``each`` receipts of every layout, the same ones for the same seed."""
    chance = random.Random(seed)
    for name in layouts:
        shops, draw, total = LAYOUTS[name]
        for _ in range(each):
            sale = _sale(chance, shops)
            if name in {"rounded", "summary"}:
                rest = sale.total % Decimal("0.05")
                sale = replace(sale, rounding=-rest if rest < Decimal("0.03") else CENT * 5 - rest)
                sale = replace(sale, paid=_note(sale.payable))
            yield Receipt(name, draw(sale), sale.shop, " ".join(sale.address), float(total(sale)))


def _sale(chance: random.Random, shops: Sequence[tuple[str, tuple[str, ...]]]) -> Sale:
    shop, address = chance.choice(list(shops))
    items = tuple(
        (name, quantity, quantity * (CENT * chance.randrange(90, 3_000)))
        for name in chance.sample(_GOODS, chance.randrange(1, 6))
        for quantity in (chance.choice((1, 1, 1, 2, 3)),)
    )
    total = sum((price for _, _, price in items), Decimal(0))
    net = (total / Decimal("1.06")).quantize(CENT)
    day = f"{chance.randrange(13, 29):02d}/{chance.randrange(1, 13):02d}/2018"
    phone = (
        f"0{chance.randrange(3, 8)}-{chance.randrange(2000, 9000)} {chance.randrange(1000, 9999)}"
    )
    return Sale(shop, address, items, net, total - net, total, Decimal(0), _note(total), day, phone)


def _note(amount: Decimal) -> Decimal:
    """What a customer hands over for an amount."""
    notes = (5, 10, 20, 50, 100, 200, 500, 1_000)
    return next(note + CENT * 0 for note in map(Decimal, notes) if note > amount)


def _wide(left: str, right: object, width: int = 40) -> str:
    return f"{left}{str(right).rjust(width - len(left))}"


def _comma(amount: Decimal) -> str:
    return str(amount).replace(".", ",")


def _joined(*lines: object) -> str:
    return "\n".join(str(line) for line in lines)


# --- the layouts that the rules were written with -------------------------------------------------


def _gaps(sale: Sale) -> str:
    return _joined(
        sale.shop.center(40),
        *(line.center(40) for line in sale.address),
        f"Tel: {sale.phone}",
        "",
        "CASH BILL",
        f"Date : {sale.day}   14:03",
        _wide("QTY ITEM", "AMOUNT"),
        *(_wide(f"{quantity} {name}", price) for name, quantity, price in sale.items),
        _wide("TOTAL", sale.total),
        _wide("CASH", sale.paid),
        _wide("CHANGE", sale.change),
        "THANK YOU, PLEASE COME AGAIN",
    )


def _single_spaces(sale: Sale) -> str:
    return _joined(
        sale.shop,
        "(1000231-K)",
        *sale.address,
        f"TEL {sale.phone}",
        "GST ID : 000683900912",
        "TAX INVOICE",
        f"{sale.day} 10:51:00 CASHIER: USER",
        *(f"{quantity} {name} {price} SR" for name, quantity, price in sale.items),
        f"TOTAL QUANTITY {sale.count}",
        f"SUB TOTAL {sale.net}",
        f"TOTAL GST {sale.tax}",
        f"TOTAL {sale.total}",
        f"CASH {sale.paid}",
        f"CHANGE {sale.change}",
        "GOODS SOLD ARE NOT RETURNABLE",
    )


def _one_box_a_line(sale: Sale) -> str:
    lines: list[object] = [sale.shop, *sale.address, "DATE:", sale.day, "DESCRIPTION", "RM"]
    for name, quantity, price in sale.items:
        lines += [name, f"{quantity} PC", price]
    lines += ["TOTAL:", sale.total, "CASH", sale.paid, "CHANGE", sale.change, "THANK YOU"]
    return _joined(*lines)


def _summary(sale: Sale) -> str:
    return _joined(
        sale.shop,
        *sale.address,
        f"TEL:{sale.phone}",
        "TAX INVOICE",
        f"DATE: {sale.day}",
        *(f"{name} {quantity} {price}" for name, quantity, price in sale.items),
        f"TOTAL EXCL GST : {sale.net}",
        f"TOTAL GST : {sale.tax}",
        f"ROUNDING : {sale.rounding}",
        f"TOTAL : {sale.payable}",
        f"CASH : {sale.paid}",
        f"CHANGE : {sale.change}",
        "GST SUMMARY",
        "TAX CODE % AMOUNT GST",
        f"SR 6 {sale.net} {sale.tax}",
        f"TOTAL : {sale.net} {sale.tax}",
        "THANK YOU.",
    )


def _rounded(sale: Sale) -> str:
    return _joined(
        sale.shop,
        *sale.address,
        f"TEL NO. {sale.phone}",
        f"{sale.day} 17:24:07",
        *(_wide(name, price) for name, _, price in sale.items),
        _wide("TOTAL (INCL GST)", sale.total),
        _wide("ROUNDING ADJ", sale.rounding),
        _wide("TOTAL ROUNDED", sale.payable),
        _wide("CASH TENDERED", sale.paid),
        _wide("CHANGE", sale.change),
        _wide("TOTAL INCLUDES 6% GST", sale.tax),
    )


def _card(sale: Sale) -> str:
    return _joined(
        sale.shop,
        *sale.address,
        f"Ph {sale.phone}",
        f"Server: Kim   Table 4   {sale.day}",
        *(_wide(f"{quantity} {name.title()}", f"${price}") for name, quantity, price in sale.items),
        _wide("Subtotal", f"${sale.net}"),
        _wide("Tax", f"${sale.tax}"),
        _wide("Total", f"${sale.total}"),
        _wide("VISA ****4412", f"${sale.total}"),
        "Points earned          12",
    )


# --- the layouts that were held out ---------------------------------------------------------------


def _balance_due(sale: Sale) -> str:
    return _joined(
        "Welcome to",
        sale.shop,
        *sale.address,
        f"VAT No. 412 8890 12   {sale.day}",
        *(f"{name} £{price}" for name, _, price in sale.items),
        f"{sale.count} ITEMS",
        f"BALANCE DUE £{sale.total}",
        f"CARD £{sale.total}",
        f"TOTAL POINTS {sale.count * 11}",
        f"TOTAL SAVINGS £{sale.tax}",
    )


def _kassenbon(sale: Sale) -> str:
    return _joined(
        sale.shop,
        *sale.address,
        f"Tel. {sale.phone}",
        *(
            _wide(f"{quantity} x {name}", _comma(price) + " B")
            for name, quantity, price in sale.items
        ),
        _wide("SUMME  EUR", _comma(sale.total)),
        _wide("Geg. BAR  EUR", _comma(sale.paid)),
        _wide("Rückgeld BAR  EUR", "-" + _comma(sale.change)),
        "Steuer %       Netto     Steuer    Brutto",
        f"B= 7,0%   {_comma(sale.net)}   {_comma(sale.tax)}   {_comma(sale.total)}",
        f"Gesamtbetrag   {_comma(sale.net)}   {_comma(sale.tax)}   {_comma(sale.total)}",
        f"Datum: {sale.day.replace('/', '.')}   Bon-Nr. 8841",
    )


def _inclusive(sale: Sale) -> str:
    return _joined(
        "TAX INVOICE",
        sale.shop,
        "Co. Reg. No. 201101022331",
        *sale.address,
        f"Tel : {sale.phone} Fax : 03-7781 2210",
        f"Invoice No : CS-{sale.count}0931 Date : {sale.day}",
        *(f"{name} {quantity} UNIT {price}" for name, quantity, price in sale.items),
        f"Item(s) : {len(sale.items)} Qty(s) : {sale.count}",
        f"Total (Excluding GST) : RM {sale.net}",
        f"GST Payable : RM {sale.tax}",
        f"Total (Inclusive of GST) : RM {sale.total}",
        f"Cash : RM {sale.paid}",
        f"Change Due : RM {sale.change}",
    )


def _ticket(sale: Sale) -> str:
    return _joined(
        sale.shop,
        *sale.address,
        f"Tél : {sale.phone}",
        f"Ticket n° 1182 du {sale.day}",
        *(f"{quantity} {name}   {_comma(price)}" for name, quantity, price in sale.items),
        f"TOTAL HT   {_comma(sale.net)} EUR",
        f"TVA 6,00 %   {_comma(sale.tax)} EUR",
        f"TOTAL A PAYER   {_comma(sale.total)} EUR",
        f"ESPECES   {_comma(sale.paid)} EUR",
        f"RENDU   {_comma(sale.change)} EUR",
    )


def _restaurant(sale: Sale) -> str:
    food = sale.total - sale.tax
    return _joined(
        sale.shop.center(36),
        *(line.center(36) for line in sale.address),
        "GUEST CHECK",
        f"Date {sale.day}  Guests 2  Table 12",
        *(f"{quantity}  {name.capitalize()} ..... {price}" for name, quantity, price in sale.items),
        f"Food & Drinks Total  {food}",
        f"Service charge  {sale.tax}",
        f"Grand Total  {sale.total}",
        "Tip ________   Signature ________",
    )


def _stacked(sale: Sale) -> str:
    lines: list[object] = [sale.shop, *sale.address, f"TEL: {sale.phone}", sale.day, "AMOUNT (RM)"]
    for name, quantity, price in sale.items:
        lines += [f"{quantity} x {name}", price]
    lines += ["Subtotal", "GST 6%", "Total Amount", "Cash", "Change"]
    lines += [sale.net, sale.tax, sale.total, sale.paid, sale.change]
    return _joined(*lines)


def _kassabon(sale: Sale) -> str:
    return _joined(
        sale.shop,
        *sale.address,
        f"BTW nr. NL812345678B01   {sale.day.replace('/', '-')}",
        *(f"{quantity} {name} {_comma(price)}" for name, quantity, price in sale.items),
        f"Aantal artikelen {sale.count}",
        f"Totaal excl. btw {_comma(sale.net)}",
        f"Te betalen € {_comma(sale.total)}",
        f"PIN € {_comma(sale.total)}",
    )


Drawing = Callable[[Sale], str]
Amount = Callable[[Sale], Decimal]


def _total(sale: Sale) -> Decimal:
    return sale.total


def _payable(sale: Sale) -> Decimal:
    return sale.payable


LAYOUTS: dict[str, tuple[Sequence[tuple[str, tuple[str, ...]]], Drawing, Amount]] = {
    "gaps": (_ASIAN, _gaps, _total),
    "single spaces": (_ASIAN, _single_spaces, _total),
    "one box a line": (_ASIAN, _one_box_a_line, _total),
    "summary": (_ASIAN, _summary, _payable),
    "rounded": (_ASIAN, _rounded, _payable),
    "card": (_AMERICAN, _card, _total),
    "balance due": (_BRITISH, _balance_due, _total),
    "Kassenbon": (_GERMAN, _kassenbon, _total),
    "inclusive": (_ASIAN, _inclusive, _total),
    "ticket": (_FRENCH, _ticket, _total),
    "restaurant": (_AMERICAN, _restaurant, _total),
    "stacked": (_ASIAN, _stacked, _total),
    "kassabon": (_DUTCH, _kassabon, _total),
}
TUNED = ("gaps", "single spaces", "one box a line", "summary", "rounded", "card")
HELD_OUT = tuple(name for name in LAYOUTS if name not in TUNED)
