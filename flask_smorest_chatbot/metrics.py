"""What the plugin counts, for Prometheus. Labels are bounded: no user, no session."""

from __future__ import annotations

from prometheus_client import Counter

RECOMMENDATIONS = Counter(
    "chatbot_recommendations_total",
    "Items that answers recommended or named, by what became of them.",
    ["result"],
)
