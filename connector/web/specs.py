"""The published specifications and the page that shows them; both are public."""

from __future__ import annotations

from importlib import resources

from flask import Blueprint, Response, redirect, request, send_from_directory
from werkzeug.wrappers import Response as Redirect

from connector.errors import FormcallError
from connector.web.query import check_query
from connector.web.services import base_url, services

specs = Blueprint("specs", __name__)
specs.before_request(check_query)  # a parameter that changes nothing would seem to be understood

_UI_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Formcall: the actions</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="actions"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """window.onload = () => SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#actions",
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
});
"""
_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


@specs.get("/openapi.json")
def openapi_json() -> Response:
    """OpenAPI 3.0.3, for importers."""
    return _spec("openapi.json")


@specs.get("/openapi-3.1.json")
def openapi_31_json() -> Response:
    """The same in OpenAPI 3.1."""
    return _spec("openapi-3.1.json")


@specs.get("/swagger.json")
def swagger_json() -> Response:
    """The same in Swagger 2.0, for Power Platform."""
    return _spec("swagger.json")


@specs.get("/")
def home() -> Redirect:
    """People go to the console, programs to what they can call."""
    response = redirect("/console" if _asks_for_page() else "/docs")
    response.headers["Vary"] = "Accept"
    return response


def _asks_for_page() -> bool:
    """Whether a browser asks, and there is a console: a program accepts anything, or JSON, and
    names no pages."""
    if services().settings.console == "off":
        return False
    return "text/html" in request.headers.get("Accept", "")


@specs.get("/docs")
def docs() -> Response:
    """A page that lists the actions and lets people try them."""
    return Response(_PAGE, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})


@specs.get("/docs/start.js")
def start() -> Response:
    return Response(_START, mimetype="text/javascript")


@specs.get("/docs/<name>")
def ui_file(name: str) -> Response:
    """A file of Swagger UI, from its package."""
    if name not in _UI_FILES:
        raise FormcallError("not_found", "There is no such page.")
    folder = resources.files("flask_swagger_ui") / "dist"
    return send_from_directory(str(folder), name, max_age=86_400)


def _spec(name: str) -> Response:
    body = services().specs.file(f"openapi/{name}", base_url())
    # public, and fetched by pages of other hosts
    return Response(body, mimetype="application/json", headers={"Access-Control-Allow-Origin": "*"})
