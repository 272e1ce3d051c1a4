"""Code written by a model can neither leave its sandbox nor exhaust it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector.engine.engine import Engine
from connector.errors import InvalidInput, SettingsError
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from connector.tools import ToolContext, ToolError, build_toolbox
from connector.tools.sandboxes import OUTPUT, SANDBOXES
from tests.support.guards import hang_guard
from tests.unit.test_tool_loop import CATALOGUE, Says, calls, final

# the content of a file, of a variable and of a page that only code outside the sandbox can read
MARK = "reached-the-host"
# the embedded sandbox is a package and must be there; bubblewrap is a program of the system, which
# not every machine has, but CI has
NO_BWRAP = not os.environ.get("CI") and (
    not shutil.which("bwrap") or bool(SANDBOXES["bwrap"].missing_requirement())
)
KINDS = [
    "monty",
    pytest.param(
        "bwrap",
        marks=pytest.mark.skipif(
            NO_BWRAP, reason="bubblewrap is not installed, or may not be used here"
        ),
    ),
]
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
OPENS = "().__class__.__base__.__subclasses__()"

# Each tries to reach something of the host, prints what it got, and does no harm where a sandbox
# fails. {file} contains the mark, {folder} is writable outside, {port} is a local server, {pid} is
# the service.
ESCAPES = {
    "read a file": "print(open({file!r}).read())",
    "read a file by pathlib": "from pathlib import Path\nprint(Path({file!r}).read_text())",
    "read a file by os": "import os\nprint(os.read(os.open({file!r}, os.O_RDONLY), 100))",
    "read a file by io": "import io\nprint(io.open({file!r}).read())",
    "read a file by a relative path": "print(open('../../../../../../../..' + {file!r}).read())",
    "read a file by a link": (
        "import os\nos.symlink({file!r}, '/tmp/link')\nprint(open('/tmp/link').read())"
    ),
    "read the password file": "print(open('/etc/passwd').read())",
    "read the secrets of the service": "print(open('/proc/{pid}/environ').read())",
    "read its own environment": "print(open('/proc/self/environ').read())",
    "read the memory of the service": "print(open('/proc/{pid}/mem', 'rb').read(10))",
    "list the root": "import os\nprint(os.listdir('/'), os.listdir('/etc'))",
    "list the home": (
        "import glob\n"
        "print(glob.glob('/home/*') + glob.glob('/root/*.*') + "
        "['nothing'])\nprint(open({file!r}).read())"
    ),
    "write a file": "open({folder!r} + '/escaped', 'w').write('x')",
    "write by pathlib": "from pathlib import Path\nPath({folder!r}, 'escaped').write_text('x')",
    "make a folder": "import os\nos.makedirs({folder!r} + '/escaped')",
    "delete a file": "import os\nos.remove({file!r})",
    "the environment": "import os\nprint(dict(os.environ))",
    "a variable": "import os\nprint(os.getenv('FORMCALL_SANDBOX_TEST'))",
    "a shell": "import os\nos.system('cat ' + {file!r})",
    "a shell by popen": "import os\nprint(os.popen('cat ' + {file!r}).read())",
    "a subprocess": (
        "import subprocess\nprint(subprocess.run(['cat', {file!r}], capture_output=True).stdout)"
    ),
    "another program in its place": "import os\nos.execv('/bin/cat', ['cat', {file!r}])",
    "a fork": "import os\nprint('forked', os.fork())",
    "a process pool": (
        "import multiprocessing\n"
        "print(multiprocessing.Pool(2).map(abs, [1]))\n"
        "print(open({file!r}).read())"
    ),
    "a socket": (
        "import socket\n"
        "s = socket.create_connection(('127.0.0.1', {port}), 2)\n"
        "s.sendall(b'x')\nprint(s.recv(100))"
    ),
    "a page": (
        "import urllib.request\n"
        "print(urllib.request.urlopen('http://127.0.0.1:{port}/', "
        "timeout=2).read())"
    ),
    "a page by http.client": (
        "import http.client\n"
        "c = http.client.HTTPConnection('127.0.0.1', {port}, "
        "timeout=2)\nc.request('GET', '/')\n"
        "print(c.getresponse().read())"
    ),
    "a name looked up": (
        "import socket\n"
        "print('found', socket.gethostbyname('localhost'), "
        "socket.getaddrinfo('localhost', 80))"
    ),
    "a socket of the system": (
        "import socket\ns = socket.socket(socket.AF_UNIX)\n"
        "s.connect('/var/run/docker.sock')\nprint({mark!r})"
    ),
    "C": (
        "import ctypes\nctypes.CDLL(None).system(b'cat ' + {file!r}.encode())\n"
        "print(ctypes.CDLL(None).getppid())\nopen({file!r})"
    ),
    "a pickle that runs": (
        'import pickle\npickle.loads(b"cos\\nsystem\\n(S\'cat " + {file!r}.encode() + b"\'\\ntR.")'
    ),
    "a signal to the service": "import os\nos.kill({pid}, 0)\nprint({mark!r})",
    "a signal to everything": "import os\nos.kill(-1, 0)\nprint({mark!r})",
    "root": "import os\nos.setuid(0)\nprint(open({file!r}).read())",
    "another root folder": "import os\nos.chroot('/usr')\nprint(open({file!r}).read())",
    "a mount": (
        "import ctypes, os\nc = ctypes.CDLL(None)\n"
        "os.makedirs('/tmp/empty', exist_ok=True)\n"
        "if c.mount(b'none', b'/tmp/empty', b'tmpfs', 0, None) == 0:\n"
        "    c.umount(b'/tmp/empty')\n    print({mark!r})"
    ),
    "a new namespace": (
        "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\nprint(open({file!r}).read())"
    ),
    "the classes of everything": (
        f"for c in {OPENS}:\n"
        f"    if 'os' in c.__name__ and 'wrap' in "
        f"c.__name__:\n"
        f"        "
        f"print(c.__init__.__globals__['system']('cat ' + "
        f"{{file!r}}))"
    ),
    "globals of a function": (
        "def f(): pass\nprint(f.__globals__['__builtins__'].open({file!r}).read())"
    ),
    "the import function": "print(__import__('os').popen('cat ' + {file!r}).read())",
    "the frames above": (
        "import sys\nframe = sys._getframe()\n"
        "while frame.f_back: frame = frame.f_back\n"
        "print(frame.f_globals['os'].popen('cat ' + {file!r}).read())"
    ),
    "a frame of a traceback": (
        "try:\n    1 / 0\nexcept Exception as e:\n"
        "    "
        "print(e.__traceback__.tb_frame.f_builtins['open']({file!r}).read())"
    ),
    "eval and exec": 'exec("print(open(" + repr({file!r}) + ").read())")',
    "a format string": (
        "class A: pass\n"
        "print('{{0.__class__.__init__.__globals__}}'.format(A()), "
        "open({file!r}).read())"
    ),
    "a breakpoint": "breakpoint()\nprint(open({file!r}).read())",
    "input from the service": "print(input())\nprint(open({file!r}).read())",
    "a descriptor that was left open": (
        "import os\nfor n in range(3, 64):\n"
        "    try: print(n, os.read(n, 50))\n"
        "    except OSError: pass\n"
        "print(open({file!r}).read())"
    ),
}
# each would use up the machine; {file} is there as well
EXHAUSTIONS = {
    "a loop without end": "while True: pass",
    "sleep": "import time\ntime.sleep(60)\nprint('slept')\nwhile True: pass",
    "a large list": "x = [0] * 10 ** 9\nprint(len(x))",
    "a text that doubles": "x = 'x'\nwhile True: x += x",
    "many texts": "x = []\nwhile True: x.append('x' * 1_000_000)",
    "a large power": "print(9 ** 9 ** 9)",
    "a number that squares": "x = 10 ** 5000\nfor _ in range(100): x *= x\nprint(1)",
    "a wide format": "print(f'{1:1000000000}')",
    "a deep recursion": "def f(n): return f(n + 1) + 1\nprint(f(0))",
    "deep brackets": "print(" + "(" * 5000 + "1" + ")" * 5000 + ")",
    "a regular expression": (
        "import re\nprint(re.match(r'(a+)+$', 'a' * 40 + 'b'))\nwhile True: pass"
    ),
    "a flood of output": "while True: print('x' * 1000)",
    "one long line": "print('x' * 50_000_000)",
    "a flood of errors": "import sys\nwhile True: sys.stderr.write('x' * 1000)",
    "a fork bomb": "import os\nwhile True: os.fork()",
    "threads without end": (
        "import threading\nwhile True: threading.Thread(target=lambda: [0] * 10 ** 7).start()"
    ),
    "a large file": "f = open('/tmp/large', 'wb')\nwhile True: f.write(b'x' * 1_000_000)",
    "many files": (
        "n = 0\nwhile True:\n    open('/tmp/' + str(n), 'wb').write(b'x' * 100_000)\n    n += 1"
    ),
    "many open files": "x = []\nwhile True: x.append(open('/dev/null'))",
    "a generator that fills memory": "print(sum([i for i in range(10 ** 12)]))",
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """What there is to reach: a file, a folder, a server, a variable and this process."""
    folder = tmp_path_factory.mktemp("host")
    file = folder / "secret.txt"
    file.write_text(MARK)
    os.environ["FORMCALL_SANDBOX_TEST"] = MARK
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield {
            "file": str(file),
            "folder": str(folder),
            "port": server.getsockname()[1],
            "pid": os.getpid(),
            "mark": MARK,
        }
    del os.environ["FORMCALL_SANDBOX_TEST"]


def serve(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(MARK)}\r\n\r\n{MARK}".encode())


def works(kind: str) -> bool:
    return SANDBOXES[kind].run("print(sum(range(101)))", 5).printed == "5050\n"


@pytest.mark.attack(
    "Python of a model reads files, secrets or the network of the host",
    "nothing outside of the sandbox is reached",
)
@EACH_KIND
def test_ways_out(kind: str, host: dict[str, object]) -> None:
    """No attempt reaches the host's files, network, processes or secrets; the next code runs."""
    reached = {}
    before = sorted(os.listdir(str(host["folder"])))
    for name, code in ESCAPES.items():
        ran = SANDBOXES[kind].run(code.format(**host), 5)
        if MARK in ran.printed + ran.error or "forked" in ran.printed or "root:" in ran.printed:
            reached[name] = ran
    assert not reached
    assert sorted(os.listdir(str(host["folder"]))) == before
    assert Path(str(host["file"])).read_text() == MARK
    assert works(kind)


