"""The operator's file of several providers (FORMCALL_PROVIDERS): its format, and its checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

from connector.catalogue.values import suggestion
from connector.environment import PROVIDER_SECRET
from connector.errors import SettingsError, TemplateError
from connector.json_types import Json
from connector.providers.hosted.addresses import check_settings, has_password
from connector.providers.pricing.models import Model, Models
from connector.providers.pricing.models_file import EXTRA_BODY_RULE, PRICE_RULE, is_extra_body
from connector.settings import DIALECTS, PROFILES, Settings
from connector.yaml_subset import LineNumbers, read_yaml

MAX_PROVIDERS = 50
MAX_NAMES = 500
MAX_BYTES = 1_000_000
_MAX_TEXT = 2_000  # characters
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# headers whose values are secrets, so that they are not written in a file
_SECRET_HEADER = re.compile(r"(?i)(?:proxy-)?authorization|cookie|.{0,80}(?:key|token|secret)")
_LITERAL_KEY = (
    "a key is never written in this file. Set it as an environment variable such as {example}, and "
    "name that here: `key_env: {example}`."
)
_VARIABLE = (
    "the name of an environment variable that ends in _KEY or _TOKEN, such as OPENAI_API_KEY, and "
    "does not begin with FORMCALL_"
)
_SETTINGS_OF_ONE = {  # of today's single provider; with the file they would be ambiguous
    "openai_base_url": "address",
    "openai_org_id": "headers",
    "openai_project_id": "headers",
    "openai_custom_headers": "headers",
    "extra_body": "extra_body",
    "profile": "profile",
}


@dataclass(frozen=True)
class ProviderEntry:
    """One provider of the file.

    ``models``    the models it has: our names, patterns with one ``*``, or a map of our names to
                  the provider's own; empty: all
    ``prices``    what it charges, by our names, in US dollars for a million tokens
    ``fallback``  the providers that are asked when this one cannot answer, in this order
    """

    name: str
    address: str = ""
    key_env: str = ""
    profile: str = "auto"
    dialect: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    headers_env: Mapping[str, str] = field(default_factory=dict)
    extra_body: Json = field(default_factory=dict)
    models: tuple[str, ...] | Mapping[str, str] = ()
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    fallback: tuple[str, ...] = ()

    def name_of(self, model: str) -> str:
        """The provider's name of ``model``; "" when the provider does not have it."""
        if isinstance(self.models, Mapping):
            return self.models.get(model, "")
        has_it = not self.models or any(_matches(pattern, model) for pattern in self.models)
        return model if has_it else ""

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it needs."""
        return tuple(filter(None, (self.key_env, *self.headers_env.values())))

    def settings(self, settings: Settings) -> Settings:
        """The settings of a service with this provider alone."""
        secrets = settings.provider_secrets
        own = {name: secrets.get(variable, "") for name, variable in self.headers_env.items()}
        headers = {**self.headers, **own}
        return replace(
            settings,
            openai_base_url=self.address,
            openai_api_key=secrets.get(self.key_env, ""),
            openai_org_id="",
            openai_project_id="",
            openai_custom_headers="\n".join(f"{name}: {one}" for name, one in headers.items()),
            extra_body=json.dumps(self.extra_body) if self.extra_body else "",
            profile=self.profile,
            dialect=self.dialect or settings.dialect,
        )

    def known_models(self, models: Models) -> Models:
        """``models`` with this provider's names, prices and successors."""
        rows = dict(models.rows)
        names = self.models if isinstance(self.models, Mapping) else {}
        for name in {**names, **self.prices}:
            own_name = self.name_of(name) or name
            row = models.find(own_name)
            if not row.known:
                row = _renamed(models.find(name), own_name)
            price = self.prices.get(name)
            if price is not None:
                row = replace(_renamed(row, own_name), price=price, known=True)
            rows[own_name] = row
        return Models(rows, models.profiles, self.name_of)


def _renamed(row: Model, name: str) -> Model:
    """The row of the same model under another name."""
    if row.id == name:
        return row
    same_as = (row.same_as or row.id) if row.known else ""
    return replace(row, id=name, same_as=same_as, snapshots=(), aliases=(), vendors=())


def _matches(pattern: str, model: str) -> bool:
    start, star, end = pattern.partition("*")
    if not star:
        return pattern == model
    is_long = len(model) >= len(start) + len(end)
    return is_long and model.startswith(start) and model.endswith(end)


