"""``GET /metrics``: for Prometheus, and for nobody else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ..config import parse_networks
from ..services.activity import active_sessions
from ..services.readiness import UNASKED, readiness

bp = Blueprint("metrics", __name__)

# A proxy adds these: what comes with one comes from elsewhere, whatever the peer's address is.
_FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


def init_app(app: Flask) -> None:
    """Serve the metrics of the process, or of all workers together."""
    app.register_blueprint(bp)


@bp.get("/metrics")
def metrics() -> Response:
    """Answer with all metrics; 404 to anybody who does not ask directly from a known network."""
    if not _may_read():
        abort(404)
    text = b"".join(generate_latest(registry) for registry in _registries())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    # The peer's own address: with TRUSTED_PROXIES, remote_addr is what a proxy says.
    original = request.environ.get("werkzeug.proxy_fix.orig") or {}
    peer = original.get("REMOTE_ADDR", request.environ.get("REMOTE_ADDR"))
    if any(name in request.headers for name in _FORWARDED):
        return False
    if not peer:  # a unix socket has no address; who reaches it is on this machine
        return True
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    networks = parse_networks(current_app.config["METRICS_NETWORKS"])
    return any(address in network for network in networks)


def _registries() -> Iterable[CollectorRegistry]:
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    asked = CollectorRegistry()
    asked.register(_Asked())
    return counted, asked


class _Asked(Collector):
    """What is found out when Prometheus asks, by whichever worker it reaches."""

    def collect(self) -> Iterator[Metric]:
        """Yield the state of the site's parts, its release, and the conversations going on."""
        _ready, states = readiness()
        part = GaugeMetricFamily("site_part_up", "Whether a part works (1) or not.", None, ["part"])
        for name, state in states.items():
            if state not in UNASKED:
                part.add_metric([name], float(state == "ok"))
        yield part
        release = GaugeMetricFamily("site_info", "Which release answers.", None, ["release"])
        release.add_metric([current_app.config["SITE_RELEASE"]], 1)
        yield release
        if (sessions := active_sessions()) is not None:
            yield GaugeMetricFamily(
                "site_active_sessions",
                "Conversations with a message in the last 15 minutes.",
                sessions,
            )
