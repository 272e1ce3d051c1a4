"""Certificates for the servers of the tests, created on demand."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Key = ec.EllipticCurvePrivateKey


def certificate(
    folder: Path,
    name: str,
    *alternatives: x509.GeneralName,
    by: tuple[x509.Certificate, Key] | None = None,
    days: int = 30,
) -> tuple[ssl.SSLContext, x509.Certificate, Key]:
    """A server's context, with a certificate for ``alternatives`` that ``by`` signed, or that is
    signed by itself."""
    key, subject = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
    )
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    signer, signing_key = by or (None, key)
    made = (
        x509.CertificateBuilder(
            subject_name=subject,
            issuer_name=signer.subject if signer else subject,
            public_key=key.public_key(),
        )
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - datetime.timedelta(days=60))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=not alternatives, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()),
            critical=False,
        )
    )
    if alternatives:
        made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    else:
        made = made.add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False),
            critical=True,
        )
    signed = made.sign(signing_key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem")
    return context, signed, key
