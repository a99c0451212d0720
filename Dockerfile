# The rental site, and its tasks. Built in stages: what builds is not in what runs.
FROM python:3.11-slim-bookworm AS build
WORKDIR /site
RUN python -m venv .venv
COPY requirements.txt requirements-extras.txt ./
# requirements-extras.txt for Sentry and OpenTelemetry
ARG REQUIREMENTS=requirements.txt
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check -r $REQUIREMENTS \
    && .venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm AS site
RUN useradd --user-group --no-create-home --uid 10001 --home-dir /nonexistent rental \
    && install -d -o rental -g rental /data
WORKDIR /site
COPY --from=build /site/.venv .venv
COPY run.py gunicorn_config.py ./
COPY migrations migrations
COPY flask_smorest_chatbot flask_smorest_chatbot
COPY app app
ENV PATH=/site/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    APP_ENV=production \
    DATABASE_URL=sqlite:////data/site.db \
    LOG_FORMAT=json \
    GRACEFUL_TIMEOUT=310
USER 10001
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["gunicorn", "-c", "gunicorn_config.py", "-b", "0.0.0.0:5000", "run:app"]

# What timers run on a VM: compose.yaml says when. Backups are made by PostgreSQL's own programs.
FROM site AS tasks
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openssl postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o rental -g rental /var/backups/rental /var/lib/rental-host-metrics
COPY deploy deploy
USER 10001
HEALTHCHECK NONE

# Without --target it is the site.
FROM site