def read_providers(path: Path) -> dict[str, ProviderEntry]:
    """The providers of a file by name, in its order. Raises ``TemplateError``."""
    return _ProvidersReader(path).read()


def usable_providers(settings: Settings) -> dict[str, ProviderEntry]:
    """The providers of ``settings.providers_file``, whose variables are all set.

    Raises ``TemplateError`` or ``SettingsError``.
    """
    path = settings.providers_file
    if path is None:
        return {}
    for name, key in _SETTINGS_OF_ONE.items():
        default = Settings.__dataclass_fields__[name]
        if getattr(settings, name) != default.default:
            raise SettingsError(
                f"{default.metadata['variable']} is set together with FORMCALL_PROVIDERS. Write it "
                f"as `{key}` of a provider in {path}, and remove the variable."
            )
    reader = _ProvidersReader(path)
    entries = reader.read()
    for entry in entries.values():
        for variable in entry.variables:
            if variable not in settings.provider_secrets:
                problem = f"providers.{entry.name} needs the variable {variable}, which is not set."
                reader.refuse(problem, "providers", entry.name)
        reader.check_usable(entry, settings)
    if not any(entry.name_of(settings.model) for entry in entries.values()):
        raise SettingsError(
            f"FORMCALL_MODEL is {settings.model}, which no provider of {path} has. Add it to "
            "`models` of one of them, or set another model."
        )
    return entries


