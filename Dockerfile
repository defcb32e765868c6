FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements/production.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/production.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    LLMCONFIG_HOME=/var/lib/llmconfig
RUN useradd --system --uid 10001 llmconfig && install -d -o llmconfig /var/lib/llmconfig
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py Procfile ./
COPY config config
COPY llmconfig llmconfig
COPY workers workers
USER llmconfig
# Static files need no secret and no database; these values live in this one command only.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql://build/build \
    python manage.py collectstatic --noinput
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--no-proxy-headers", "--ws", "none", "--lifespan", "off", "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "20"]
