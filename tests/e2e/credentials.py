"""Making credentials: consign-admin as an operator runs it, and tokens as a single sign-on signs them."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time
from pathlib import Path

from consign import Client, fresh

ROOT = Path(__file__).resolve().parents[2]
ISSUER, AUDIENCE = "https://sso.example.com", "consign"


def binaries():
    """The folder with the programs under test."""
    return Path(os.environ.get("CONSIGN_BIN_DIR") or ROOT / "build" / os.environ.get("CONSIGN_BUILD", "release") / "bin")


def run_admin(*arguments, stdin="", **environment):
    """Runs consign-admin; returns what it prints."""
    run = subprocess.run([binaries() / "consign-admin", *arguments], env={**os.environ, **environment}, text=True, input=stdin,
                         capture_output=True, timeout=60)
    assert run.returncode == 0, f"consign-admin {' '.join(arguments)}:\n{run.stdout}{run.stderr}"
    return run.stdout


def admin(*arguments, **options):
    """Runs consign-admin; returns the NAME=value lines that it prints."""
    return dict(line.split("=", 1) for line in run_admin(*arguments, **options).splitlines())


def make_session(tenant, permissions="customers,import", *options):
    """(id, token)"""
    made = admin("session", "create", "--tenant", tenant, "--permissions", permissions, "--user", "anna", *options)
    return made["CONSIGN_SESSION_ID"], made["CONSIGN_SESSION"]


def with_session(url, token):
    client = Client(url)
    client.headers["Cookie"] = f"theme=dark; vinc_b2b_session={token}"
    return client


def with_token(url, token):
    client = Client(url)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def with_app_key(url, key_id, secret):
    """An API key under its VTEX names."""
    client = Client(url)
    client.headers.update({"X-VTEX-API-AppKey": key_id, "X-VTEX-API-AppToken": secret})
    return client


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class TokenKey:
    """A key of bearer tokens that Consign knows, and the side of it that signs."""

    def __init__(self, tenant, permissions="customers,import"):
        self.kid = fresh("kid")
        self.tenant = tenant
        self.put(permissions)

    def store(self, algorithm, permissions, **input_of_admin):
        self.algorithm = algorithm
        admin("jwt-key", "put", self.kid, "--tenant", self.tenant, "--algorithm", algorithm, "--issuer", ISSUER,
              "--audience", AUDIENCE, "--permissions", permissions, **input_of_admin)

    def token(self, header=None, **claims):
        """A good token, but for what is given; None leaves a claim out."""
        claims = {"iss": ISSUER, "aud": AUDIENCE, "tenant": self.tenant, "exp": int(time.time()) + 600, **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        header = header or {"alg": self.algorithm, "typ": "JWT", "kid": self.kid}
        text = b".".join(encode(json.dumps(part).encode()) for part in (header, claims))
        return (text + b"." + encode(self.sign(text))).decode()


class HmacKey(TokenKey):
    def put(self, permissions):
        self.secret = os.urandom(24).hex()
        self.store("HS256", permissions, CONSIGN_JWT_SECRET=self.secret)

    def sign(self, text):
        return hmac.new(self.secret.encode(), text, hashlib.sha256).digest()


class RsaKey(TokenKey):
    def put(self, permissions):
        self.private = self.openssl("genrsa", "2048")
        self.public = self.openssl("pkey", "-in", "/dev/stdin", "-pubout", stdin=self.private).decode()
        self.store("RS256", permissions, stdin=self.public)

    def openssl(self, *arguments, stdin=b"", **options):
        return subprocess.run(["openssl", *arguments], input=stdin, check=True, capture_output=True, timeout=60,
                              **options).stdout

    def sign(self, text):
        reading, writing = os.pipe()
        os.write(writing, self.private)
        os.close(writing)
        signature = self.openssl("dgst", "-sha256", "-sign", f"/dev/fd/{reading}", stdin=text, pass_fds=[reading])
        os.close(reading)
        return signature
