"""Name resolution with a deadline: the system's resolver has no time-out and cannot be stopped."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from connector.outbound.errors import OutboundError
from connector.outbound.limits import ExchangeLimits
from connector.outbound.targets import IPAddress, unmapped

Resolver = Callable[[str], Iterable[str]]

MAX_CONCURRENT_LOOKUPS = 64
# the resolver's permanent answers; any other error (no server, a server's failure) may pass
_UNKNOWN = {
    socket.EAI_NONAME,
    getattr(socket, "EAI_NODATA", None),
    getattr(socket, "EAI_ADDRFAMILY", None),
}


def system_resolver(name: str) -> list[str]:
    """The IP addresses of ``name``. Raises ``socket.gaierror``; may take long."""
    return [str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


class BoundedResolver:
    """Resolves names within a deadline, MAX_CONCURRENT_LOOKUPS at a time.

    Each look-up runs in a thread of its own, which is left behind if it hangs.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT_LOOKUPS)

    def resolve(self, host: str, limits: ExchangeLimits) -> tuple[IPAddress, ...]:
        """Every IP address of ``host``, none if it is unknown.

        Raises ``OutboundError``: timeout, or unreachable when the resolver fails for now.
        """
        try:
            addresses = _parse_numeric(host) or self._within(limits, host)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise OutboundError("unreachable") from None
            addresses = []
        return tuple(dict.fromkeys(unmapped(ipaddress.ip_address(text)) for text in addresses))

    def _within(self, limits: ExchangeLimits, host: str) -> Iterable[str]:
        result: Future[Iterable[str]] = Future()
        if not self._slots.acquire(timeout=limits.seconds()):
            raise OutboundError("timeout")
        try:
            threading.Thread(
                target=self._look_up, args=(host, result), name="formcall-look-up", daemon=True
            ).start()
        except RuntimeError:  # the process cannot start another thread
            self._slots.release()
            raise OutboundError("unreachable") from None
        try:
            return result.result(limits.seconds())
        except TimeoutError:
            raise OutboundError("timeout") from None

    def _look_up(self, host: str, result: Future[Iterable[str]]) -> None:
        try:
            result.set_result(self._resolver(host))
        except Exception as error:  # raised in the waiting thread
            result.set_exception(error)
        finally:
            self._slots.release()


def _parse_numeric(host: str) -> list[str]:
    """``host`` as an IP address in any notation (also 2130706433, 0x7f.1 and 127.1), or nothing."""
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return []
    return [str(infos[0][4][0])]
