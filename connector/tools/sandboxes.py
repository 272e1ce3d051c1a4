"""Where code that a model wrote is run: never in this process, with no way to files, network, secrets or time without end.

``monty``  an interpreter of its own for a part of Python, in worker processes (the extra ``python``); it has no system calls to offer.
``bwrap``  the whole of Python, on Linux: in its own namespaces with nothing but /usr to read, under limits, and without a way to make
           another process or a connection.
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
OUTPUT = 7_500  # characters, so that what was printed is told and kept whole
_WORKERS = 4
_RUNS_OF_WORKER = 200


@dataclass(frozen=True)
class Ran:
    """What became of a piece of code: what it printed, and in a line why it did not end well, "" if it did."""

    printed: str
    failed: str = ""


@dataclass(frozen=True)
class Sandbox:
    """A way to run code. ``dialect`` tells a model what it may write; ``lacks`` says in a sentence what is missing here, "" if nothing."""

    run: Callable[[str, float], Ran]
    dialect: str
    lacks: Callable[[], str]


_TIMED_OUT = "the code took longer than {seconds:.3g} seconds"
_TOO_MUCH = f"the code printed more than {OUTPUT:,} characters"
_CRASHED = "the code was stopped: it used more than it may"


# --- monty -------------------------------------------------------------------------------------------------------------


class _Pool:
    """The worker processes, started when code first comes; a worker that is killed is replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = 0
        self._workers: Any = None

    def workers(self) -> Any:
        from pydantic_monty import Monty

        with self._lock:
            if self._workers is None or self._process != os.getpid():
                made = Monty(
                    max_processes=_WORKERS,
                    checkout_timeout=SECONDS,
                    request_timeout=SECONDS + 1,
                    max_checkouts_per_worker=_RUNS_OF_WORKER,
                )
                self._workers, self._process = made.__enter__(), os.getpid()
                atexit.register(self._end, made, self._process)
            return self._workers

    @staticmethod
    def _end(workers: Any, process: int) -> None:
        if process == os.getpid():
            workers.__exit__(None, None, None)


_pool = _Pool()


def _run_monty(code: str, seconds: float) -> Ran:
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
            # what the last line comes to would be made an object of this process; only what is printed comes out
            session.feed_run(f"{code}\nNone", print_callback=printed)
        return Ran(printed.output)
    except MontyCrashedError as error:
        return Ran(printed.output, _TIMED_OUT.format(seconds=seconds) if getattr(error, "timed_out", False) else _CRASHED)
    except MontyError as error:
        return Ran(printed.output, _said(error, seconds))
    except TimeoutError:
        return Ran("", "too much code is being run at the moment")


def _said(error: Any, seconds: float) -> str:
    kind, words = type(error.exception()).__name__, str(error)
    if kind == "TimeoutError":
        return _TIMED_OUT.format(seconds=seconds)
    if kind == "MemoryError":
        return _TOO_MUCH if "print" in words else _CRASHED
    return (error.display("type-msg") if hasattr(error, "display") else f"{kind}: {words}")[:500]


# --- bubblewrap --------------------------------------------------------------------------------------------------------

# system calls that are refused, by machine: making processes and threads, connections, tracing, keys, mounts, namespaces, BPF, io_uring
_REFUSED = {
    "x86_64": (
        0xC000003E,
        (41, 53, 56, 57, 58, 101, 155, 161, 165, 166, 248, 249, 250, 272, 298, 308, 310, 311, 321, 323, 425, 426, 427, 435),
    ),
    "aarch64": (
        0xC00000B7,
        (39, 40, 41, 51, 97, 117, 198, 199, 217, 218, 219, 220, 241, 268, 270, 271, 280, 282, 425, 426, 427, 435),
    ),
}
_EPERM, _ALLOW, _KILL = 0x00050001, 0x7FFF0000, 0x80000000
_X32 = 0x40000000
_ADDRESS_SPACE = 256 * 1024 * 1024
_SCRATCH, _SCRATCH_FOLDER = 8 * 1024 * 1024, "/tmp"  # noqa: S108  the sandbox's own, in memory


@cache
def _filter() -> bytes:
    """A program for the kernel that refuses those calls; another machine's calls end the process."""
    machine, refused = _REFUSED[platform.machine()]
    program = [(0x20, 0, 0, 4), (0x15, 1, 0, machine), (0x06, 0, 0, _KILL), (0x20, 0, 0, 0), (0x35, 0, 1, _X32), (0x06, 0, 0, _KILL)]
    program += [(0x15, len(refused) - number, 0, call) for number, call in enumerate(refused)]
    program += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _EPERM)]
    return b"".join(struct.pack("HBBI", *line) for line in program)


