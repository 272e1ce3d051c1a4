"""The provider's address: refused at the start when no call can be made there."""

from __future__ import annotations

import json
import re
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

from connector.errors import SettingsError
from connector.json_types import Json
from connector.providers.hosted.route import route_of
from connector.providers.pricing.models_file import EXTRA_BODY_RULE, is_extra_body
from connector.settings import Settings

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FIXED_HEADERS = {"content-type", "content-length", "host", "transfer-encoding", "accept-encoding"}
_ENDPOINTS = ("/chat/completions", "/responses", "/completions", "/models", "/embeddings")
# hosts whose API is known to be below a path
_BASE_PATHS = {
    "api.openai.com": "/v1",
    "openrouter.ai": "/api/v1",
    "api.groq.com": "/openai/v1",
    "api.mistral.ai": "/v1",
    "api.cometapi.com": "/v1",
    "generativelanguage.googleapis.com": "/v1beta/openai",
    "api.x.ai": "/v1",
    "api.together.xyz": "/v1",
    "api.fireworks.ai": "/inference/v1",
    "api.moonshot.ai": "/v1",
}
# the ports on which servers listen that serve their API below /v1
_LOCAL_PORTS = {11434: "Ollama", 1234: "LM Studio"}


def check_settings(settings: Settings) -> None:
    """Raise ``SettingsError`` for a base URL or a key with which no call can be made."""
    parts = _split(settings.openai_base_url)
    if parts is None:
        # it may contain a password, so it is not shown
        raise SettingsError("OPENAI_BASE_URL must be a URL such as https://api.openai.com/v1.")
    right = right_address(settings.openai_base_url)
    if right:
        raise SettingsError(
            f"OPENAI_BASE_URL must be the URL below which the API's endpoints are: {right}, not "
            f"{without_secrets(settings.openai_base_url)}."
        )
    own_headers(settings)
    own_body(settings)
    route_of(settings)
    key = settings.openai_api_key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SettingsError(
            "OPENAI_API_KEY contains a character that no key has, such as a space or a line break. "
            "Copy it again."
        )


def own_headers(settings: Settings) -> dict[str, str]:
    """The headers that the settings add to each call. Raises ``SettingsError``."""
    headers = {}
    for line in filter(None, map(str.strip, settings.openai_custom_headers.splitlines())):
        name, colon, value = (part.strip() for part in line.partition(":"))
        is_valid = colon and _HEADER.fullmatch(name) and value.isascii() and value.isprintable()
        if not is_valid or name.lower() in _FIXED_HEADERS:
            raise SettingsError(
                "OPENAI_CUSTOM_HEADERS must have a header in each line, such as `X-Title: Formcall`"
                f"; {', '.join(sorted(_FIXED_HEADERS))} cannot be set."
            )
        headers[name] = value
    if settings.openai_org_id:
        headers["OpenAI-Organization"] = settings.openai_org_id
    if settings.openai_project_id:
        headers["OpenAI-Project"] = settings.openai_project_id
    is_azure = "api-version" in parse_qs(urlsplit(settings.openai_base_url).query)
    if is_azure and settings.openai_api_key.strip():
        headers.setdefault("api-key", settings.openai_api_key.strip())
    return headers


def own_body(settings: Settings) -> Json:
    """The fields that the settings add to each call's body. Raises ``SettingsError``."""
    if not settings.extra_body:
        return {}
    try:
        fields = json.loads(settings.extra_body)
    except (ValueError, RecursionError):
        fields = None
    if not is_extra_body(fields):
        raise SettingsError(
            'FORMCALL_EXTRA_BODY must be a JSON object such as {"thinking": {"type": "disabled"}}, '
            f"{EXTRA_BODY_RULE}."
        )
    return dict(fields)


def right_address(url: str) -> str:
    """The address that was meant by ``url``; "" when ``url`` may be right."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    for endpoint in _ENDPOINTS:
        if path.endswith(endpoint):
            return _with_path(parts, path.removesuffix(endpoint))
    host = parts.hostname or ""
    base = _BASE_PATHS.get(host, "/v1" if parts.port in _LOCAL_PORTS else "")
    if base and path != base and (base.startswith(path) or path in {"/v1", "/api"}):
        return _with_path(parts, base)
    if host.endswith(".openai.azure.com") and path in {"", "/openai"}:
        return _with_path(parts, "/openai/v1")
    return ""


def has_password(url: str) -> bool:
    """Whether ``url`` has a user name or a password before its host."""
    return "@" in url.partition("//")[2].partition("/")[0]


def without_secrets(url: str) -> str:
    """The base URL without the user name, the password and the query that it may contain."""
    parts = urlsplit(url)
    return _with_path(parts._replace(query=""), parts.path.rstrip("/"))


def _with_path(parts: SplitResult, path: str) -> str:
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, path, parts.query, ""))


def _split(text: str) -> SplitResult | None:
    """The parts of a URL of HTTP; None when it is not one."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    has_port = port is None or port > 0
    is_http = parts.scheme in {"http", "https"} and bool(parts.hostname) and has_port
    return parts if is_http else None
