"""A stand-in for Retool's own API: the custom component libraries that ``retool-ccl deploy`` talks
to, and resources."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from jsonschema import Draft202012Validator

from connector.json_types import Json

TOKEN = "retool_token_of_the_test"
LIBRARY = "0b1c2d3e-0000-4a78-9b0c-1d2e3f4a5b6c"
RESOURCE = "0b1c2d3e-1111-4a78-9b0c-1d2e3f4a5b6c"
_PAIRS = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
}
# what version 2.12 of Retool's API says about a resource of type restapi, for those kinds of
# authentication that we could use
RESOURCE_SCHEMA: Json = {
    "type": "object",
    "required": ["type", "display_name", "options"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "restapi"},
        "display_name": {"type": "string", "minLength": 1},
        "folder_id": {"type": "string"},
        "options": {
            "type": "object",
            "required": ["base_url"],
            "additionalProperties": False,
            "properties": {
                "base_url": {"type": "string"},
                "url_parameters": _PAIRS,
                "headers": _PAIRS,
                "extra_body_values": _PAIRS,
                "cookies_to_forward": {"type": "array", "items": {"type": "string"}},
                "forward_all_cookies": {"type": "boolean"},
                "authentication_options": {
                    "type": "object",
                    "required": ["authentication_type", "bearer_token"],
                    "additionalProperties": False,
                    "properties": {
                        "authentication_type": {"const": "bearer"},
                        "bearer_token": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    },
}


class RetoolApi:
    """Listens on 127.0.0.1 while the block lasts; ``revisions`` and ``resources`` are what it was
    given."""

    def __init__(self) -> None:
        self.revisions: list[dict[str, bytes]] = []
        self.resources: list[Json] = []
        self.refused: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> RetoolApi:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def get(self, path: str) -> tuple[int, Json]:
        libraries = [
            {
                "id": LIBRARY,
                "name": "FormcallActions",
                "label": "Formcall actions",
                "description": "",
            }
        ]
        return (
            (200, {"success": True, "data": libraries})
            if path == "/api/v2/custom_component_libraries"
            else (404, {})
        )

    def post(self, path: str, kind: str, body: bytes) -> tuple[int, Json]:
        if path == f"/api/v2/custom_component_libraries/{LIBRARY}/revisions":
            self.revisions.append(_parts(kind, body))
            return 200, {
                "success": True,
                "data": {"id": "1", "version": "1.0.0", "custom_component_library_id": LIBRARY},
            }
        if path == "/api/v2/resources":
            return self._resource(json.loads(body))
        return 404, {}

    def _resource(self, body: Json) -> tuple[int, Json]:
        wrong = [error.message for error in Draft202012Validator(RESOURCE_SCHEMA).iter_errors(body)]
        if wrong:
            self.refused += wrong
            return 400, {"success": False, "message": wrong[0]}
        self.resources.append(body)
        return 200, {
            "success": True,
            "data": {"id": RESOURCE, "display_name": body["display_name"], "type": body["type"]},
        }

    def _handler(api) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*api.get(self.path))

            def do_POST(self) -> None:
                self._answer(*api.post(self.path, self.headers["Content-Type"], self._body()))

            def _body(self) -> bytes:
                if "Content-Length" in self.headers:
                    return self.rfile.read(int(self.headers["Content-Length"]))
                chunks = []
                while size := int(self.rfile.readline(), 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                return b"".join(chunks)

            def _answer(self, status: int, body: Json) -> None:
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    status, body = 401, {"success": False, "message": "No token."}
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *words: Any) -> None: ...

        return Handler


def _parts(kind: str, body: bytes) -> dict[str, bytes]:
    """The parts of a multipart body, the files of its ZIP in place of it."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="Content-Disposition"))
        content: Any = part.get_payload(decode=True)
        if content[:2] == b"PK":
            archive = zipfile.ZipFile(io.BytesIO(content))
            found.update({entry: archive.read(entry) for entry in archive.namelist()})
        else:
            found[name] = content
    return found
