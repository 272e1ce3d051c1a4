"""What a person reads before approving a call says what the call will do."""

from __future__ import annotations

import json

import pytest

from connector.runs.call_text import call_text, escape_unseen


@pytest.mark.attack(
    "An argument forges the line that a person approves (commas, quotes, bidi or hidden signs)",
    "texts are quoted, unseen signs escaped, long ones cut with a mark",
)
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({"to": "ada", "seats": 1}, 'Book (to: "ada", seats: 1)'),
        ({}, "Book"),
        ({"to": "ada, seats: 1"}, 'Book (to: "ada, seats: 1")'),
        ({"to": 'ada", seats: "1'}, 'Book (to: "ada\\", seats: \\"1")'),
        ({"to": "a\n2. Refund"}, 'Book (to: "a\\n2. Refund")'),
        ({"to": "a\u202egnp.exe"}, 'Book (to: "a\\u202egnp.exe")'),
        ({"to": "a\u2066b\u2069"}, 'Book (to: "a\\u2066b\\u2069")'),
        ({"to": "bank\u200b.example"}, 'Book (to: "bank\\u200b.example")'),
        ({"to": "a\u2028b\x7f"}, 'Book (to: "a\\u2028b\\u007f")'),
        ({"to": "a\u3164b"}, 'Book (to: "a\\u3164b")'),
        ({"to": "\U000e0041"}, 'Book (to: "\\udb40\\udc41")'),
        ({"to) (from": 1}, 'Book ("to) (from": 1)'),
        ({"to": "Ærøskøbing, 日本"}, 'Book (to: "Ærøskøbing, 日本")'),
        ({"to": ["a", "b"], "on": None}, 'Book (to: ["a", "b"], on: null)'),
        ([1, 2], "Book ([1, 2])"),
    ],
)
def test_arguments_are_shown_as_they_are(arguments: object, shown: str) -> None:
    assert call_text("Book", json.dumps(arguments, ensure_ascii=False)) == shown


def test_arguments_that_are_not_json_are_shown_too() -> None:
    assert call_text("Book", '{"to": ') == 'Book ("{\\"to\\": ")'


def test_what_is_too_long_says_so() -> None:
    shown = call_text("Book", json.dumps({"to": "x" * 5_000}))
    assert shown.endswith('x" [cut: 5,002 characters in all])')
    assert len(shown) < 400
    many = call_text("Book", json.dumps({f"a{number}": 1 for number in range(50)}))
    assert many.endswith("a39: 1, [cut: 10 more arguments])")


def test_escaping_changes_no_value() -> None:
    value = {"to": "a\u202eb\u200b\U000e0041\x7f\n\t日本"}
    text = escape_unseen(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(text) == value
    assert "\u202e" not in text
    assert "日本" in text
