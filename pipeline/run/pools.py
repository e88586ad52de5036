"""RunPools: the workers of a job, started when there is work for them, shared by all of its videos."""

from __future__ import annotations

import time

from pipeline.cores import usable_cores
from pipeline.job.settings import Settings
from pipeline.networks.devices import gpu_count
from pipeline.render.drawn_view import DrawnView
from pipeline.run.work.render_worker import RenderWorker
from pipeline.run.work.segment_worker import SegmentWorker
from pipeline.segment.network_classes import network_classes
from pipeline.workers.contract import PoolSpec, WorkerPools
from pipeline.workers.in_process import InProcessPools
from pipeline.workers.processes import ProcessPools
from pipeline.workers.ray_session import RaySession
from pipeline.workers.ray_workers import RayPools

#: Segmenters without GPU that a driver keeps busy, on paper: each holds TensorFlow and a network, some 700 MB.
_CORES_OF_DRIVER = 8

#: What such a segmenter asks a cluster for: a core, but for what renderers ask.
_CORE = 0.9

#: Cores that one renderer uses at most: of some 18 CPU ms a frame a quarter holds the lock of its interpreter.
_CORES_OF_RENDERER = 4

#: GPUs that a driver keeps busy, on paper (docs/cluster.md). A job on a cluster has requests for so many, or for cores,
#: open where it has fewer, and Ray's autoscaler adds nodes for those.
_GPUS_OF_DRIVER = 2

#: The pools: segmenters have the GPUs, renderers share the cores.
SEGMENT, RENDER = "segment", "render"

#: The cluster that is started for this command alone, on this machine.
LOCAL = "local"

#: How often a cluster is asked which machines it has.
_LOOK_SECONDS = 2.0


class RunPools:
    """A pool of segmenters and one of renderers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: RaySession | None = None
        self._workers: WorkerPools | None = None
        self._open: set[str] = set()
        self._looked = 0.0

    @property
    def is_local(self) -> bool:
        """True if all workers are on this machine, and see its files."""
        return self._settings.run.cluster in (None, LOCAL)

    def begin(self) -> None:
        """Start what takes long, in the background; nothing if it is started already."""
        if self._session is None and self._needs_ray():
            cluster = self._settings.run.cluster
            self._session = RaySession(None if cluster == LOCAL else cluster)
            self._session.start()

    @property
    def workers(self) -> WorkerPools:
        """All pools."""
        if self._workers is None:
            self.begin()
            self._workers = self._make_workers()
        return self._workers

    def _needs_ray(self) -> bool:
        """True on a cluster, and for several GPUs, which Ray shares out; else processes do, which start at once."""
        run = self._settings.run
        return run.workers != 0 and (run.cluster is not None or gpu_count(self._settings.segment.device) > 1)

    def _make_workers(self) -> WorkerPools:
        if self._settings.run.workers == 0:
            return InProcessPools()
        return ProcessPools() if self._session is None else RayPools(self._session)

    def open(self, pool: str, tasks: int) -> None:
        """Make sure that the pool is there, with as many segmenters getting ready as `tasks` can use, and a renderer.

        On Ray renderers are started when a part is to be made.
        """
        if pool in self._open:
            return
        spec = self._segmenters() if pool == SEGMENT else self._renderers()
        begin = min(spec.size, tasks) if pool == SEGMENT else int(self._session is None)
        self.workers.add(spec, begin)
        self._open.add(pool)

    def wait_until_ready(self) -> None:
        """Wait for the first segmenter, so that weights that cannot be loaded are told at once: raises their error."""
        if SEGMENT in self._open:
            self.workers.setup_result(SEGMENT)

    def grow(self, pool: str) -> None:
        """Start one more worker where all are busy; of a cluster, as many as the machines that it has by now take."""
        workers = self.workers
        if (
            isinstance(workers, RayPools)
            and not self.is_local
            and time.monotonic() - self._looked > _LOOK_SECONDS
        ):
            self._looked = time.monotonic()
            for name in self._open:
                workers.resize(name, self._size(name))
        workers.grow(pool)

    def close(self) -> None:
        """Stop all workers, whatever they do."""
        if self._workers is not None:
            self._workers.close()
        elif self._session is not None:
            self._session.close()

    def _resources(self) -> tuple[int, int]:
        """Cores and GPUs."""
        if self._session is None:
            return usable_cores(), gpu_count(self._settings.segment.device)
        cores, gpus = self._session.resources()
        # Whoever asks for GPUs has a cluster that gets some, be it later.
        least, most = {"cpu": (0, 0), "gpu": (1, gpus)}.get(self._settings.segment.device, (0, gpus))
        return max(int(cores), 1), max(least, int(most))

    def _size(self, pool: str) -> int:
        """Workers of a pool, at most.

        Segmenters: one a GPU, or a core where a cluster has none, also for those still to come. Without GPU one on
        this machine, whose threads share one network among all cores: two processes of one thread each infer as fast
        as one of two, and hold the network twice. Renderers: one a core; without Ray one for a few cores, which paints
        as many chunks at a time.
        """
        cores, gpus = self._resources()
        if pool == SEGMENT:
            without = 1 if self.is_local else _CORES_OF_DRIVER
            with_gpu = max(gpus, 0 if self.is_local else _GPUS_OF_DRIVER) if gpus else 0
            return self._settings.run.workers or with_gpu or without
        if self._session is None:
            return -(-cores // _CORES_OF_RENDERER)
        return cores if self.is_local else max(cores - (gpus or cores // 2), 1)

    def _segmenters(self) -> PoolSpec:
        size, (cores, gpus) = self._size(SEGMENT), self._resources()
        if gpus:
            # The second slot decodes the next chunk's first frames while the first infers.
            share = min(gpus / size, 1) if self._settings.run.workers else 1
            worker = self._worker(None, share)
            return PoolSpec(SEGMENT, worker, size, gpus=share, cpus=self._cpus(), slots=2)
        threads = max(cores // size, 1) if self.is_local else 1
        return PoolSpec(SEGMENT, self._worker(threads), size, cpus=0 if self.is_local else _CORE)

    def _worker(self, threads: int | None, gpus: float = 0) -> SegmentWorker:
        asked = self._settings
        view = DrawnView.of(asked.render.view, asked.segment.model, *network_classes(asked.segment.model))
        return SegmentWorker(asked.segment, threads, class_maps=view.classes is not None, gpus=gpus)

    def _renderers(self) -> PoolSpec:
        size = self._size(RENDER)
        slots = -(-self._resources()[0] // size) if self._session is None else 1
        return PoolSpec(RENDER, RenderWorker(), size, cpus=self._cpus(), slots=slots)

    def _cpus(self) -> float:
        """Cores set aside for who paints, or has a GPU: the operating system shares them out better than any number.

        On a cluster next to nothing, so that Ray spreads the workers, and those of a lost node find room.
        """
        return 0 if self.is_local else 0.01
