# The API: `shop serve api`, and `shop migrate` and `shop seed` for its database.
# Builds with any base that has Python 3.11 or newer with venv: python:3.13-slim, Debian with python3-venv.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS dependencies
RUN python3 -m venv /opt/shop
COPY requirements.lock /
# pip's cache stays in the engine, never in the image; the lock's hashes decide what is installed.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/shop/bin/pip install --disable-pip-version-check --no-deps --require-hashes --requirement /requirements.lock

FROM ${BASE_IMAGE}
# PYTHONDONTWRITEBYTECODE: the file system is read-only when this runs.
ENV PATH=/opt/app/bin:/opt/shop/bin:$PATH HOME=/tmp HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=dependencies /opt/shop /opt/shop
COPY . /opt/app
# Compiled here, as no process may write it there later: it saves half a second at every start.
RUN /opt/shop/bin/python -m compileall -q /opt/app/shop
# Which version of the shop this is: 1, or 2 with the gift note and its migration (docs/shop.md).
ARG SHOP_VERSION=2
ENV SHOP_VERSION=${SHOP_VERSION}
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080
CMD ["shop", "serve", "api"]
