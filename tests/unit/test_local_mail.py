"""Mails with the embedded engine: the headers are values, with names and addresses apart."""

from __future__ import annotations

from typing import Any

import pytest

from connector.catalogue.user_field_parser import read_user_fields
from connector.providers.local.methods.extract import extract

MAIL = """From: Jane Doe <Jane.Doe@northwind.example>
To: Max Weir <max@example.org>,
 "Sales, Team" <sales@example.org>
Cc: boss@example.org
Date: Tue, 3 Mar 2026 10:15:00 +0100
Subject: Order 4711: delivery moved

The delivery of order 4711 moves to 9 March 2026. Invoice date: 5 March 2026.
Please reply to orders@northwind.example.
"""
OUTLOOK = """Von: Petra Novak
An: Jonas Weir
Gesendet: 10. März 2026
Betreff: Muster

Die Fliesen sind da.
"""
VALUES: dict[str, tuple[str, Any]] = {
    "from text": (MAIL, "Jane Doe"),
    "sender_name text": (MAIL, "Jane Doe"),
    "sender_email email": (MAIL, "jane.doe@northwind.example"),
    "from address text": (MAIL, "jane.doe@northwind.example"),
    "to list": (MAIL, ["Max Weir", "Sales, Team"]),
    "to_addresses list": (MAIL, ["max@example.org", "sales@example.org"]),
    "recipient email": (MAIL, "max@example.org"),
    "cc text": (MAIL, "boss@example.org"),
    "date date": (MAIL, "2026-03-03"),
    "sent_at datetime": (MAIL, "2026-03-03T10:15+01:00"),
    "subject": (MAIL, "Order 4711: delivery moved"),
    "invoice_date date": (MAIL, "2026-03-05"),
    "delivery_date date": (MAIL, "2026-03-09"),
    "sender text": (OUTLOOK, "Petra Novak"),
    "recipient text": (OUTLOOK, "Jonas Weir"),
    "sent date": (OUTLOOK, "2026-03-10"),
    "subject text": (OUTLOOK, "Muster"),
    "cc email": (OUTLOOK, None),
}


@pytest.mark.parametrize(("field", "mail", "value"), [(k, *v) for k, v in VALUES.items()])
def test_headers_are_values(field: str, mail: str, value: Any) -> None:
    """A field that means a header has its value; one that names something else does not."""
    found = extract({"text": mail, "fields": read_user_fields(field)})
    assert next(iter(found.values())) == value


def test_a_text_without_headers_has_none() -> None:
    """Words such as From and To in a text are no headers of a mail."""
    found = extract({"text": "We go from Bern to Basel.", "fields": read_user_fields("from\nto")})
    assert set(found.values()) <= {None, "Bern", "Basel"}
