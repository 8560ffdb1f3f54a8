"""The shop's OpenAPI document, as docs/shop-openapi.json holds it (`make docs`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

APP = Path(__file__).resolve().parent.parent / "app"


def made() -> dict[str, Any]:
    """The document of version 3, which can do most."""
    if str(APP) not in sys.path:
        sys.path.insert(0, str(APP))
    from shop.api import openapi
    from shop.api.app import Api
    from shop.common.settings import Settings

    return openapi.document(Api(Settings(version=3)).operations(), "3")


def page() -> str:
    """The document as text."""
    return json.dumps(made(), indent=1, ensure_ascii=False) + "\n"
