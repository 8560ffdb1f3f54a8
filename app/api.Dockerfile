# The shop: `shop serve api`, `serve storefront`, `migrate`, `seed`, `healthcheck`, `loadgen`, each from the same image.
# Dockerfile makes it whole; api.Dockerfile and storefront.Dockerfile are the same text, each with a .dockerignore that
# leaves the other service out, so that a change in one is none in the other's image (docs/decisions/2026-11-26-shop-images.md).
# Builds with any base that has Python 3.11 or newer with venv: python:3.13-slim, Debian with python3-venv.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS dependencies
# Two environments: pip stays in the one that is thrown away.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/shop
COPY requirements.lock /
# pip's cache stays in the engine, never in the image; the lock's hashes decide what is installed.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/pip/bin/pip --python /opt/shop/bin/python install --disable-pip-version-check --no-deps --require-hashes \
    --requirement /requirements.lock

FROM ${BASE_IMAGE}
# PYTHONDONTWRITEBYTECODE: the file system is read-only when this runs.
ENV PATH=/opt/app/bin:/opt/shop/bin:$PATH HOME=/tmp HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=dependencies /opt/shop /opt/shop
COPY . /opt/app
# Compiled here, as no process may write it there later: it saves half a second at every start.
RUN /opt/shop/bin/python -m compileall -q /opt/app/shop
# Which version of the shop this is (docs/shop.md, Versions).
ARG SHOP_VERSION=2
ENV SHOP_VERSION=${SHOP_VERSION}
WORKDIR /tmp
USER 10001:10001
# The API, the storefront, and the metrics of either.
EXPOSE 8080 3000 9090
# Serves the one service that is in the image; where both are, the command says which: shop serve api.
CMD ["shop", "serve"]
