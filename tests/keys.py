"""Keys as Google gives them out, made up anew for each session."""

from __future__ import annotations

import json
from pathlib import Path

from serving import PROJECT, Service


def private_key() -> str:
    """A fresh RSA key as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def service_account(path: Path, service: Service, pem: str) -> Path:
    """A service account's key file, whose token endpoint is the server's."""
    told = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": pem,
        "client_email": f"captions@{PROJECT}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{service.url}/token",
    }
    path.write_text(json.dumps(told), encoding="utf-8")
    return path
