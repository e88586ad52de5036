"""Staff: the workers of a job, started when there is work for them, shared by all of its videos."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pipeline.job.spec import JobSpec
from pipeline.run.render_worker import RenderWorker
from pipeline.run.segment_worker import SegmentWorker
from pipeline.workers.contract import CrewSpec, Workforce
from pipeline.workers.in_process import InProcess
from pipeline.workers.ray_session import RaySession
from pipeline.workers.ray_workers import RayWorkforce

#: Processes that run the network on a CPU, at most: each holds TensorFlow and a network, some 700 MB.
_MOST_CPU_WORKERS = 8

SEGMENT, RENDER = "segment", "render"


class Staff:
    """Two crews: segmenters, which have the GPUs, and renderers, which share the cores."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self._session: RaySession | None = None
        self._workforce: Workforce | None = None
        self._hired: set[str] = set()

    @property
    def is_local(self) -> bool:
        """Whether all workers are on this machine, and see its files."""
        return self._spec.run.cluster is None

    def begin(self) -> None:
        """Start what takes long, in the background; nothing if it is started already."""
        if self._session is None and self._spec.run.workers != 0:
            self._session = RaySession(self._spec.run.cluster)
            self._session.start()

    @property
    def workforce(self) -> Workforce:
        """Whoever does the work."""
        if self._workforce is None:
            self.begin()
            self._workforce = InProcess() if self._session is None else RayWorkforce(self._session)
        return self._workforce

    def hire_segmenters(self, chunks: int) -> None:
        """Make sure that there are segmenters, as many of them getting ready as `chunks` can use."""
        if SEGMENT in self._hired:
            return
        crew = self._segmenters()
        self.workforce.hire(crew, begin=min(crew.size, chunks))
        self._hired.add(SEGMENT)

    def hire_renderers(self) -> None:
        """Make sure that there can be renderers; each is started when a part is to be made."""
        if RENDER in self._hired:
            return
        self.workforce.hire(self._renderers(), begin=0)
        self._hired.add(RENDER)

    def class_names(self) -> Mapping[int, str]:
        """What the segmenters' network can find. Waits until the first of them is ready."""
        names: Mapping[int, str] = self.workforce.hello(SEGMENT)
        return names

    def close(self) -> None:
        """Stop everybody, whatever they do."""
        if self._workforce is not None:
            self._workforce.close()
        elif self._session is not None:
            self._session.close()

    def _resources(self) -> tuple[int, int]:
        """Cores and GPUs."""
        if self._session is None:
            return os.cpu_count() or 1, 0
        cores, gpus = self._session.resources()
        return max(int(cores), 1), 0 if self._spec.segment.device == "cpu" else int(gpus)

    def _segmenters(self) -> CrewSpec:
        """One a GPU; without GPU one a core, each with one thread.

        Two processes of one thread infer 14 frames/s on two cores where one of two threads infers 7.
        """
        cores, gpus = self._resources()
        asked = self._spec.run.workers
        if self._session is None:
            return CrewSpec(SEGMENT, SegmentWorker(self._spec.segment), 1)
        if gpus:
            size = asked or gpus
            # A second lane decodes the next chunk's first frames while the first infers.
            return CrewSpec(
                SEGMENT,
                SegmentWorker(self._spec.segment),
                size,
                gpus=min(gpus / size, 1),
                cpus=self._cpus(),
                lanes=2,
            )
        size = asked or max(min(cores if self.is_local else cores // 2, _MOST_CPU_WORKERS), 1)
        worker = SegmentWorker(self._spec.segment, max(cores // size, 1) if self.is_local else 1)
        return CrewSpec(SEGMENT, worker, size, cpus=self._cpus())

    def _renderers(self) -> CrewSpec:
        cores, gpus = self._resources()
        size = cores if self.is_local else max(cores - (gpus or cores // 2), 1)
        return CrewSpec(RENDER, RenderWorker(), size, cpus=self._cpus())

    def _cpus(self) -> float:
        """Cores set aside: the operating system shares them out better than any number.

        On a cluster next to nothing, so that Ray spreads the workers, and those of a lost node find room.
        """
        return 0 if self.is_local else 0.01
