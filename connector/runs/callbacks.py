"""Checks of the URLs to which a caller wants messages sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.catalogue.options import OPTIONS
from connector.errors import FieldError, FormcallError
from connector.outbound import Outbound, OutboundError, Refused


def check_address(
    outbound: Outbound, url: str, *, field: str, label: str = "", seconds: float = 3.0
) -> None:
    """``FormcallError`` (address_refused) with the field when messages may not be sent to ``url``.

    A name that cannot be resolved at the moment is not refused: it is checked again for each
    connection.
    """
    try:
        outbound.check(url, seconds=seconds)
    except Refused as refused:
        detail = f'"{label or field}" cannot be used. {refused.detail}'
        error = FieldError(field, "address_refused", detail)
        raise FormcallError("address_refused", detail, errors=[error]) from None
    except OutboundError:
        pass


def check_callback(outbound: Outbound, values: Mapping[str, Any]) -> None:
    """``check_address`` for the callback URL among a form's values, where there is one."""
    if url := values.get("callback_url"):
        check_address(outbound, str(url), field="callback_url", label=OPTIONS["callback_url"].label)
