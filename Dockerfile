# syntax=docker/dockerfile:1
# One image, two commands: web (the default) and `python manage.py worker`. Nothing of tests, demo or development is in it.
# For a build that can be repeated, give both by digest: docs/operate.md, "Images by digest".
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG UV_IMAGE=ghcr.io/astral-sh/uv:0.13.9
# hadolint ignore=DL3006
FROM ${UV_IMAGE} AS uv

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE} AS build
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/headway/.venv \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /opt/headway
# Extras of pyproject.toml: --build-arg 'EXTRAS=--extra sentry --extra otel'.
ARG EXTRAS=""
# What rarely changes comes first: a change to our code does not reinstall the packages.
COPY pyproject.toml uv.lock ./
# Only the core of the cluster's library is used (docs/dependencies.md): the rest is not compiled to bytecode, which saves 50 MB.
# hadolint ignore=SC2086
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-dev $EXTRAS \
 && find .venv/lib -path '*/kubernetes/*' -name '*.pyc' \
    \( -path '*/aio/*' -o -path '*/client/api/*' -o -path '*/client/models/*' \) -delete
COPY LICENSE manage.py ./
COPY dashboard dashboard
COPY deployments deployments
COPY templates templates
RUN /opt/headway/.venv/bin/python -m compileall -q manage.py dashboard deployments \
 && SECRET_KEY=only-for-this-line DATABASE_URL=postgres:///none /opt/headway/.venv/bin/python manage.py collectstatic --no-input

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin headway
COPY --from=build /opt/headway /opt/headway
WORKDIR /opt/headway
# One heap of the C library for all threads, given back as it empties: two were 9 MB less than one for each, and one is 2 MB less again.
ENV PATH=/opt/headway/.venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    HEARTBEAT_FILE=/tmp/headway-heartbeat
USER 10001:10001
EXPOSE 8000
# Both end gracefully on SIGTERM, docker's own. A worker answers by its heartbeat:
# docker run --health-cmd 'python -m deployments.queue.heartbeat /tmp/headway-heartbeat' … python manage.py worker
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", "0.0.0.0:8000"]
