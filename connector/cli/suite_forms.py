"""The forms of `formcall eval --suite`: the categories that its sets are put into, as people would
write them. No description was changed after a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Descriptions = Mapping[str, tuple[str, str]]  # of each label of a set: (name, description)

NEWSGROUPS: Final[Descriptions] = {
    "comp.graphics": ("graphics", "computer graphics, images and 3D programs"),
    "rec.autos": ("cars", "cars, engines, driving and dealers"),
    "rec.sport.hockey": ("hockey", "ice hockey teams, players and games"),
    "sci.crypt": ("cryptography", "encryption, keys, ciphers and privacy"),
    "sci.med": ("medicine", "health, diseases, doctors and treatments"),
    "sci.space": ("space", "space flight, rockets, satellites and astronomy"),
    "talk.politics.guns": ("guns", "firearms, gun control and gun laws"),
    "soc.religion.christian": ("Christianity", "Christian faith, the Bible and the church"),
}
OTHER_NEWSGROUPS: Final[Descriptions] = {
    "alt.atheism": ("atheism", "atheism, arguments against religion"),
    "comp.os.ms-windows.misc": ("Windows", "Microsoft Windows and its programs and drivers"),
    "comp.sys.ibm.pc.hardware": ("PC hardware", "hardware of IBM PCs: disks, cards, boards"),
    "comp.sys.mac.hardware": ("Mac hardware", "hardware of Apple Macintosh computers"),
    "comp.windows.x": ("X Window System", "X11 programming, servers, widgets and Motif"),
    "misc.forsale": ("for sale", "things that people offer to sell, with prices"),
    "rec.motorcycles": ("motorcycles", "motorcycles, riding and helmets"),
    "rec.sport.baseball": ("baseball", "baseball teams, players and games"),
    "sci.electronics": ("electronics", "circuits, components and electrical engineering"),
    "talk.politics.mideast": ("Middle East", "politics of Israel, the Arabs, Armenia and Turkey"),
    "talk.politics.misc": ("politics", "American politics, taxes, the government and society"),
    "talk.religion.misc": ("religion", "religions, cults and morality in general"),
}
REUTERS: Final[Descriptions] = {
    "acq": ("acquisitions", "a company buys another, takeovers, mergers and stakes"),
    "crude": ("oil", "crude oil, gas, OPEC and energy prices"),
    "earn": ("earnings", "profit, loss, revenue and dividends of a company"),
    "grain": ("grain", "wheat, corn, harvests and grain exports"),
    "interest": ("interest rates", "interest rates, discount rates and bank lending"),
    "money-fx": ("money and currencies", "exchange rates, money market, central bank"),
    "ship": ("shipping", "ships, ports, freight and strikes of seamen"),
    "trade": ("trade", "imports, exports, tariffs and trade balance between countries"),
}
BBC_NEWS: Final[Descriptions] = {
    "business": ("business", "companies, markets, jobs and the economy"),
    "entertainment": ("entertainment", "film, music, television and celebrities"),
    "politics": ("politics", "government, parties, elections and ministers"),
    "sports": ("sport", "matches, teams, players and athletes"),
    "tech": ("technology", "computers, phones, the internet and games"),
}
FILM_REVIEWS: Final[Descriptions] = {"positive": ("positive", ""), "negative": ("negative", "")}

# fields of an invoice, none of which a news article has
INVOICE_FIELDS = "\n".join(
    (
        "invoice_number",
        "invoice_date date",
        "due_date date",
        "total money",
        "net_amount money",
        "vat_amount money",
        "iban",
        "vat_number",
        "purchase_order",
        "customer_number",
    )
)


def options_text(descriptions: Descriptions, *, described: bool) -> str:
    """The lines of the field ``categories``."""
    return "\n".join(
        f"{name}: {text}" if described and text else name for name, text in descriptions.values()
    )
