"""Every way in which a form reaches the service, and the engines behind it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from connector.json_types import Json
from connector.settings import Settings
from tests.support.doors import DOORS
from tests.support.receivers import wait_until
from tests.support.upstream import FakeUpstream
from tests.support.web_app import WebApp, build_web_app

Engine = tuple[WebApp, FakeUpstream | None]
ENGINES = ("local", "responses", "chat")


@dataclass(frozen=True)
class Case:
    """A form, and what comes of it.

    ``reply`` is what the model of the provider returns; its request has the texts ``asks`` and
    none of ``hides``. ``answer`` are values of the answer, and ``local`` those that the embedded
    engine gives instead. ``error`` is the field, the code and words of a refusal. ``options`` may
    stand in the query; a hook has them fixed. ``ways`` are all where none is named.
    """

    action: str
    form: Json
    reply: Json = field(default_factory=dict)
    answer: Json = field(default_factory=dict)
    local: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    calls: int = 1
    ways: tuple[str, ...] = ()
    charset: str = "utf-8"
    is_declared: bool = True
    wrap: Callable[[str], str] = str

    @property
    def declared(self) -> str:
        return f"; charset={self.charset}" if self.is_declared and self.charset != "utf-8" else ""


# --- the ways in ----------------------------------------------------------------------------------


def text_of(value: Any) -> str:
    """A form and a table can send only texts, so lists and objects are sent as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def json_body(case: Case, form: Json) -> Json:
    text = case.wrap(json.dumps(form, ensure_ascii=False))
    return {"data": text.encode(case.charset), "content_type": f"application/json{case.declared}"}


def read(response: Any) -> tuple[int, Json]:
    return response.status_code, response.get_json(force=True)


def by_json(app: WebApp, case: Case) -> tuple[int, Json]:
    return read(app.post(case.action, **json_body(case, {**case.form, **case.options})))


def by_query(app: WebApp, case: Case) -> tuple[int, Json]:
    query = "?" + urlencode({name: text_of(value) for name, value in case.options.items()})
    return read(app.post(case.action, query=query, **json_body(case, case.form)))


def by_form(app: WebApp, case: Case) -> tuple[int, Json]:
    texts = {name: text_of(value) for name, value in {**case.form, **case.options}.items()}
    kind = f"application/x-www-form-urlencoded{case.declared}"
    body = urlencode(texts, encoding=case.charset)
    return read(app.post(case.action, data=body, content_type=kind))


def by_multipart(app: WebApp, case: Case) -> tuple[int, Json]:
    kind = f"Content-Type: text/plain{case.declared}\r\n" if case.declared else ""
    parts = "".join(
        f'--0b5e\r\nContent-Disposition: form-data; name="{name}"\r\n{kind}\r\n{text_of(value)}\r\n'
        for name, value in {**case.form, **case.options}.items()
    )
    body = f"{parts}--0b5e--\r\n".encode(case.charset)
    return read(app.post(case.action, data=body, content_type="multipart/form-data; boundary=0b5e"))


def by_hook(app: WebApp, case: Case) -> tuple[int, Json]:
    preset = {"name": "way", "action": case.action, "fixed": case.options}
    made = app.client.post("/v1/hooks", json=preset, headers=app.headers)
    if made.status_code != 201:
        return read(made)
    path = "/v1" + made.get_json()["url"].partition("/v1")[2]
    answer = read(app.client.post(path, **json_body(case, case.form)))
    app.client.delete(f"/v1/hooks/{made.get_json()['id']}", headers=app.headers)
    return answer


def by_mcp(app: WebApp, case: Case) -> tuple[int, Json]:
    return DOORS["MCP"](app, case.action, {**case.form, **case.options})


def by_csv(app: WebApp, case: Case) -> tuple[int, Json]:
    """A batch of one row; a row that failed has its code and its sentence."""
    row = {**case.form, **case.options}
    table = io.StringIO()
    csv.writer(table).writerows([row, map(text_of, row.values())])
    made = app.client.post(
        f"/v1/batches?action={case.action}",
        headers=app.headers,
        data=case.wrap(table.getvalue()).encode(case.charset),
        content_type=f"text/csv{case.declared}",
    )
    if made.status_code != 202:
        return read(made)
    address = f"/v1/batches/{made.get_json()['id']}"
    wait_until(
        lambda: app.client.get(address, headers=app.headers).get_json()["status"] != "running"
    )
    (line,) = app.client.get(f"{address}/results.jsonl", headers=app.headers).text.splitlines()
    result = json.loads(line)
    if result["status"] == "failed":
        return 422, {"code": result["error_code"], "detail": result["error"]}
    return 200, result


WAYS: dict[str, Callable[[WebApp, Case], tuple[int, Json]]] = {
    "JSON": by_json,
    "query": by_query,
    "form": by_form,
    "multipart": by_multipart,
    "hook": by_hook,
    "MCP": by_mcp,
    "CSV": by_csv,
}


@contextmanager
def engine_at_work(kind: str, folder: Path) -> Iterator[Engine]:
    """A service at work on the embedded engine ("local"), or on a provider of a dialect."""
    if kind == "local":
        app = build_web_app(Settings(engine="local", data_dir=folder), "test")
        with app.launched():
            yield app, None
        app.close()
        return
    with FakeUpstream() as upstream:
        settings = Settings(
            engine="openai",
            dialect=kind,
            openai_base_url=upstream.base_url,
            openai_api_key="k",
            retired="error",
            data_dir=folder,
        )
        app = build_web_app(settings, "test")
        with app.launched():
            yield app, upstream
        app.close()
