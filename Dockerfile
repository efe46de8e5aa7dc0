# One image for web, worker, beat and commands; compose.yaml says which of them a container is.
# The full image can compile what has no wheel; none of it gets into the one that runs.
FROM python:3.11.14-bookworm AS packages
WORKDIR /packages
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.11.14-slim-bookworm
ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json
# Nobody may write where the program is, it itself neither; only var/ is its own.
RUN useradd --system --uid 10001 --user-group --home-dir /app/var --shell /usr/sbin/nologin volbal \
    && install --directory --owner=volbal --group=volbal --mode=0700 /app/var
COPY --from=packages /opt/venv /opt/venv
COPY . /app
WORKDIR /app
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "volbal_site.is_alive", "127.0.0.1:8000"]
CMD ["python", "manage.py", "up", "--bind", "0.0.0.0:8000"]
