"""JSON web tokens: their claims, and the signature by the keys of their issuer.

An emulator calls nobody outside: keys are read from issuers of this machine, and a token of
another issuer cannot be verified, which is said.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from carnation.errors import EmulatorError

_OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
_SECONDS = 5.0
_HASHES = {"RS256": "SHA256", "RS384": "SHA384", "RS512": "SHA512"}  # all that API Gateway takes


class UnknownIssuerError(EmulatorError):
    """The keys of an issuer cannot be read from here."""


def read_claims(token: str, issuer: str) -> dict[str, Any]:
    """Return the claims of a token that its issuer signed; empty for any other token.

    Raises `UnknownIssuerError`.
    """
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    header, claims = _decode_json(head), _decode_json(payload)
    if not claims or claims.get("iss") != issuer:
        return {}
    keys = [row for row in _fetch_keys(issuer) if row.get("kid") == header.get("kid")]
    name = _HASHES.get(str(header.get("alg")))
    signed = f"{head}.{payload}".encode()
    verified = name and any(_is_signed(key, name, signed, _decode(signature)) for key in keys)
    return claims if verified else {}


def _is_signed(key: Mapping[str, Any], name: str, signed: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    try:
        exponent, modulus = (int.from_bytes(_decode(str(key[part])), "big") for part in "en")
        public = RSAPublicNumbers(exponent, modulus).public_key()
        public.verify(signature, signed, PKCS1v15(), getattr(hashes, name)())
    except (InvalidSignature, KeyError, ValueError):
        return False
    return True


def _fetch_keys(issuer: str) -> list[dict[str, Any]]:
    if urlsplit(issuer).hostname not in _OWN_HOSTS:
        raise UnknownIssuerError(
            f"the emulator cannot verify tokens of {issuer}: it reads the keys of issuers on this "
            "machine only. Serve /.well-known/jwks.json on loopback, and name that as the Issuer."
        )
    opener = build_opener(ProxyHandler({}))
    try:
        url = f"{issuer.rstrip('/')}/.well-known/jwks.json"
        with opener.open(url, timeout=_SECONDS) as answer:
            found = json.loads(answer.read())
    except (OSError, ValueError) as error:
        raise UnknownIssuerError(f"the keys of {issuer} cannot be read: {error}") from error
    return [row for row in found.get("keys", ()) if isinstance(row, dict)]


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _decode_json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_decode(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
