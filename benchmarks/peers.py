"""serialscan, rapidocr and Tesseract on the same photos in the same run.

Each program runs in a process of its own, so that its memory is its own. They take turns photo by photo, so
that whatever else the machine does hits all alike. Each loads the photos from disk itself and is used as
people use it: serialscan with its default settings (Tesseract testifies where it is installed), rapidocr as
installed, Tesseract through pytesseract with page segmentation 11 (sparse text: it finds more in photos than
the default, which looks for pages). Where Tesseract's program is missing it is left out, and the output says
so. The first photo is read once more before the turns begin: "first s" is the time for that, with the start
of the program and the loading of its networks.

Processor seconds are those of the process and of the programs that it starts. They bear a busy machine better
than the clock does.

    python benchmarks/peers.py --photos LABELS.jsonl [--threads 2] [--every N] [--limit N] [--json FILE]
    python benchmarks/peers.py --photos LABELS.jsonl --threads 1 --effort fast --zero-subnormals

rapidocr's detector has subnormal weights, which slow Intel's processors down. With ``--zero-subnormals`` it
computes with zeros for them, so that the ratio holds for other processors, too.

LABELS.jsonl is of the form of samples/labels.jsonl, beside its photos. Needs ``pip install ".[bench]"``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from serialscan.evaluate import exact, found
from serialscan.recipe import EFFORTS
from serialscan.settings import EffortChoice

ENGINES = ("serialscan", "rapidocr", "tesseract")
MIB = 2**20
WATCH_S = 0.2


def serialscan_engine(threads: int, effort: EffortChoice) -> Callable[[Path], list[str]]:
    """Start serialscan; the function returned reads one photo's lines."""
    from serialscan.reading import Reader
    from serialscan.scan import scan_photo
    from serialscan.settings import Settings

    settings = Settings(effort=effort)
    reader = Reader(settings, threads=threads)

    def read(photo: Path) -> list[str]:
        record = scan_photo(photo, reader, settings)
        assert record.error is None, record.error
        return [line.text for line in record.lines]

    return read


def rapidocr_engine(threads: int, *, zero: bool) -> Callable[[Path], list[str]]:
    """Start rapidocr; the function returned reads one photo's lines. ``zero``: subnormals are zeros."""
    import onnxruntime
    from rapidocr import RapidOCR
    from rapidocr.inference_engine.onnxruntime import main as sessions

    class Zeros(onnxruntime.SessionOptions):
        def __init__(self) -> None:
            super().__init__()
            self.add_session_config_entry("session.set_denormal_as_zero", "1")

    if zero:
        sessions.SessionOptions = Zeros
    engine: Any = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": threads})

    def read(photo: Path) -> list[str]:
        return list(engine(str(photo)).txts or ())

    return read


def tesseract_engine(threads: int) -> Callable[[Path], list[str]]:
    """Start Tesseract; the function returned reads one photo's lines."""
    import pytesseract

    os.environ["OMP_THREAD_LIMIT"] = str(threads)

    def read(photo: Path) -> list[str]:
        text = pytesseract.image_to_string(str(photo), config="--psm 11")
        return [line for line in text.splitlines() if line.strip()]

    return read


def peak_memory() -> float:
    """Peak resident MiB of this process."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / MIB
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def processor_s() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def work(engine: str, threads: int, effort: EffortChoice, *, zero: bool) -> None:
    """Worker: one photo's path a line comes in, its lines and seconds go out, at the end the memory."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    if engine == "serialscan":
        read = serialscan_engine(threads, effort)
    elif engine == "rapidocr":
        read = rapidocr_engine(threads, zero=zero)
    else:
        read = tesseract_engine(threads)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for request in sys.stdin:
        started, used = time.perf_counter(), processor_s()
        lines = read(Path(json.loads(request)))
        seconds, processor = time.perf_counter() - started, processor_s() - used
        answer = {
            "lines": lines,
            "seconds": seconds,
            "processor_s": processor,
            "since_start_s": processor_s(),
        }
        print(json.dumps(answer), file=answers, flush=True)
    print(json.dumps({"peak_mib": peak_memory()}), file=answers, flush=True)