class _ProvidersReader:
    """Reads one file; each error has its line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = LineNumbers()

    def read(self) -> dict[str, ProviderEntry]:
        value = self._parse()
        if not isinstance(value, dict) or set(value) != {"providers"}:
            self.refuse("the file of providers has `providers`, nothing else.")
        providers = value["providers"]
        if not isinstance(providers, dict) or not 0 < len(providers) <= MAX_PROVIDERS:
            self.refuse(
                f"providers must be a map of names to 1 to {MAX_PROVIDERS} providers.", "providers"
            )
        entries = {name: self._entry(name, one) for name, one in providers.items()}
        for entry in entries.values():
            self._check_fallback(entry, entries)
        return entries

    def _parse(self) -> Any:
        try:
            if self._path.stat().st_size > MAX_BYTES:
                self.refuse(f"the file of providers has more than {MAX_BYTES:,} bytes.")
            text = self._path.read_text(encoding="utf-8")
        except OSError as error:
            problem = f"the file of providers cannot be read ({error.strerror})."
            raise TemplateError(problem, file=str(self._path)) from None
        except UnicodeDecodeError:
            problem = "the file of providers is not UTF-8 text."
            raise TemplateError(problem, file=str(self._path)) from None
        value, self._lines = read_yaml(text, file=str(self._path))
        return value

    def _entry(self, name: str, values: Any) -> ProviderEntry:
        where = f"providers.{name}"
        if not _NAME.fullmatch(name):
            problem = f"{where}: a name has 1 to 40 of a-z, 0-9, - and _, such as azure-eu."
            self.refuse(problem, "providers", name)
        if not isinstance(values, dict):
            self.refuse(f"{where} must be a map with `address`.", "providers", name)
        for key, value in values.items():
            self._check_key(name, key)
            is_valid, expected = _RULES[key]
            if not is_valid(value):
                self.refuse(f"{where}.{key} must be {expected}.", "providers", name, key)
        if "address" not in values:
            self.refuse(f"{where} lacks `address`, the URL of its API.", "providers", name)
        self._check_secrets(name, values)
        lists: dict[str, Any] = {
            key: tuple(one) if isinstance(one, list) else one for key, one in values.items()
        }
        entry = ProviderEntry(name, **lists)
        self.check_usable(entry, Settings())
        return entry

    def _check_key(self, name: str, key: str) -> None:
        if key in _RULES:
            return
        known = suggestion(key, _RULES) or f" A provider has {', '.join(_RULES)}."
        problem = f"providers.{name}.{key} is unknown.{known}"
        if key.lower().replace("-", "_") in {"key", "api_key", "apikey", "token", "secret"}:
            example = f"{name.upper().replace('-', '_')}_API_KEY"
            problem = f"providers.{name}.{key}: {_LITERAL_KEY.format(example=example)}"
        self.refuse(problem, "providers", name, key)

    def _check_secrets(self, name: str, values: Json) -> None:
        """Refuse secrets that are written in the file; they are not quoted."""
        for header in values.get("headers", ()):
            if _SECRET_HEADER.fullmatch(header):
                self.refuse(
                    f"providers.{name}.headers.{header}: the value of this header is a secret, "
                    "which is never written in this file. Set it as an environment variable, and "
                    f"name that: `headers_env: {{{header}: NAME_KEY}}`.",
                    *("providers", name, "headers", header),
                )
        if has_password(values["address"]):
            self.refuse(
                f"providers.{name}.address has a user name or a password, which is never written "
                "in this file. Use `key_env` or `headers_env`.",
                *("providers", name, "address"),
            )

    def check_usable(self, entry: ProviderEntry, settings: Settings) -> None:
        """Refuse an entry with which no call can be made."""
        try:
            check_settings(entry.settings(settings))
        except SettingsError as error:
            detail = named_settings(error.detail, entry)
            key = detail.partition(" ")[0].rpartition(".")[2]  # of `providers.name.key must be ...`
            self.refuse(detail, "providers", entry.name, key)

    def _check_fallback(self, entry: ProviderEntry, entries: Mapping[str, ProviderEntry]) -> None:
        for index, name in enumerate(entry.fallback):
            position = ("providers", entry.name, "fallback", index)
            if name == entry.name or name in entry.fallback[:index]:
                problem = f"providers.{entry.name}.fallback has {name} once too often."
                self.refuse(problem, *position)
            if name not in entries:
                others = [other for other in entries if other != entry.name]
                known = f" The others are {', '.join(others)}." if others else ""
                problem = f"providers.{entry.name}.fallback: there is no provider {name}."
                problem += suggestion(name, others) or known
                self.refuse(problem, *position)

    def refuse(self, problem: str, *path: str | int) -> NoReturn:
        """Raise ``TemplateError`` with the line of ``path``."""
        raise TemplateError(problem, file=str(self._path), line=self._lines.of(*path))


def named_settings(sentence: str, entry: ProviderEntry) -> str:
    """``sentence`` with the keys of ``entry`` in place of the settings of a single provider."""
    names = {
        "OPENAI_BASE_URL": "address",
        "OPENAI_CUSTOM_HEADERS": "headers",
        "FORMCALL_EXTRA_BODY": "extra_body",
        "FORMCALL_DIALECT": "dialect",
        "FORMCALL_PROFILE": "profile",
    }
    for variable, key in names.items():
        sentence = sentence.replace(variable, f"providers.{entry.name}.{key}")
    return sentence.replace("OPENAI_API_KEY", entry.key_env or f"providers.{entry.name}.key_env")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and value.isprintable()


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_NAMES and all(map(_is_text, value))


def _is_map(value: Any) -> bool:
    is_short = isinstance(value, dict) and len(value) <= MAX_NAMES
    return is_short and all(map(_is_text, (*value, *value.values())))


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and PROVIDER_SECRET.fullmatch(value) is not None


def _has_models(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and _is_map(value) and "*" not in "".join((*value, *value.values()))
    return bool(value) and _is_texts(value) and all(name.count("*") <= 1 for name in value)


def _has_prices(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MAX_NAMES
        and all(map(PRICE_RULE[0], value.values()))
    )


def _has_variables(value: Any) -> bool:
    return _is_map(value) and all(map(_is_variable, value.values()))


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "address": (_is_text, "the URL of its API, such as https://api.openai.com/v1"),
    "key_env": (_is_variable, _VARIABLE),
    "profile": (lambda value: value in PROFILES, " or ".join(PROFILES)),
    "dialect": (lambda value: value in DIALECTS, " or ".join(DIALECTS)),
    "headers": (_is_map, "a map of header names to texts"),
    "headers_env": (_has_variables, f"a map of header names; each value is {_VARIABLE}"),
    "extra_body": (is_extra_body, EXTRA_BODY_RULE),
    "models": (
        _has_models,
        "a list of names, each with at most one *, or a map of names to the provider's own names",
    ),
    "prices": (_has_prices, f"a map of model names to {PRICE_RULE[1]}"),
    "fallback": (_is_texts, "a list of names of other providers"),
}

if set(_RULES) != {entry.name for entry in fields(ProviderEntry)} - {"name"}:
    raise AssertionError("each key of a provider has a rule")
