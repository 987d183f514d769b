from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import cv2
import psutil
import pytest
from blind import NULL
from hypothesis import settings as hypothesis_settings
from PIL import Image, ImageDraw

from serialscan import telemetry  # noqa: F401 - before a test imports onnxruntime, to turn that off
from serialscan.batch.inprocess import InProcess
from serialscan.batch.worker import Job
from serialscan.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from serialscan.reading.networks import Networks
    from serialscan.record import PhotoRecord

REPOSITORY = Path(__file__).resolve().parents[1]
BLIND = str(Path(__file__).resolve().with_name("blind.py"))

if "PYTEST_XDIST_WORKER" in os.environ:  # several share the cores: threads of each only get in the way
    cv2.setNumThreads(1)
    os.environ["OMP_NUM_THREADS"] = "1"

# A busy machine makes any example slow: what is too slow is told by `processor_seconds`.
hypothesis_settings.register_profile("serialscan", deadline=None, max_examples=50)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis_settings.load_profile("serialscan")


def small_photo(path: Path, text: str = "W123456") -> Path:
    """A picture of one line of text that the networks read quickly."""
    picture = Image.new("RGB", (240, 80), (150, 150, 155))
    ImageDraw.Draw(picture).text((20, 20), text, fill=(20, 20, 20), font_size=36)
    picture.save(path, {".jpg": "JPEG"}.get(path.suffix.lower()))
    return path


def processor_seconds(work: Callable[[], Any]) -> float:
    """Processor time of a piece of work, the least of three, however busy the machine is.

    For comparisons with the time of other work only: machines differ.
    """
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return max(best, 1e-4)  # the clock of some systems has steps


def assert_linear(work: Callable[[str], Any], piece: str, length: int) -> None:
    """Eight times the text takes about eight times the work; 64 times would be quadratic."""
    short, long = ((piece * length)[:length], (piece * length * 8)[: length * 8])
    assert processor_seconds(lambda: work(long)) < 24 * processor_seconds(lambda: work(short))


def blind(settings: Settings = NULL) -> InProcess:
    """An executor in this process that opens photos and reads nothing on them."""
    assert settings.engine == "null"
    return InProcess(Job(settings))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once: that of the system, or Playwright's own (``playwright install chromium``)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        program = next(filter(None, map(shutil.which, names)), playwright.chromium.executable_path)
        if not Path(program).exists():
            pytest.skip("Chromium is not installed")
        # A container has no user namespaces for Chromium's own sandbox.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def networks() -> Networks:
    """The engine that reads, loaded once; with one thread, so that every run gives the same."""
    from serialscan.reading.networks import Networks

    return Networks(threads=1)


