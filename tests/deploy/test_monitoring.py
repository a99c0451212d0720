"""Alerts and dashboard ask for what the site really tells."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from programs import DEPLOY, run
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.extensions import db

PROMETHEUS = DEPLOY / "prometheus"
RULES = yaml.safe_load((PROMETHEUS / "rental-alerts.yml").read_text())["groups"][0]["rules"]
ALERTS = [rule["alert"] for rule in RULES]
DASHBOARD = json.loads((DEPLOY / "grafana/rental.json").read_text())
RUNBOOK = (DEPLOY.parent / "docs/runbook.md").read_text()

WORDS = {
    *("sum", "min", "max", "count", "rate", "histogram_quantile", "topk", "time", "by", "and"),
    *("offset", "or", "vector", "Inf", "absent", "on"),
}
# What Prometheus itself and its node exporter tell.
OTHERS = {
    "up": {"job", "instance"},
    "node_filesystem_avail_bytes": {"mountpoint", "fstype", "device"},
    "node_filesystem_size_bytes": {"mountpoint", "fstype", "device"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("site")
    app = create_app({"DATABASE_URL": f"sqlite:///{folder}/site.db"})
    with app.app_context():
        db.create_all()
    return app.test_client()


@pytest.fixture(scope="module")
def known(client: FlaskClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names of all metrics, with those of their labels."""
    text = client.get("/metrics").get_data(as_text=True) + _host_metrics(
        tmp_path_factory.mktemp("host")
    )
    labels: dict[str, set[str]] = {name: {*given} for name, given in OTHERS.items()}
    for family in text_string_to_metric_families(text):
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        for ending in endings.get(family.type, [""]):
            labels[family.name + ending] = {"le"} if ending == "_bucket" else set()
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    for collector in list(REGISTRY._collector_to_names):  # those not yet counted have no sample
        for name in getattr(collector, "_labelnames", ()):
            for told in labels.keys() & REGISTRY._collector_to_names[collector]:
                labels[told].add(name)
    return labels


def _host_metrics(folder: Path) -> str:
    """Return what the timer tells by way of the node exporter."""
    certificate = folder / "fullchain.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    subprocess.run(
        [*make, "-keyout", folder / "key.pem", "-out", certificate], check=True, capture_output=True
    )
    (folder / "rental-20260101T000000Z.dump").write_text("backup")
    subprocess.run(
        [DEPLOY / "host-metrics.sh", folder],
        check=True,
        env={"PATH": "/usr/bin:/bin", "BACKUP_DIR": str(folder), "CERTIFICATE": str(certificate)},
    )
    text = (folder / "rental.prom").read_text()
    assert "rental_backup_bytes 6\n" in text
    return text


def test_without_a_certificate_nothing_is_told_of_its_end(tmp_path: Path) -> None:
    (tmp_path / "rental-20260101T000000Z.sqlite-wal").write_text("no backup")
    subprocess.run(
        [DEPLOY / "host-metrics.sh", tmp_path],
        check=True,
        env={"PATH": "/usr/bin:/bin", "BACKUP_DIR": str(tmp_path), "CERTIFICATE": "/nowhere"},
    )
    text = (tmp_path / "rental.prom").read_text()
    assert "certificate" not in text
    assert "rental_backup_timestamp_seconds 0\n" in text


def _queries() -> list[tuple[str, str]]:
    found = [(rule["alert"], rule["expr"]) for rule in RULES]
    for panel in DASHBOARD["panels"]:
        found += [(panel["title"], target["expr"]) for target in panel["targets"]]
    return found


@pytest.mark.parametrize(("name", "query"), _queries())
def test_every_query_asks_for_what_there_is(
    name: str, query: str, known: dict[str, set[str]]
) -> None:
    selectors = re.findall(r"([a-z_]+)(?:\{([^}]*)\})?", re.sub(r"\bby \([^)]*\)", "", query))
    metrics = {metric: matchers for metric, matchers in selectors if metric in known}
    assert metrics
    for metric, matchers in metrics.items():
        assert set(re.findall(r"(\w+)[=!]", matchers)) <= known[metric]
    grouped = {
        label for group in re.findall(r"\bby \(([^)]*)\)", query) for label in group.split(", ")
    }
    assert grouped <= set().union(*(known[metric] for metric in metrics))
    bare = re.sub(r"\{[^}]*\}|\bby \([^)]*\)|\[[^\]]*\]|\boffset \w+", "", query)
    assert set(re.findall(r"[A-Za-z_]\w*", bare)) <= WORDS | known.keys()


def test_the_dashboard_shows_the_sites_own_metrics_all(known: dict[str, set[str]]) -> None:
    asked = " ".join(query for _, query in _queries())
    left_out = {
        name
        for name in known
        if name.endswith(("_total", "_bucket")) and name.startswith(("site_", "chatbot_"))
    } - set(re.findall(r"[a-z_]+", asked))
    assert not left_out


def test_the_sites_metrics_are_documented(known: dict[str, set[str]]) -> None:
    page = (DEPLOY.parent / "docs/monitoring.md").read_text()
    rows = re.findall(r"^\| `(site_\w+)` \| ([\w, ]*) \|", page, re.M)
    documented = {name: {*filter(None, labels.strip().split(", "))} for name, labels in rows}
    ours = {
        name.removesuffix("_bucket"): labels - {"le"}
        for name, labels in known.items()
        if name.startswith("site_") and not name.endswith(("_sum", "_count", "_created"))
    }
    assert documented == ours


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_in_the_runbook_and_tested(alert: str) -> None:
    assert f"\n## {alert}\n" in RUNBOOK
    (rule,) = [rule for rule in RULES if rule["alert"] == alert]
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{alert.lower()}"
    assert f'alertname="{alert}"' in (PROMETHEUS / "rental-alerts-test.yml").read_text()


def test_rules_do_what_they_say() -> None:
    run("promtool", "check", "rules", PROMETHEUS / "rental-alerts.yml")
    run("promtool", "test", "rules", "rental-alerts-test.yml", cwd=PROMETHEUS)


def test_prometheus_takes_its_configuration() -> None:
    run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")


def test_promtool_finds_no_fault_with_the_metrics(client: FlaskClient) -> None:
    run("promtool", "check", "metrics", text=client.get("/metrics").get_data(as_text=True))
