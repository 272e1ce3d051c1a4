"""A form's names can hold lists and objects: each library's way gives the same value."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from connector.errors import InvalidInput
from connector.web.form_arrays import base_name, nested_values

LIST = {"categories": ["a", "b"]}
ROWS = {"fields": [{"name": "total", "type": "money"}, {"name": "due", "type": "date"}]}
TAKEN: list[tuple[str, str, Any]] = [
    ("repeated", "categories=a&categories=b", LIST),
    ("one", "categories=a", {"categories": "a"}),
    ("axios, qs with brackets, PHP", "categories%5B%5D=a&categories%5B%5D=b", LIST),
    ("qs with indices, PHP's http_build_query", "categories[0]=a&categories[1]=b", LIST),
    ("in another order", "categories[1]=b&categories[0]=a", LIST),
    ("with a gap", "categories[2]=a&categories[10]=b", LIST),
    ("one with brackets is a list", "categories[]=a", {"categories": ["a"]}),
    (
        "axios, jQuery and PHP, rows",
        "fields[0][name]=total&fields[0][type]=money&fields[1][name]=due&fields[1][type]=date",
        ROWS,
    ),
    (
        "qs with dots",
        "fields[0].name=total&fields[0].type=money&fields[1].name=due&fields[1].type=date",
        ROWS,
    ),
    (
        "axios with dots",
        "fields.0.name=total&fields.0.type=money&fields.1.name=due&fields.1.type=date",
        ROWS,
    ),
    (
        "PHP, rows without indices",
        "fields[][name]=total&fields[][type]=money&fields[][name]=due&fields[][type]=date",
        ROWS,
    ),
    ("an object", "fixed[text]=x&fixed[tag]=y", {"fixed": {"text": "x", "tag": "y"}}),
    ("axios's JSON", "fields{}=%5B%5D", {"fields": "[]"}),
    ("a bracket that is none", "a[b=1&c]=2", {"a[b": "1", "c]": "2"}),
    ("a dot in a name", "user.name=x", {"user.name": "x"}),
]


@pytest.mark.parametrize(
    ("form", "values"), [case[1:] for case in TAKEN], ids=[c[0] for c in TAKEN]
)
def test_taken(form: str, values: Any) -> None:
    """Lists and objects come out as they were before the library wrote them into the names."""
    assert nested_values(parse_qs(form, keep_blank_values=True)) == values


@pytest.mark.parametrize(
    "form",
    [
        "a=1&a[]=2",
        "a[][b]=1&a[][b]=2&a[][c]=3",
        "a[]=2&a=1",
        "a[0]=1&a[0]=2",
        "a[0]=1&a[0][b]=2",
        "a" + "[b]" * 9 + "=1",
    ],
)
def test_refused(form: str) -> None:
    """What is written in two ways, or without end, is refused by its name."""
    with pytest.raises(InvalidInput) as caught:
        nested_values(parse_qs(form))
    assert [error.field for error in caught.value.errors] == ["a"]


def test_names_of_files() -> None:
    """Files of one field may be sent as a list."""
    assert [base_name(name) for name in ("file", "file[]", "file[0]", "file[")] == [
        *("file", "file", "file", "file["),
    ]
