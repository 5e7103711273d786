# docker build -t entroscope .                          for CPUs
# docker build -t entroscope --build-arg TORCH=cu130 .  for GPUs; run with --gpus all
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN pip install --no-cache-dir "build>=1.6,<2" && python -m build --wheel --outdir /wheel

FROM python:3.11-slim
ARG TORCH=cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

# The largest part first, so that another version of Entroscope does not fetch it anew.
COPY requirements.txt /tmp/setup/
RUN pip install "$(grep '^torch==' /tmp/setup/requirements.txt)" \
        --index-url "https://download.pytorch.org/whl/${TORCH}" \
    && pip install -r /tmp/setup/requirements.txt
COPY --from=build /wheel /tmp/setup/wheel
# Installed by root; the user below may read it and write to /data alone.
RUN pip install /tmp/setup/wheel/*.whl \
    && entroscope install-models \
    && rm -r /tmp/setup \
    && useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin entroscope \
    && install -d -o entroscope -g entroscope /data

# All that is ever written: the library, converted models, downloads.
ENV HOME=/data ENTROSCOPE_DATA_DIR=/data/library ENTROSCOPE_CACHE_DIR=/data/cache HF_HOME=/data/hub \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8501

# Asked under a name that the server always answers to.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

# Whoever opens the port decides who gets in; names come from STREAMLIT_SERVER_ALLOWED_HOSTS.
ENTRYPOINT ["entroscope"]
CMD ["serve", "--address", "0.0.0.0"]
