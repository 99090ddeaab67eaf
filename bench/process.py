"""What a command costs: the time and memory of its whole process tree."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MIB = 2**20
EVERY = 0.05
EVERY_PSS = 20  # reading the proportional size is slow: once in so many samples


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and MiB. CPU is user and system time of the command and of all children that it waited for.

    RSS is the peak of the sum over the tree, sampled, and at least the highest mark of its largest process where the
    kernel tells one (proc(5), VmHWM; what wait4 tells instead counts from before exec, so at least the size of whoever
    started the command). Shared pages count once for each process, so PSS is told beside it for several processes.
    """

    code: int
    timed_out: bool
    wall: float
    cpu: float
    rss: float
    pss: float
    processes: int
    threads: int


class Sampler(threading.Thread):
    """Watches a process tree until it is told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.rss = self.pss = self.processes = self.threads = 0
        self._pid = pid
        self._stopped = threading.Event()

    def run(self) -> None:
        samples = 0
        while not self._stopped.wait(EVERY):
            self._sample(samples % EVERY_PSS == 0)
            samples += 1

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def _sample(self, with_pss: bool) -> None:
        try:
            root = psutil.Process(self._pid)
            tree = [root, *root.children(recursive=True)]
            highest = max(_highest(process.pid) for process in tree)
            self.rss = max(self.rss, highest, sum(process.memory_info().rss for process in tree))
            self.threads = max(self.threads, sum(process.num_threads() for process in tree))
            self.processes = max(self.processes, len(tree))
            if with_pss and len(tree) > 1:
                self.pss = max(self.pss, sum(process.memory_full_info().pss for process in tree))
        except psutil.Error:
            return  # one of them ended meanwhile: the next sample will do


def _highest(pid: int) -> int:
    """The most memory that a process ever held since its exec, in bytes; 0 where the kernel does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    _, _, after = status.partition("VmHWM:")
    return int(after.split(None, 1)[0]) * 1024 if after else 0


def run(command: Sequence[str], variables: Mapping[str, str], log: Path, limit: float, folder: Path) -> Cost:
    """Runs a command to its end, or kills its process group at the limit."""
    late = threading.Event()
    with log.open("wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, **variables},
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill() -> None:
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(limit, kill)
    sampler = Sampler(process.pid)
    timer.start()
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    timer.cancel()
    sampler.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        code=process.returncode,
        timed_out=late.is_set(),
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        rss=sampler.rss / MIB,
        pss=sampler.pss / MIB,
        processes=sampler.processes,
        threads=sampler.threads,
    )
