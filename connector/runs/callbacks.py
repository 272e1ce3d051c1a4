"""Addresses that a caller wants to be told at: whether they may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.catalogue.options import OPTIONS
from connector.errors import FieldError, FormcallError
from connector.outbound import Outbound, OutboundError, Refused


def check_address(outbound: Outbound, url: str, *, field: str, label: str = "", seconds: float = 3.0) -> None:
    """``FormcallError`` (address_refused) that names the field when messages may not be sent to ``url``.

    It is checked again for each connection, so a name that cannot be looked up at this moment is no reason to refuse it.
    """
    try:
        outbound.check(url, seconds=seconds)
    except Refused as refused:
        words = f'"{label or field}" cannot be used. {refused.detail}'
        raise FormcallError("address_refused", words, errors=[FieldError(field, "address_refused", words)]) from None
    except OutboundError:
        pass


def check_callback(outbound: Outbound, values: Mapping[str, Any]) -> None:
    """The same for the callback address among a form's values, if there is one."""
    if url := values.get("callback_url"):
        check_address(outbound, str(url), field="callback_url", label=OPTIONS["callback_url"].label)
