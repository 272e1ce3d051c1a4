"""Sandboxes for code that a model wrote: no files, no network, no secrets, limited time and memory.

``monty``  an interpreter for a part of Python, in worker processes (the extra ``python``). It
           offers no system calls.
``bwrap``  the whole of Python, on Linux: in namespaces of its own that contain nothing but a
           read-only /usr, under resource limits, without new processes or connections.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import platform
import select
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

SECONDS = 5.0
MEMORY = 64 * 1024 * 1024
OUTPUT = 7_500  # characters, so that what was printed fits into a tool's result
_WORKERS = 4
_RUNS_PER_WORKER = 200


@dataclass(frozen=True)
class SandboxResult:
    """What the code printed, and in one line why it failed, "" if it did not."""

    printed: str
    error: str = ""


@dataclass(frozen=True)
class Sandbox:
    """A way to run code.

    ``dialect``              tells a model what it may write
    ``missing_requirement``  a sentence that names what is missing on this host, "" if nothing is
    """

    run: Callable[[str, float], SandboxResult]
    dialect: str
    missing_requirement: Callable[[], str]


_TIMED_OUT = "the code took longer than {seconds:.3g} seconds"
_TOO_MUCH_OUTPUT = f"the code printed more than {OUTPUT:,} characters"
_STOPPED = "the code was stopped: it used more than it may"


# --- monty ----------------------------------------------------------------------------------------


class _WorkerPool:
    """The worker processes, started with the first code; a worker that is killed is replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process_id = 0
        self._workers: Any = None

    def workers(self) -> Any:
        """The workers of this process; a forked process gets its own."""
        from pydantic_monty import Monty

        with self._lock:
            if self._workers is None or self._process_id != os.getpid():
                monty = Monty(
                    max_processes=_WORKERS,
                    checkout_timeout=SECONDS,
                    request_timeout=SECONDS + 1,
                    max_checkouts_per_worker=_RUNS_PER_WORKER,
                )
                self._workers = monty.__enter__()
                self._process_id = os.getpid()
                atexit.register(self._shut_down, monty, self._process_id)
            return self._workers

    @staticmethod
    def _shut_down(workers: Any, process_id: int) -> None:
        if process_id == os.getpid():
            workers.__exit__(None, None, None)


_pool = _WorkerPool()


def _run_monty(code: str, seconds: float) -> SandboxResult:
    from pydantic_monty import CollectString, MontyCrashedError, MontyError

    seconds = min(seconds, SECONDS)
    printed = CollectString(OUTPUT)
    limits: Any = {
        "max_feed_duration_secs": seconds,
        "max_memory": MEMORY,
        "max_recursion_depth": 500,
        "max_suspensions": 100,
        "max_total_sleep_secs": 0.0,
    }
    try:
        with _pool.workers().checkout(limits=limits, os_policy={"sleep": "zero"}) as session:
            # the value of the last line would become an object of this process, so it is None:
            # only what is printed leaves the sandbox
            session.feed_run(f"{code}\nNone", print_callback=printed)
        return SandboxResult(printed.output)
    except MontyCrashedError as error:
        is_timed_out = getattr(error, "timed_out", False)
        reason = _TIMED_OUT.format(seconds=seconds) if is_timed_out else _STOPPED
        return SandboxResult(printed.output, reason)
    except MontyError as error:
        return SandboxResult(printed.output, _monty_error(error, seconds))
    except TimeoutError:
        return SandboxResult("", "too much code is being run at the moment")


def _monty_error(error: Any, seconds: float) -> str:
    kind = type(error.exception()).__name__
    message = str(error)
    if kind == "TimeoutError":
        return _TIMED_OUT.format(seconds=seconds)
    if kind == "MemoryError":
        return _TOO_MUCH_OUTPUT if "print" in message else _STOPPED
    if hasattr(error, "display"):
        return str(error.display("type-msg"))[:500]
    return f"{kind}: {message}"[:500]


def _missing_for_monty() -> str:
    if importlib.util.find_spec("pydantic_monty"):
        return ""
    return 'FORMCALL_PYTHON=monty needs the package pydantic-monty: pip install "formcall[python]".'


# --- bubblewrap -----------------------------------------------------------------------------------

# System calls that are refused: new processes and threads, connections, tracing, keys, mounts,
# namespaces, BPF, io_uring. By machine: its audit architecture, and the numbers of the calls.
_REFUSED_CALLS = {
    "x86_64": (
        0xC000003E,
        "41 53 56 57 58 101 155 161 165 166 248 249 250 272 298 308 310 311 321 323 425 426 427 "
        "435",
    ),
    "aarch64": (
        0xC00000B7,
        "39 40 41 51 97 117 198 199 217 218 219 220 241 268 270 271 280 282 425 426 427 435",
    ),
}
# what the kernel does with a call
_EPERM = 0x00050001
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_X32 = 0x40000000  # the bit of calls of the x32 interface
_ADDRESS_SPACE = 256 * 1024 * 1024
_SCRATCH_BYTES = 8 * 1024 * 1024
_SCRATCH_FOLDER = "/tmp"  # noqa: S108  the sandbox's own, in memory
_ISOLATION = (
    "--unshare-all --die-with-parent --new-session --clearenv --cap-drop ALL "
    "--uid 65534 --gid 65534 --hostname sandbox --ro-bind /usr /usr"
)
_FILE_SYSTEM = (
    f"--size {_SCRATCH_BYTES} --tmpfs {_SCRATCH_FOLDER} --chdir {_SCRATCH_FOLDER} --remount-ro /"
)
_LIMITS = (
    f"prlimit --as={_ADDRESS_SPACE} --cpu={int(SECONDS) + 1} --fsize={_SCRATCH_BYTES} "
    "--nofile=64 --core=0"
)


