"""A second verifier of lawgate's audit logs, independent of the gateway's own programs.

Written from the documents (docs/audit-log.md, RFC 6962, RFC 8949, RFC 3161, the C2SP specifications) for an expert who
wants to check a log without trusting who wrote it. It reads and computes; it writes nothing and opens no connection.
Only Python's standard library is needed, and `cryptography` where signatures are checked.
"""

VERSION = "1"
