"""Canonical encoding against msgspec's own, SHA-256 and the `rfc8785` package.

python benchmarks/bench_canonical.py
"""

import hashlib

import msgspec
import rfc8785
from measure import SIZES, dag_of, heading, medians, row

from dagserial.canonical import canonical_bytes
from dagserial.formats import v2


def main() -> None:
    """Print each ratio beside its target."""
    deterministic = msgspec.json.Encoder(order="deterministic")
    for size, arguments in SIZES.items():
        dag = dag_of(1000, arguments)
        document = v2.Document(dag.fields, v2.FORMAT, dag.groups, dag.tasks)
        body = v2.encode(dag)
        plain = msgspec.json.decode(body)
        found = medians(
            {
                "msgspec": lambda document=document: deterministic.encode(document),
                "encode": lambda dag=dag: v2.encode(dag),
                "address": lambda dag=dag: hashlib.sha256(v2.encode(dag)).digest(),
                "sha256": lambda body=body: hashlib.sha256(body).digest(),
                "any JSON": lambda plain=plain: canonical_bytes(plain),
                "rfc8785": lambda plain=plain: rfc8785.dumps(plain),
            }
        )
        heading(f"1,000 tasks of {size}, {len(body):,} bytes")
        row("encode / msgspec deterministic", found["encode"] / found["msgspec"], 1.15)
        row("encode and SHA-256 / msgspec deterministic", found["address"] / found["msgspec"], 1.8)
        row("encode and SHA-256 / SHA-256 of the same bytes", found["address"] / found["sha256"], 3.0)
        row("rfc8785 / encode", found["rfc8785"] / found["encode"], 30, at_least=True)
        row("rfc8785 / canonical_bytes of any JSON value", found["rfc8785"] / found["any JSON"], 7, at_least=True)


if __name__ == "__main__":
    main()