@pytest.mark.attack(
    "Python of a model that never ends, or takes all memory",
    "stopped by its limits; the service goes on",
)
@EACH_KIND
def test_nothing_is_used_up(kind: str) -> None:
    """Code that runs for ever or fills the memory is ended; other code runs meanwhile."""
    with hang_guard():
        with ThreadPoolExecutor(4) as pool:
            ran = dict(
                zip(
                    EXHAUSTIONS,
                    pool.map(lambda code: SANDBOXES[kind].run(code, 2.0), EXHAUSTIONS.values()),
                    strict=True,
                )
            )
        assert {name: one for name, one in ran.items() if not one.error} == {}
        assert all(len(one.printed) <= OUTPUT and len(one.error) <= 600 for one in ran.values())
    assert works(kind)


def test_there_are_enough_of_them() -> None:
    """The attempts are many, and of many kinds."""
    assert len(ESCAPES) + len(EXHAUSTIONS) >= 40


@EACH_KIND
def test_two_pieces_of_code_share_nothing(kind: str) -> None:
    """What one piece of code has left, the next does not find."""
    SANDBOXES[kind].run("secret = 'kept'\nimport json\njson.kept = 1", 5)
    ran = SANDBOXES[kind].run("print(secret)", 5)
    assert "NameError" in ran.error