class Worker:
    """An engine in a process of its own.

    Args:
        engine: its name.
        threads: threads of its networks.
        effort: of serialscan.
        zero: rapidocr computes with zeros for subnormal numbers.
    """

    def __init__(self, engine: str, threads: int, effort: EffortChoice, *, zero: bool) -> None:
        options = ["--threads", str(threads), "--effort", effort, *(["--zero-subnormals"] if zero else [])]
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--worker", engine, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        self._answer()
        self._started_programs = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def read(self, photo: Path) -> dict[str, Any]:
        """Lines and seconds of one photo."""
        assert self._process.stdin is not None
        print(json.dumps(str(photo)), file=self._process.stdin, flush=True)
        return self._answer()

    def end(self) -> dict[str, float]:
        """Its peak memory, and that of the programs that it started (Tesseract); the process ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        memory = self._answer()
        self._process.wait()
        return {**memory, "started_mib": self._started_programs / MIB}

    def _watch(self) -> None:
        """Sample: the system's own peak of a child counts what it shared with its parent at the fork."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._process.pid)
            while self._process.poll() is None:
                resident = 0
                for child in process.children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        # Until it has become another program, a child shares its parent's memory.
                        if child.exe() != process.exe():
                            resident += child.memory_info().rss
                self._started_programs = max(self._started_programs, resident)
                time.sleep(WATCH_S)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a worker ended: see its message above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def measure(
    labels: Path, threads: int, every: int, limit: int | None, effort: EffortChoice, *, zero: bool
) -> dict[str, Any]:
    """Read photos with every engine in turn.

    Returns:
        For each engine its ``first_s``, ``first_processor_s``, ``peak_mib``, ``started_mib`` and ``photos``,
        one object each with ``file``, ``lines``, ``seconds``, ``processor_s``, ``serial`` (found or not, null
        where there is none) and ``right`` (one entry for each line of the truth).
    """
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()][::every][:limit]
    workers: dict[str, Worker] = {}
    results: dict[str, Any] = {}
    engines = [engine for engine in ENGINES if engine != "tesseract" or shutil.which("tesseract")]
    for engine in engines:
        started = time.perf_counter()
        workers[engine] = Worker(engine, threads, effort, zero=zero)
        # rapidocr loads its networks only now.
        first = workers[engine].read(labels.parent / rows[0]["file"])
        results[engine] = {
            "first_s": time.perf_counter() - started,
            "first_processor_s": first["since_start_s"],
            "photos": [],
        }
    for number, row in enumerate(rows):
        turn = engines if number % 2 == 0 else engines[::-1]
        for engine in turn:
            answer = workers[engine].read(labels.parent / row["file"])
            serial = row.get("serial")
            results[engine]["photos"].append({
                "file": row["file"], **answer,
                "serial": found(serial, answer["lines"]) if serial else None,
                "right": [exact(line, answer["lines"]) for line in row["lines"]],
            })  # fmt: skip
    for engine, worker in workers.items():
        results[engine] |= worker.end()
    return results


def rows_of(results: dict[str, Any]) -> list[list[str]]:
    """The table: a head and a row for each engine."""
    table = [[
        "", "serials found", "lines right", "mean s", "median s", "processor s", "first s",
        "first processor s", "peak MiB", "Tesseract MiB",
    ]]  # fmt: skip
    for engine, result in results.items():
        serials = [photo["serial"] for photo in result["photos"] if photo["serial"] is not None]
        lines = [right for photo in result["photos"] for right in photo["right"]]
        seconds = [photo["seconds"] for photo in result["photos"]]
        table.append([
            engine, _share(serials), _share(lines),
            f"{statistics.mean(seconds):.2f}", f"{statistics.median(seconds):.2f}",
            f"{statistics.mean(photo['processor_s'] for photo in result['photos']):.2f}",
            f"{result['first_s']:.2f}", f"{result['first_processor_s']:.2f}", f"{result['peak_mib']:.0f}",
            f"{result['started_mib']:.0f}" if result["started_mib"] else "-",
        ])  # fmt: skip
    return table


def _share(hits: list[bool]) -> str:
    return f"{sum(hits)}/{len(hits)} {sum(hits) / len(hits):.1%}" if hits else "-"


def main() -> None:
    """Print one table; with --json also write every answer."""
    parser = argparse.ArgumentParser(description="serialscan, rapidocr and Tesseract on the same photos.")
    parser.add_argument("--photos", type=Path, metavar="LABELS.jsonl", help="labels beside their photos")
    parser.add_argument("--threads", type=int, default=2, help="threads of each engine's networks")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every so manieth photo")
    parser.add_argument("--limit", type=int, help="only the first so many of these")
    parser.add_argument("--effort", choices=list(EFFORTS), default="normal", help="of serialscan")
    parser.add_argument(
        "--zero-subnormals", action="store_true", help="rapidocr computes with zeros for subnormal numbers"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all answers")
    parser.add_argument("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker, arguments.threads, arguments.effort, zero=arguments.zero_subnormals)
        return
    if arguments.photos is None:
        parser.error("--photos is needed")
    results = measure(
        arguments.photos,
        arguments.threads,
        arguments.every,
        arguments.limit,
        arguments.effort,
        zero=arguments.zero_subnormals,
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    table = rows_of(results)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    count = len(results["serialscan"]["photos"])
    print(f"{count} photos, {arguments.threads} threads each; seconds are those of one photo")
    for row in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    clock, processor = (
        {engine: sum(photo[unit] for photo in result["photos"]) for engine, result in results.items()}
        for unit in ("seconds", "processor_s")
    )
    # The first photo is read twice; with the start counts the first time.
    whole = {
        engine: processor[engine] - result["photos"][0]["processor_s"] + result["first_processor_s"]
        for engine, result in results.items()
    }
    peer = "rapidocr without subnormal numbers" if arguments.zero_subnormals else "rapidocr"
    print(
        f"serialscan takes {clock['serialscan'] / clock['rapidocr']:.2f} times the time of {peer}, "
        f"{processor['serialscan'] / processor['rapidocr']:.2f} times its processor seconds, "
        f"{whole['serialscan'] / whole['rapidocr']:.2f} times with the start of both"
    )
    if "tesseract" not in results:
        print("Tesseract is not installed here and was left out")


if __name__ == "__main__":
    main()
