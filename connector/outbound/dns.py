"""Looking names up in time: the system's own look-up has no time-out and cannot be stopped."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from connector.outbound.faults import OutboundError
from connector.outbound.limits import Limits
from connector.outbound.targets import Address, carried

Resolver = Callable[[str], Iterable[str]]

LOOKUPS_AT_ONCE = 64
# what a resolver says for good; all else (no server, a server's fault) may pass
_UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None), getattr(socket, "EAI_ADDRFAMILY", None)}


def look_up(name: str) -> list[str]:
    """The addresses that this machine's resolver has for ``name``. Raises ``socket.gaierror``; may take long."""
    return [str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


class Lookups:
    """Look-ups with a deadline, each in a thread that is left behind if it hangs; no more than LOOKUPS_AT_ONCE at once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._places = threading.BoundedSemaphore(LOOKUPS_AT_ONCE)

    def addresses(self, host: str, limits: Limits) -> tuple[Address, ...]:
        """Every address of ``host``, none if it is not known. Raises ``OutboundError``: timeout, or unreachable for now."""
        try:
            found = _literal(host) or self._in_time(host, limits)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise OutboundError("unreachable") from None
            found = []
        return tuple(dict.fromkeys(carried(ipaddress.ip_address(text)) for text in found))

    def _in_time(self, host: str, limits: Limits) -> Iterable[str]:
        answer: Future[Iterable[str]] = Future()
        if not self._places.acquire(timeout=limits.seconds()):
            raise OutboundError("timeout")
        try:
            threading.Thread(target=self._look, args=(host, answer), name="formcall-look-up", daemon=True).start()
        except RuntimeError:  # this process has no more threads
            self._places.release()
            raise OutboundError("unreachable") from None
        try:
            return answer.result(limits.seconds())
        except TimeoutError:
            raise OutboundError("timeout") from None

    def _look(self, host: str, answer: Future[Iterable[str]]) -> None:
        try:
            answer.set_result(self._resolver(host))
        except Exception as error:  # it belongs to the thread that waits
            answer.set_exception(error)
        finally:
            self._places.release()


def _literal(host: str) -> list[str]:
    """``host`` as an address if it is any way to write one (also 2130706433, 0x7f.1 and 127.1); needs no look-up."""
    try:
        return [str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][4][0])]
    except socket.gaierror:
        return []