@EACH_KIND
def test_beside_thousands_of_connections(kind: str) -> None:
    """Code runs as well in a service that has more files open than a `select` can wait for."""
    with ExitStack() as stack:
        for _ in range(1_100):
            stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        assert works(kind)


@EACH_KIND
def test_code_and_output_are_in_the_trace(kind: str) -> None:
    """The trace holds the code and its exact output; the value is the last line of the output."""
    code = (
        "rows = [3, 4, 5]\nprint('squares', [n * n for n in rows])\nprint(sum(n * n for n in rows))"
    )
    settings = Settings(python=kind)
    says = Says(calls(("python", {"code": code})), final(answer="The sum is 50.", value="50"))
    outcome = Engine(CATALOGUE, says, load_models(), settings, build_toolbox(settings)).run(
        "answer_with_tools", {"question": "What is 3² + 4² + 5²?", "tools": "python"}
    )
    (step,) = outcome.values["trace"]
    assert json.loads(step["input"]) == {"code": code}
    assert (step["output"], step["ok"]) == ("squares [9, 16, 25]\n50\n", True)
    assert (outcome.values["value"], outcome.warnings) == ("50", ())


@EACH_KIND
def test_code_that_is_wrong(kind: str) -> None:
    """The model hears what is wrong with its code, and what was printed before that."""
    tool = build_toolbox(Settings(python=kind))["python"]
    for code, words in {
        "print('first')\n1 / 0": (
            "ZeroDivisionError: division by zero; before that it printed: first"
        ),
        "print('open": "SyntaxError",
        "x = 1": "nothing was printed; print() the result",
        "x" * 20_001: "longer than 20,000",
    }.items():
        with pytest.raises(ToolError, match=words.replace("(", r"\(").replace(")", r"\)")):
            tool.call({"code": code}, ToolContext({}))


def test_off_unless_switched_on() -> None:
    """Without the setting there is no such tool, and a form that names it is refused."""
    settings = Settings()
    engine = Engine(CATALOGUE, Says(final()), load_models(), settings, build_toolbox(settings))
    with pytest.raises(InvalidInput, match=r"Python \(python\) is not switched on in this service"):
        engine.run("answer_with_tools", {"question": "Why?", "tools": "python"})


def test_a_sandbox_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is to run code and cannot does not start, and says what to install."""
    monkeypatch.setattr("connector.tools.sandboxes.importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"formcall\[python\]"):
        build_toolbox(Settings(python="monty"))
