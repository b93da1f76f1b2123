"""An exchange's gateway by PyJWT.

As a program, `gateway.py KEY JWKS AUDIENCE ACCOUNT`: makes a key, writes it to KEY and its public part to JWKS, and prints a
token of the account. As Schemathesis's hooks: gives every request a token of its own, by the key and the names in the
environment.
"""

import json
import os
import sys
import time
import uuid
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def token(key: bytes, audience: str, account: str) -> str:
    made = int(time.time())
    claims = {"sub": account, "aud": audience, "iat": made, "exp": made + 60, "jti": str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "pyjwt"})


def main(key_path: str, jwks_path: str, audience: str, account: str) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    Path(key_path).write_bytes(pem)
    public = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    Path(jwks_path).write_text(json.dumps({"keys": [{**public, "kid": "pyjwt", "alg": "EdDSA", "use": "sig"}]}))
    print(token(pem, audience, account))


if __name__ == "__main__":
    main(*sys.argv[1:])
else:
    import schemathesis

    @schemathesis.auth(refresh_interval=None)
    class Gateway:
        def get(self, case, context):
            key = Path(os.environ["GATEWAY_KEY"]).read_bytes()
            return token(key, os.environ["GATEWAY_AUDIENCE"], os.environ["GATEWAY_ACCOUNT"])

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
