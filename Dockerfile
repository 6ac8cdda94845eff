# syntax=docker/dockerfile:1

FROM node:20-bookworm-slim AS portal
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/ requirements/
RUN python -m venv /opt/ccmanage \
    && /opt/ccmanage/bin/pip install --require-hashes --only-binary=:all: -r requirements/runtime.txt \
    && python -m pip install --require-hashes --only-binary=:all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY alembic/ alembic/
COPY ccmanage/ ccmanage/
COPY workers/ workers/
COPY scheduler/ scheduler/
COPY api/ api/
COPY --from=portal /src/api/static/ api/static/
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/ccmanage/bin/pip install --no-deps /dist/*.whl \
    && /opt/ccmanage/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 ccmanage \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin ccmanage \
    && install -d -o ccmanage -g ccmanage -m 0700 /data
COPY --from=build /opt/ccmanage /opt/ccmanage
ENV PATH=/opt/ccmanage/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CCMANAGE_DATA_DIR=/data
WORKDIR /data
USER 10001:10001
EXPOSE 8000
# Of the API; services that answer no one switch it off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["ccmanage", "api", "--host", "0.0.0.0", "--port", "8000"]
