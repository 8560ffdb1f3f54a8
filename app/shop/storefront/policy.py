"""What a browser may do with our answers.

A page's own policy names a nonce that is made for this one answer: only the style sheet and the script that carry it
are used, wherever STATIC_URL has them served from; nothing is inline, nothing comes from elsewhere.
"""

import secrets
from urllib.parse import urlsplit

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer, where it has no narrower of its own. Browsers heed Strict-Transport-Security over HTTPS only
(RFC 6797, 8.1)."""


def nonce() -> str:
    """128 bits that nobody can guess (CSP Level 3, 7.1)."""
    return secrets.token_urlsafe(16)


def page(nonce: str, static_url: str) -> str:
    """The Content-Security-Policy of a page."""
    where = urlsplit(static_url)
    files = f"{where.scheme}://{where.netloc}" if where.netloc else "'self'"
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"img-src {files}; font-src {files}; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types shop"
    )
