"""What is counted for Prometheus: https://prometheus.io/docs/practices/naming/

Counters of what this process did, and gauges of what was published last. No label holds a person or a case.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from bot.published import Published

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter that nobody reads


class Metrics:
    """All metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "jono_requests",
            "Requests to our hooks by what became of them",
            ["channel", "status"],
            registry=self.registry,
        )
        self._intake = Histogram(
            "jono_intake_seconds",
            "Time from a request's body to its record in the store",
            ["channel"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
            registry=self.registry,
        )
        self._by_channel: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._sent = Counter(
            "jono_sent",
            "Attempts to send by kind and end",
            ["channel", "kind", "end"],
            registry=self.registry,
        )
        self._outlet_writes = Counter(
            "jono_outlet_writes",
            "Changes of a profile that were tried, by end",
            ["channel", "outlet", "result"],
            registry=self.registry,
        )
        self._waiting = Gauge(
            "jono_waiting", "Cases waiting at the last refresh", ["queue"], registry=self.registry
        )
        self._agents = Gauge(
            "jono_agents", "Agents on duty at the last refresh", ["queue"], registry=self.registry
        )
        self._wait = Gauge(
            "jono_wait_seconds",
            "Published wait; absent when unknown",
            ["queue", "quantile"],
            registry=self.registry,
        )
        self._refreshed = Gauge(
            "jono_refreshed_timestamp_seconds",
            "Desk time of the last refresh",
            ["queue"],
            registry=self.registry,
        )
        self._promises = Gauge(
            "jono_promises",
            "Promises judged in the days of the track record",
            ["queue"],
            registry=self.registry,
        )
        self._kept = Gauge(
            "jono_promises_kept", "How many of them were kept", ["queue"], registry=self.registry
        )

    def request(self, channel: str, status: int, seconds: float) -> None:
        """A request to a hook was answered."""
        known = self._by_channel.get((channel, status))
        if known is None:
            # Looking labels up costs as much as counting: it is done once.
            known = self._requests.labels(channel, str(status)), self._intake.labels(channel)
            self._by_channel[channel, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def sent(self, channel: str, kind: str, end: str) -> None:
        """An attempt to send ended."""
        self._sent.labels(channel, kind, end).inc()

    def outlet_written(self, channel: str, outlet: str, result: str) -> None:
        """A change of a profile was tried."""
        self._outlet_writes.labels(channel, outlet, result).inc()

    def published(self, published: Published) -> None:
        """A queue's published wait, as it stands now."""
        outlook, queue = published.outlook, published.queue
        self._waiting.labels(queue).set(outlook.waiting)
        self._agents.labels(queue).set(outlook.agents)
        self._refreshed.labels(queue).set(outlook.as_of)
        self._promises.labels(queue).set(published.track_record.promises)
        self._kept.labels(queue).set(published.track_record.kept)
        wait = outlook.wait
        if wait is None:
            self._wait.remove_by_labels({"queue": queue})
            return
        for quantile, value_s in (("0.5", wait.p50_s), ("0.8", wait.p80_s), ("0.9", wait.p90_s)):
            self._wait.labels(queue, quantile).set(value_s)

    def text(self) -> bytes:
        """The exposition format: https://prometheus.io/docs/instrumenting/exposition_formats/"""
        return generate_latest(self.registry)