@cache
def _seccomp_filter() -> bytes:
    """A BPF program that refuses those calls; a call for another machine ends the process."""
    machine, refused = _REFUSED_CALLS[platform.machine()]
    calls = [int(number) for number in refused.split()]
    program = [
        (0x20, 0, 0, 4),
        (0x15, 1, 0, machine),
        (0x06, 0, 0, _KILL),
        (0x20, 0, 0, 0),
        (0x35, 0, 1, _X32),
        (0x06, 0, 0, _KILL),
    ]
    program += [(0x15, len(calls) - index, 0, call) for index, call in enumerate(calls)]
    program += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _EPERM)]
    return b"".join(struct.pack("HBBI", *line) for line in program)


def _command(filter_file: int) -> list[str]:
    """The bubblewrap command that runs Python on the code in its standard input."""
    command = ["bwrap", *_ISOLATION.split()]
    if not sys.base_prefix.startswith("/usr"):
        command += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    for name in ("lib", "lib64", "bin"):
        if os.path.islink(f"/{name}"):
            command += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in ("null", "zero", "urandom"):
        command += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    command += [*_FILE_SYSTEM.split(), "--seccomp", str(filter_file)]
    return [*command, *_LIMITS.split(), os.path.realpath(sys.executable), "-I", "-"]


def _run_bwrap(code: str, seconds: float) -> SandboxResult:
    seconds = min(seconds, SECONDS)
    read_end, write_end = os.pipe()
    os.write(write_end, _seccomp_filter())
    os.close(write_end)
    try:
        process = subprocess.Popen(  # noqa: S603  the command is ours, the code goes to its standard input
            _command(read_end),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(read_end,),
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
    finally:
        os.close(read_end)
    with process:
        try:
            return _communicate(process, code, seconds)
        finally:
            _kill(process)


def _communicate(process: subprocess.Popen[bytes], code: str, seconds: float) -> SandboxResult:
    """Send the code and read what it prints, until it ends or a limit is reached."""
    deadline = time.monotonic() + seconds
    assert process.stdin is not None and process.stdout is not None  # noqa: S101,PT018  they are pipes
    encoded = code.encode("utf-8", "replace")
    threading.Thread(target=_feed, args=(process.stdin, encoded), daemon=True).start()
    printed = bytearray()
    output = select.poll()  # not `select`, which takes no file descriptor above 1,023
    output.register(process.stdout, select.POLLIN)
    while len(printed) <= 4 * OUTPUT:  # a character has at most 4 bytes
        remaining = max(0.0, deadline - time.monotonic())
        if not output.poll(remaining * 1_000):
            return SandboxResult(_text(printed), _TIMED_OUT.format(seconds=seconds))
        chunk = os.read(process.stdout.fileno(), 65_536)
        if not chunk:
            break
        printed += chunk
    text = _text(printed)
    if len(text) > OUTPUT:
        return SandboxResult(text[:OUTPUT], _TOO_MUCH_OUTPUT)
    try:
        exit_code = process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return SandboxResult(text, _TIMED_OUT.format(seconds=seconds))
    return SandboxResult(text) if exit_code == 0 else _failure(text)


def _feed(pipe: Any, code: bytes) -> None:
    try:
        pipe.write(code)
        pipe.close()
    except OSError:
        pass  # the process ended before it had read everything


def _text(printed: bytearray) -> str:
    return printed.decode("utf-8", "replace")


def _failure(text: str) -> SandboxResult:
    """The error is the last line of a traceback, which is printed last."""
    before, traceback, after = text.rpartition("Traceback (most recent call last):")
    printed = before if traceback else text
    last_line = (after if traceback else text).rstrip().rpartition("\n")[2]
    return SandboxResult(printed, last_line[:500] or _STOPPED)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@cache
def _missing_for_bwrap() -> str:
    for program in ("bwrap", "prlimit"):
        if not shutil.which(program):
            return (
                f"FORMCALL_PYTHON=bwrap needs {program}, on Linux; install bubblewrap and "
                "util-linux."
            )
    if platform.machine() not in _REFUSED_CALLS:
        return f"FORMCALL_PYTHON=bwrap is not available for {platform.machine()}; use monty."
    if "ok" not in _run_bwrap("print('ok')", SECONDS).printed:
        return (
            "FORMCALL_PYTHON=bwrap does not work here: this system does not allow namespaces "
            "to this user."
        )
    return ""


SANDBOXES: dict[str, Sandbox] = {
    "monty": Sandbox(
        _run_monty,
        "Functions, comprehensions, plain classes and dataclasses; import json, re, math, "
        "datetime, decimal, collections, itertools, "
        "functools, random. No class inheritance, no yield, no other imports.",
        _missing_for_monty,
    ),
    "bwrap": Sandbox(
        _run_bwrap,
        "Python with its standard library; no processes, threads or files but /tmp.",
        _missing_for_bwrap,
    ),
}
