"""A partner's client that knows nothing of lawgate but its address and its own certificate.

Learns the services and messages by server reflection, asks for the health, and
submits one HJ 212 packet. Uses grpcio and grpcio-reflection as published.

Usage: reflection_client.py HOST:PORT CLIENT_FOLDER PACKET_FILE
"""

import pathlib
import sys
import tomllib

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

DEADLINE_S = 20


def channel_to(address: str, folder: pathlib.Path, agency: str) -> grpc.Channel:
    """Opens a channel with the certificate of an agency."""
    settings = tomllib.loads((folder / f"{agency}.toml").read_text())
    read = lambda key: (folder / settings[key]).read_bytes()
    credentials = grpc.ssl_channel_credentials(read("ca"), read("key"), read("certificate"))
    options = [("grpc.ssl_target_name_override", "localhost")]
    return grpc.secure_channel(address, credentials, options)


def call(channel: grpc.Channel, pool: descriptor_pool.DescriptorPool, method: str, request: dict):
    """Calls `package.Service/Method` by what reflection says of it."""
    service, name = method.split("/")
    described = pool.FindServiceByName(service).FindMethodByName(name)
    input_class = message_factory.GetMessageClass(described.input_type)
    output_class = message_factory.GetMessageClass(described.output_type)
    stub = channel.unary_unary(
        f"/{method}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=output_class.FromString,
    )
    return stub(json_format.ParseDict(request, input_class()), timeout=DEADLINE_S)


def main() -> None:
    """Lists, asks, submits; prints what a person would want to see."""
    address, folder, packet = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    channel = channel_to(address, folder, "city-eco")
    database = ProtoReflectionDescriptorDatabase(channel)
    for service in database.get_services():
        print(service)
    pool = descriptor_pool.DescriptorPool(database)

    health = call(channel, pool, "grpc.health.v1.Health/Check", {"service": "lawgate.v1.Exchange"})
    print(json_format.MessageToDict(health)["status"])

    import base64

    payload = base64.b64encode(packet.read_bytes()).decode()
    request = {"feed": "hj212", "idempotencyKey": "from-python", "messages": [{"payload": payload}]}
    answer = call(channel, pool, "lawgate.v1.Exchange/Submit", request)
    print(f"accepted at position {answer.receipt.position}: {answer.counts.records} records")


if __name__ == "__main__":
    main()
