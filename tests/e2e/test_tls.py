"""TLS on the listener, with a certificate of our own."""

import os
import socket
import ssl
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from consign import assert_all_applied, fresh, wait_for


def make_certificate(folder, name):
    """Writes <folder>/cert.pem and key.pem, the key first: a listener looks at the certificate."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
                    "-out", folder / "new.pem"], check=True, capture_output=True, timeout=60)
    os.replace(folder / "new.pem", folder / "cert.pem")
    return folder / "cert.pem"


@pytest.fixture(scope="module")
def secure(stack, tmp_path_factory):
    """(address, certificate) of an ingress that speaks TLS."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = make_certificate(folder, "first")
    with stack.ingress(CONSIGN_LISTEN="127.0.0.1", CONSIGN_TLS_CERT=str(certificate),
                       CONSIGN_TLS_KEY=str(folder / "key.pem")) as url:
        yield url.replace("http://", "https://"), certificate


def connect(secure, **settings):
    """A TLS connection; `settings` are attributes of its context."""
    url, certificate = secure
    context = ssl.create_default_context(cafile=certificate)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # what is refused, the server refuses
    if "alpn" in settings:
        context.set_alpn_protocols(settings.pop("alpn"))
    for name, value in settings.items():
        setattr(context, name, value)
    address = urlsplit(url)
    return context.wrap_socket(socket.create_connection((address.hostname, address.port), timeout=30),
                               server_hostname=address.hostname)


def test_an_import_over_tls_is_applied(secure, acme):
    url, certificate = secure
    code = fresh("P")
    response = requests.post(f"{url}/api/b2b/pim/import/queue", headers=acme.headers, verify=certificate, timeout=60,
                             json={"source_id": acme.source_id, "products": [{"entity_code": code, "name": "x" * 500000}]})
    assert_all_applied(acme.finish(response), 1)


def test_many_requests_on_one_tls_connection_are_answered(secure):
    url, certificate = secure
    with requests.Session() as session:
        assert [session.get(f"{url}/healthz", verify=certificate, timeout=30).text for _ in range(50)] == ["ok\n"] * 50


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(secure, version):
    with connect(secure, minimum_version=version, maximum_version=version) as connection:
        assert connection.version() == version.name.replace("_", ".")
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_an_older_tls_is_refused(secure):
    with pytest.raises(OSError):
        connect(secure, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_http2_is_never_agreed_on(secure):
    with connect(secure, alpn=["h2", "http/1.1"]) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
    with connect(secure) as connection:
        assert connection.selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLError):
        connect(secure, alpn=["h2"])


def test_an_http2_preface_behind_the_handshake_is_refused(secure):
    with connect(secure) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_plain_http_on_the_tls_port_gets_no_answer_and_harms_nobody(secure):
    url, certificate = secure
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"HTTP/" not in plain.recv(100)
    assert requests.get(f"{url}/healthz", verify=certificate, timeout=30).text == "ok\n"


def test_a_body_too_large_is_refused_before_it_is_sent_over_tls_too(secure):
    with connect(secure) as connection:
        connection.sendall(b"POST /api/b2b/pim/import/queue HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_renewed_certificate_is_taken_without_a_restart(secure):
    url, certificate = secure
    address = urlsplit(url)
    before = ssl.get_server_certificate((address.hostname, address.port))
    make_certificate(certificate.parent, "second")
    after = wait_for("the new one is shown", lambda: (shown := ssl.get_server_certificate((address.hostname, address.port)))
                     != before and shown)
    assert ssl.PEM_cert_to_DER_cert(after) == ssl.PEM_cert_to_DER_cert(certificate.read_text())


def test_a_certificate_that_cannot_be_read_leaves_the_last_one_in_use(secure):
    url, certificate = secure
    text = certificate.read_text()
    certificate.write_text("not a certificate")
    with connect_unverified(url) as connection:
        assert connection.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(text)
    certificate.write_text(text)


def connect_unverified(url):
    context = ssl._create_unverified_context()
    address = urlsplit(url)
    return context.wrap_socket(socket.create_connection((address.hostname, address.port), timeout=30))
