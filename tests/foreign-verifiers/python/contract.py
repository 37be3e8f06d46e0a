"""The contract as a partner has it: compiled by protoc, spoken by the protobuf library of Python.

Compiles all of `proto/` with the protoc of grpcio-tools, and writes every golden conversion with the classes it made.
The bytes have to be those of Rust, whose SHA-256 stands in `plugins/sdks/tests/golden-bytes.txt`, and have to read back
as what was written.

Usage: contract.py ROOT_OF_THE_REPOSITORY FOLDER_TO_WRITE_TO. Exit code 3 without grpcio-tools.
"""

import hashlib
import json
import sys
from pathlib import Path

try:
    import grpc_tools
    from grpc_tools import protoc
except ImportError as missing:
    print("missing:", repr(missing))
    sys.exit(3)

ROOT, OUT = Path(sys.argv[1]), Path(sys.argv[2])
INCLUDED = Path(grpc_tools.__file__).parent / "_proto"
FILES = sorted(str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto").rglob("*.proto"))

arguments = ["protoc", f"-I{ROOT / 'proto'}", f"-I{INCLUDED}", f"--python_out={OUT}", f"--grpc_python_out={OUT}", *FILES]
if protoc.main(arguments) != 0:
    sys.exit("protoc refused the contract")

sys.path.insert(0, str(OUT))
from google.protobuf import json_format  # noqa: E402
from lawgate.v1 import exchange_pb2_grpc, conversion_pb2  # noqa: E402

assert hasattr(exchange_pb2_grpc, "ExchangeStub")

lines = (ROOT / "plugins/sdks/tests/golden-bytes.txt").read_text().splitlines()
for line in lines:
    digest, path = line.split("  ")
    golden = json.loads((ROOT / path).read_text())["converted"]
    written = json_format.ParseDict(golden, conversion_pb2.Conversion()).SerializeToString(deterministic=True)
    if hashlib.sha256(written).hexdigest() != digest:
        sys.exit(f"{path}: other bytes than those of Rust")
    read = json_format.MessageToDict(conversion_pb2.Conversion.FromString(written))
    if read != golden:
        sys.exit(f"{path}: reads back as something else")
if len(lines) < 10:
    sys.exit("too few golden conversions")
print(f"{len(FILES)} files, {len(lines)} conversions")
