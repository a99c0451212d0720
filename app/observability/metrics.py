"""What the site counts. Labels are bounded: no user, no session, no address.

The chat's own metrics are the plugin's (``flask_smorest_chatbot/metrics.py``).
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

HTTP_REQUESTS = Counter(
    "site_http_requests_total", "Requests, by class of status.", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "site_http_request_seconds",
    "From a request to the first byte of its answer.",
    ["method", "route"],
    buckets=_SECONDS,
)
JWT_FAILURES = Counter("site_jwt_failures_total", "Requests refused for their token.", ["reason"])
DATABASE_CONNECTIONS = Gauge(
    "site_database_connections",
    "Database connections: open, in use, and how many there may be (limit).",
    ["state"],
    multiprocess_mode="livesum",
)
