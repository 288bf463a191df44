"""GitHub's release downloads, played: a proxy that answers for github.com and for the host it sends everybody on to.

What fetches is the libraries' own code with their own addresses: HTTPS_PROXY leads it here, REQUESTS_CA_BUNDLE has it
trust the certificate.
"""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

HOST, ASSETS = "github.com", "release-assets.githubusercontent.com"
PAGE = b"<!doctype html><title>Sign in</title>" + b"<p>Please sign in." * 10_000


@dataclass
class Releases:
    """What is served. act: good, 404, cut (half of it, then the end), stall (half of it, then nothing), page."""

    files: dict[str, bytes] = field(default_factory=dict)
    act: str = "good"
    asked: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)


class _Github(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    releases: ClassVar[Releases]

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(200, b"")

    def do_GET(self) -> None:
        releases, name = self.releases, self.path.rpartition("/")[2]
        releases.asked.append(f"https://{self.headers['Host']}{self.path}")
        if self.headers["Host"] != ASSETS:
            if releases.act == "404":
                self._answer(404, b"Sorry.")
            else:
                self._answer(302, b"", Location=f"https://{ASSETS}/{name}")
            return
        content = PAGE if releases.act == "page" else releases.files[name]
        if releases.act in ("cut", "stall"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            if releases.act == "stall":
                releases.stop.wait(30)
            self.close_connection = True
        else:
            self._answer(200, content)

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)


class _Proxy(BaseHTTPRequestHandler):
    context: ClassVar[ssl.SSLContext]
    github: ClassVar[type[_Github]]

    def log_message(self, *_: Any) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with self.context.wrap_socket(self.connection, server_side=True) as secure:
            self.github(secure, self.client_address, self.server)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of these tests go away in the middle."""


@contextmanager
def released(folder: Path) -> Iterator[Releases]:
    """The two hosts, until the end. Keys and certificates lie in the folder."""
    releases = Releases()
    authority, chain = _certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    github = type("Github", (_Github,), {"releases": releases})
    server = _Server(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"context": context, "github": github}))
    here = f"http://127.0.0.1:{server.server_address[1]}"
    releases.environment = {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), here),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
        **dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(authority)),
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield releases
    finally:
        releases.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _certificates(folder: Path) -> tuple[Path, Path]:
    """The certificate of an authority, and a file with the key and certificate that it gave to both hosts."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, word)]) for word in ("tests", HOST))

    def certificate(subject: x509.Name, public: Any, extension: x509.ExtensionType) -> x509.Certificate:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        return (
            x509.CertificateBuilder(root_name, subject, public, x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(identifier, critical=False)
            .sign(root_key, hashes.SHA256())
        )

    root = certificate(root_name, root_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    hosts = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName(ASSETS)])
    leaf = certificate(name, key.public_key(), hosts)
    authority, chain = folder / "authority.pem", folder / "chain.pem"
    form = serialization.Encoding.PEM
    authority.write_bytes(root.public_bytes(form))
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(secret + leaf.public_bytes(form))
    return authority, chain
