"""RunPools: the workers of a job, started when there is work for them and shared by all of its videos."""

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

#: CPU segmenters that one driver can keep busy, by calculation; each holds about 700 MB.
_CORES_OF_DRIVER = 8

#: Cores that such a segmenter requests of a cluster: one, less what renderers request.
_CORE = 0.9

#: Cores that one renderer can use: of some 18 CPU ms per frame a quarter holds the GIL.
_CORES_OF_RENDERER = 4

#: GPUs that one driver can keep busy, by calculation (docs/cluster.md). A job requests this many, or cores, even if the
#: cluster has fewer, so that Ray's autoscaler adds nodes.
_GPUS_OF_DRIVER = 2

#: The pools: segmenters use the GPUs, renderers share the cores.
SEGMENT, RENDER = "segment", "render"

#: A cluster that is started on this machine for this command alone.
LOCAL = "local"

#: Interval at which a cluster is asked for its resources.
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
        """True if all workers are on this machine, and can read its files."""
        return self._settings.run.cluster in (None, LOCAL)

    def begin(self) -> None:
        """Start in the background what takes long to start."""
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
        """True on a cluster, and for several GPUs, which Ray assigns; otherwise processes do, which start faster."""
        run = self._settings.run
        return run.workers != 0 and (run.cluster is not None or gpu_count(self._settings.segment.device) > 1)

    def _make_workers(self) -> WorkerPools:
        if self._settings.run.workers == 0:
            return InProcessPools()
        return ProcessPools() if self._session is None else RayPools(self._session)

    def open(self, pool: str, tasks: int) -> None:
        """Open the pool if necessary, and start as many segmenters as `tasks` can use, or one renderer.

        On Ray, renderers are started when there is a part to make.
        """
        if pool in self._open:
            return
        spec = self._segmenters() if pool == SEGMENT else self._renderers()
        begin = min(spec.size, tasks) if pool == SEGMENT else int(self._session is None)
        self.workers.add(spec, begin)
        self._open.add(pool)

    def wait_until_ready(self) -> None:
        """Wait for the first segmenter; raises its error, so that weights that cannot be loaded are reported early."""
        if SEGMENT in self._open:
            self.workers.setup_result(SEGMENT)

    def grow(self, pool: str) -> None:
        """Start one more worker if all are busy; on a cluster, up to what its current machines allow."""
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
        """Stop all workers at once."""
        if self._workers is not None:
            self._workers.close()
        elif self._session is not None:
            self._session.close()

    def _resources(self) -> tuple[int, int]:
        """The number of cores and of GPUs."""
        if self._session is None:
            return usable_cores(), gpu_count(self._settings.segment.device)
        cores, gpus = self._session.resources()
        # With --device gpu the cluster is expected to get GPUs, if only later.
        least, most = {"cpu": (0, 0), "gpu": (1, gpus)}.get(self._settings.segment.device, (0, gpus))
        return max(int(cores), 1), max(least, int(most))

    def _size(self, pool: str) -> int:
        """The most workers that a pool may have.

        Segmenters: one per GPU, or per core of a cluster without GPUs, including those still to be added. On this
        machine without a GPU a single one, whose threads share the network: two processes of one thread are no faster
        and hold the network twice. Renderers: one per core; without Ray one per few cores, which works on as many
        chunks at a time.
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
            # The second slot decodes the start of the next chunk while the network is busy with the first.
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
        """Cores reserved for a renderer, or a segmenter with a GPU: none, the operating system shares them better.

        On a cluster next to nothing, so that Ray spreads the workers and can place those of a lost node elsewhere.
        """
        return 0 if self.is_local else 0.01
