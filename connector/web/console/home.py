"""The first page: the actions, and what waits for whoever is signed in."""

from __future__ import annotations

from flask import Response, g

from connector.web.console.page import ConsolePage, go_to, open_pages
from connector.web.console.session import signed_in_key
from connector.web.services import services

home = ConsolePage("Home", "", icon="home", scopes=("actions", "review"))


@home.get()
def show_home() -> Response:
    """The actions as cards; who only reviews goes to the reviews."""
    key = signed_in_key()
    first = [page for page in open_pages(g.key) if page is not home]
    if key and not {"actions", "admin"} & set(key.scopes) and first:
        return go_to(first[0].address)
    return home.render("home.html", actions=list(services().catalogue.values()))
