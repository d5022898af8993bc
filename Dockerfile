# One process, no root, and only /data is written: run it with --read-only and a volume.
#
#   docker build --tag jono .
#   docker run --read-only --volume jono:/data --volume ./config.toml:/config.toml:ro --publish 8080:8080 jono

FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv --without-pip /opt/jono \
 && python -m pip --python /opt/jono/bin/python install --no-cache-dir --constraint constraints.txt '.[fonts]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home jono \
 && install --directory --owner=jono --group=jono --mode=0700 /data \
 && python -c 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Helsinki")'
COPY --from=build /opt/jono /opt/jono

# The environment goes before the configuration file: inside a container all interfaces are listened on. Large files
# on their way from one channel to another wait in TMPDIR, without a name.
# The store's default, embedded:./data, counts from the file's folder, and is /data here.
ENV JONO_SERVER__LISTEN=0.0.0.0:8080 \
    TMPDIR=/data \
    PATH=/opt/jono/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /
USER jono
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["jono"]
CMD ["run", "--config", "/config.toml"]