def _command(filter_file: int) -> list[str]:
    python = os.path.realpath(sys.executable)
    prefix = [] if sys.base_prefix.startswith("/usr") else ["--ro-bind", sys.base_prefix, sys.base_prefix]
    links = [part for name in ("lib", "lib64", "bin") if os.path.islink(f"/{name}") for part in ("--symlink", f"usr/{name}", f"/{name}")]
    devices = [part for name in ("null", "zero", "urandom") for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    return [
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL", "--uid", "65534",
        "--gid", "65534", "--hostname", "sandbox", "--ro-bind", "/usr", "/usr", *prefix, *links, *devices,
        "--size", str(_SCRATCH), "--tmpfs", _SCRATCH_FOLDER, "--chdir", _SCRATCH_FOLDER, "--remount-ro", "/", "--seccomp", str(filter_file),
        "prlimit", f"--as={_ADDRESS_SPACE}", f"--cpu={int(SECONDS) + 1}", f"--fsize={_SCRATCH}", "--nofile=64", "--core=0",
        python, "-I", "-",
    ]  # fmt: skip


def _run_bwrap(code: str, seconds: float) -> Ran:
    seconds = min(seconds, SECONDS)
    reads, writes = os.pipe()
    os.write(writes, _filter())
    os.close(writes)
    try:
        process = subprocess.Popen(  # noqa: S603  the command is ours, the code goes to its standard input
            _command(reads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(reads,),
            start_new_session=True, env={"PATH": os.environ.get("PATH", os.defpath)},
        )  # fmt: skip
    finally:
        os.close(reads)
    with process:
        try:
            return _watched(process, code, seconds)
        finally:
            _kill(process)


def _watched(process: subprocess.Popen[bytes], code: str, seconds: float) -> Ran:
    until = time.monotonic() + seconds
    assert process.stdin is not None and process.stdout is not None  # noqa: S101,PT018  they are pipes
    feed = threading.Thread(target=_feed, args=(process.stdin, code.encode("utf-8", "replace")), daemon=True)
    feed.start()
    printed = bytearray()
    while len(printed) <= 4 * OUTPUT:
        if not select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
            return Ran(_text(printed), _TIMED_OUT.format(seconds=seconds))
        if not (piece := os.read(process.stdout.fileno(), 65_536)):
            break
        printed += piece
    text = _text(printed)
    if len(text) > OUTPUT:
        return Ran(text[:OUTPUT], _TOO_MUCH)
    try:
        code_of_end = process.wait(max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return Ran(text, _TIMED_OUT.format(seconds=seconds))
    return Ran(text) if code_of_end == 0 else _failed(text)


def _feed(pipe: Any, code: bytes) -> None:
    try:
        pipe.write(code)
        pipe.close()
    except OSError:
        pass  # it ended before it had read everything


def _text(printed: bytearray) -> str:
    return printed.decode("utf-8", "replace")


def _failed(text: str) -> Ran:
    """A traceback is the last that was printed; its last line says what was wrong."""
    before, mark, after = text.rpartition("Traceback (most recent call last):")
    last = (after if mark else text).rstrip().rpartition("\n")[2]
    return Ran(before if mark else text, last[:500] or _CRASHED)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


# --- both --------------------------------------------------------------------------------------------------------------


def _lacks_monty() -> str:
    found = importlib.util.find_spec("pydantic_monty")
    return "" if found else 'FORMCALL_PYTHON=monty needs the package pydantic-monty: pip install "formcall[python]".'


@cache
def _lacks_bwrap() -> str:
    if missing := [name for name in ("bwrap", "prlimit") if not shutil.which(name)]:
        return f"FORMCALL_PYTHON=bwrap needs {missing[0]}, on Linux; install bubblewrap and util-linux."
    if platform.machine() not in _REFUSED:
        return f"FORMCALL_PYTHON=bwrap is not there for {platform.machine()}; use monty."
    if "ok" not in _run_bwrap("print('ok')", SECONDS).printed:
        return "FORMCALL_PYTHON=bwrap does not work here: this system does not allow namespaces to this user."
    return ""


SANDBOXES: dict[str, Sandbox] = {
    "monty": Sandbox(
        _run_monty,
        "Functions, comprehensions, plain classes and dataclasses; import json, re, math, datetime, decimal, collections, itertools, "
        "functools, random. No class inheritance, no yield, no other imports.",
        _lacks_monty,
    ),
    "bwrap": Sandbox(_run_bwrap, "Python with its standard library; no processes, threads or files but /tmp.", _lacks_bwrap),
}
