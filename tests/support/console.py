"""A person at the console: a browser's cookies and the forms of its pages, without scripts."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.web_app import WebApp

_TOKEN = re.compile(r'name="form-token" value="([^"]+)"')
OWN = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Person:
    """Somebody with a browser, who is signed in after ``sign_in``."""

    app: WebApp
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.client

    def sign_in(self, key: str = "") -> Any:
        """Paste a key, by default the application's."""
        token = self.token("/console/sign-in")
        form = {"form-token": token, "key": key or self.app.key}
        return self.client.post("/console/sign-in", data=form, headers=OWN)

    def get(self, path: str = "/console", **more: Any) -> Any:
        return self.client.get(path, **more)

    def read(self, path: str = "/console") -> str:
        """The text of a page that is there."""
        response = self.get(path)
        assert response.status_code == 200, (path, response.status, response.get_data(as_text=True))
        return str(response.get_data(as_text=True))

    def send(self, path: str, page: str = "/console", **form: Any) -> Any:
        """Send a form with the token of ``page``."""
        data = {"form-token": self.token(page), **form}
        return self.client.post(path, data=data, headers=OWN)

    def token(self, page: str = "/console") -> str:
        found = _TOKEN.search(self.get(page).get_data(as_text=True))
        return html.unescape(found[1]) if found else ""


def signed_in(app: WebApp, *scopes: str, name: str = "") -> Person:
    """Somebody who is signed in with a new key of these ``scopes``."""
    key = app.keys.create(name or f"key of {'-'.join(scopes)}", scopes)[1] if scopes else app.key
    person = Person(app)
    response = person.sign_in(key)
    assert response.status_code == 303, response.get_data(as_text=True)
    return person