@pytest.fixture(scope="session")
def read_sample(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], PhotoRecord]:
    """The record of a sample, read by the networks alone: once, for all tests and processes.

    ``SAMPLES_READ`` names a file of records that were made just before, so that none is read here.
    """
    from serialscan.reading import Reader
    from serialscan.record import photo_records
    from serialscan.scan import scan_photo
    from serialscan.tool import settings_digest

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each has a folder of its own there
        shared = shared.parent
    settings = Settings(reader="network")
    before = {}
    if "SAMPLES_READ" in os.environ:
        records = photo_records(Path(os.environ["SAMPLES_READ"]))
        before = {Path(record.source.path).name: record for _, record in records}
        assert {record.tool.settings_digest for record in before.values()} == {settings_digest(settings)}

    def read(name: str) -> PhotoRecord:
        if name in before:
            return before[name]
        kept = shared / f"{name}.pickle"
        if not kept.exists():
            reader = Reader(settings, engine=request.getfixturevalue("networks"))
            record = scan_photo(REPOSITORY / "samples" / name, reader, settings)
            own = tmp_path_factory.mktemp("read") / kept.name
            own.write_bytes(pickle.dumps(record))
            own.replace(kept)  # whole or not there, if two read it at a time
        loaded: PhotoRecord = pickle.loads(kept.read_bytes())
        return loaded

    return read


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment without the settings of whoever runs the tests."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SERIALSCAN_")}
    folders = {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "APPDATA": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"), "LOCALAPPDATA": str(home / "state"),
    }  # fmt: skip
    modules = [extra.pop("PYTHONPATH", ""), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(filter(None, modules))
    return {**environment, **folders, "PYTHONPATH": path, "COLUMNS": "100", **extra}


def start_of_child() -> None:
    """Runs in the child before serialscan: Ctrl-C as in a shell's foreground, and no root's privileges.

    Root may read every file. Dropped from the bounding set, that capability is lost at the exec that
    follows, so that a file without permissions is as unreadable as for anybody else.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        drop_from_bounding_set = 24
        libc = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            libc.prctl(drop_from_bounding_set, capability, 0, 0, 0)


class Program:
    """Runs ``serialscan`` as people do: as a process of its own.

    Scans use the networks only, since the second reader has tests of its own and is slow; or the engine
    ``null``, where it does not matter what stands on the photos.

    Args:
        home: the folder of whoever runs it, and the current one.
        engine: of scans.
        start: what the interpreter runs.
        extra: of the environment.
    """

    def __init__(
        self, home: Path, engine: str, start: tuple[str, ...] = ("-m", "serialscan"), **extra: str
    ) -> None:
        self.home = home
        self.engine = engine
        self.start = start
        self.extra = extra

    def __call__(self, *arguments: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run it to its end."""
        with self.started(*arguments, **options) as process:
            try:
                out, err = process.communicate(options.get("input"), timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @contextlib.contextmanager
    def started(self, *arguments: Any, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
        """Start it and leave it running."""
        options.pop("input", None)
        extra = {**self.extra, **options.pop("env", {})}
        if "scan" in arguments[:1]:
            extra = {"SERIALSCAN_READER": "network", "SERIALSCAN_ENGINE": self.engine, **extra}
        settings: dict[str, Any] = {
            "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.home,
            "bufsize": 0,  # else what readline() read ahead is lost to communicate()
            "env": clean_environment(self.home, **extra), **options,
        }  # fmt: skip
        if os.name == "posix":
            settings["preexec_fn"] = start_of_child
        process = subprocess.Popen([sys.executable, *self.start, *map(_argument, arguments)], **settings)
        try:
            with process:
                yield process
        finally:
            if process.poll() is None:
                process.kill()


class Here:
    """Runs ``serialscan`` in this process: where it is not the point that it is a process of its own.

    Scans use the engine ``null`` and read in this process, too.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(
        self, *arguments: Any, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it to its end."""
        from serialscan.cli import main
        from serialscan.cli import scan as scan_command

        scan = {"SERIALSCAN_READER": "network", "SERIALSCAN_ENGINE": "null"} if "scan" in arguments else {}
        environment = clean_environment(self.home, **scan, **(env or {}))
        before = [os.dup(1), os.dup(2)]  # a scan takes standard output and does not give it back
        with pytest.MonkeyPatch.context() as own, TemporaryFile() as out, TemporaryFile() as err:
            for name in [name for name in os.environ if name.startswith("SERIALSCAN_")]:
                own.delenv(name)
            for name, value in environment.items():
                own.setenv(name, value)
            own.chdir(cwd or self.home)
            for descriptor, (name, file) in enumerate((("stdout", out), ("stderr", err)), 1):
                os.dup2(file.fileno(), descriptor)
                own.setattr(sys, name, open(descriptor, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
            own.setattr(scan_command, "local_processes", lambda job, batch: InProcess(job))
            try:
                code = main(list(map(str, arguments)))
            finally:
                gc.collect()  # closes what the end of a process closes
                sys.stdout.flush()
                sys.stderr.flush()
                for descriptor, kept in enumerate(before, 1):
                    os.dup2(kept, descriptor)
                    os.close(kept)
            told = []
            for file in (out, err):
                file.seek(0)
                told.append(file.read())
        return subprocess.CompletedProcess(arguments, code, *told)


def _argument(argument: Any) -> str | bytes:
    return argument if isinstance(argument, bytes) else str(argument)


@pytest.fixture
def serialscan(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program, with an engine that finds nothing: scans cost little, and their records say so."""
    return Program(tmp_path_factory.mktemp("home"), "null")


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """The program in this process: quick."""
    return Here(tmp_path_factory.mktemp("home"))


@pytest.fixture
def slow(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program with an engine that finds nothing and takes its time: for tests that end it."""
    return Program(tmp_path_factory.mktemp("home"), "null", (BLIND,), BLIND_SECONDS="0.2")


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program with an engine that finds nothing, and without worker processes."""
    return Program(tmp_path_factory.mktemp("home"), "null", (BLIND,), BLIND_IN_PROCESS="1")


@pytest.fixture
def reading(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program, with the networks: for tests that need to know what stands on the photos."""
    return Program(tmp_path_factory.mktemp("home"), "networks")


def records(output: bytes) -> list[dict[str, Any]]:
    """All lines of an output; fails if one is not whole."""
    assert output == b"" or output.endswith(b"\n")
    return [json.loads(line) for line in output.split(b"\n")[:-1]]


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that read photos for a scan."""
    children = psutil.Process(process.pid).children()
    return [child for child in children if any("spawn_main" in word for word in child.cmdline())]


def wait_for(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait until the condition holds and return its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail("waited in vain")


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Any]:
    """Runs a command in this process, in a home of its own."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Any:
        from case_fixtures import Done

        from serialscan.cli import main

        with monkeypatch.context() as own:
            own.setattr(sys, "stdout", sys.stdout)  # what guards them ends with the command
            own.setattr(sys, "stderr", sys.stderr)
            code = main(list(map(str, words)))
        return Done(int(code), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``verify.py`` as it is handed over."""
    from serialscan.case import verifier

    path = tmp_path_factory.mktemp("handed") / "verify.py"
    path.write_text(verifier.verifier_source(), encoding="utf-8")
    return path
