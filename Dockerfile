# Tributary's own processes; docker-compose.yml starts one container for each.
FROM python:3.13-slim-bookworm AS packages
COPY requirements/lock.txt /tmp/lock.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/lock.txt

FROM python:3.13-slim-bookworm
# They speak the letters of the form for forgotten passwords, and put noise behind them: programs of
# their own, flite under CMU's licence in the manner of BSD, sox under GPL-2 or later.
RUN apt-get update \
    && apt-get install --no-install-recommends -y flite sox \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app tributary \
    && mkdir /data \
    && chown tributary /data \
    && chmod 700 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
RUN /venv/bin/python -m compileall -q .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data
USER tributary
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "process", "web", "--port", "8000"]
