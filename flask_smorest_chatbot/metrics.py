"""What the plugin counts, for Prometheus. Labels are bounded: no user, no session, no text.

Under several workers prometheus-client adds them up if ``PROMETHEUS_MULTIPROC_DIR`` is set before
the app is imported; gauges are sums over the workers that live.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)

TURNS = Counter("chatbot_turns_total", "Turns by how they ended.", ["outcome"])
TURN_SECONDS = Histogram(
    "chatbot_turn_seconds", "From the question to the end of the answer.", buckets=_SECONDS
)
FIRST_TOKEN_SECONDS = Histogram(
    "chatbot_first_token_seconds", "From the question to the first word.", buckets=_SECONDS
)
IN_FLIGHT = Gauge(
    "chatbot_turns_in_flight", "Turns being answered now.", multiprocess_mode="livesum"
)
TOKENS = Counter("chatbot_tokens_total", "Tokens by direction: input or output.", ["direction"])
CACHED_TOKENS = Counter(
    "chatbot_cached_tokens_total",
    "Input tokens that a model server took from its cache; Ollama does not say.",
)
MODEL_SECONDS = Counter(
    "chatbot_model_seconds_total",
    "What model servers took for answers that ended well, by what for: load, prompt or output. "
    "Input tokens by seconds for the prompt rise as prompts are reused.",
    ["phase"],
)
MODEL_ERRORS = Counter(
    "chatbot_model_errors_total", "Turns that failed for the model's sake, by reason.", ["reason"]
)
MODEL_RETRIES = Counter(
    "chatbot_model_retries_total",
    "Requests to a model server that failed before the first token and were made again, there or "
    "at another server.",
    ["reason"],
)
BREAKER_STATE = Gauge(
    "chatbot_breaker_state",
    "Whether a model server is asked: 0 yes, 1 by one request that tries it, 2 not for now; the "
    "worst of the workers that live.",
    ["server"],
    multiprocess_mode="livemax",
)
RECOMMENDATIONS = Counter(
    "chatbot_recommendations_total",
    "Items that answers recommended or named, by what became of them.",
    ["result"],
)
RATE_LIMITED = Counter(
    "chatbot_rate_limited_total", "Requests refused because there were too many.", ["limit"]
)
LIMITS_DEGRADED = Gauge(
    "chatbot_limits_degraded",
    "1 while limits are not counted where they should be: in Redis, or else in the host's file.",
    multiprocess_mode="livemax",
)
QUEUED = Gauge(
    "chatbot_queue_depth", "Turns that wait for the model now.", multiprocess_mode="livesum"
)
SLOTS_IN_USE = Gauge(
    "chatbot_model_slots_in_use",
    "Turns that hold a slot of the model.",
    multiprocess_mode="livesum",
)
QUEUE_WAIT_SECONDS = Histogram(
    "chatbot_queue_wait_seconds",
    "From a turn's question until it gets a slot of the model.",
    buckets=(0.01, *_SECONDS),
)
QUEUE_REFUSED = Counter("chatbot_queue_refused_total", "Turns for which the line had no room.")
QUEUE_FALLBACK = Gauge(
    "chatbot_queue_fallback",
    "Processes that cannot keep the line for the model where they should.",
    multiprocess_mode="livesum",
)
