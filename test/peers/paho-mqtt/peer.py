"""A service on paho-mqtt, which knows nothing of Nest. Driven like the other peers, see ../README.md.

Usage: peer.py <broker host> <broker port>
"""

import base64
import itertools
import json
import os
import sys
import threading
from concurrent.futures import Future
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

host, port = sys.argv[1:]
inbox = f"inbox/paho/{os.getpid()}"
numbers = itertools.count(1)
waiting: dict[bytes, Future[mqtt.MQTTMessage]] = {}
written = threading.Lock()


def tell(line: dict[str, Any]) -> None:
    with written:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def encode(body: Any) -> tuple[bytes, str]:
    if isinstance(body, dict) and "base64" in body:
        return base64.b64decode(body["base64"]), "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/plain"
    return json.dumps(body).encode(), "application/json"


def decode(payload: bytes, content_type: str | None) -> Any:
    if content_type == "application/json":
        return json.loads(payload)
    if content_type == "text/plain":
        return payload.decode()
    return {"base64": base64.b64encode(payload).decode()}


def headers_of(message: mqtt.MQTTMessage) -> dict[str, str]:
    return dict(getattr(message.properties, "UserProperty", []))


def describe(message: mqtt.MQTTMessage) -> dict[str, Any]:
    content_type = getattr(message.properties, "ContentType", None)
    correlation_data = getattr(message.properties, "CorrelationData", None)
    return {
        "topic": message.topic,
        "body": decode(message.payload, content_type),
        "headers": headers_of(message),
        "contentType": content_type,
        "correlationId": correlation_data and correlation_data.decode(),
    }


def properties_of(content_type: str | None, headers: dict[str, str]) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    if content_type is not None:
        properties.ContentType = content_type
    for header in headers.items():
        properties.UserProperty = header
    return properties


def reply(request: mqtt.MQTTMessage, payload: bytes, content_type: str | None, headers: dict[str, str]) -> None:
    properties = properties_of(content_type, headers)
    properties.CorrelationData = request.properties.CorrelationData
    client.publish(request.properties.ResponseTopic, payload, request.qos, properties=properties)


def on_echo(_client: mqtt.Client, _data: Any, request: mqtt.MQTTMessage) -> None:
    reply(request, request.payload, getattr(request.properties, "ContentType", None), {})


def on_headers(_client: mqtt.Client, _data: Any, request: mqtt.MQTTMessage) -> None:
    payload, content_type = encode({"got": headers_of(request)})
    reply(request, payload, content_type, {"from": "peer"})


def on_event(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
    tell({"event": describe(message)})


def on_reply(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
    future = waiting.pop(message.properties.CorrelationData, None)
    if future is not None:
        future.set_result(message)


SERVED = {
    "peer/echo": on_echo,
    "peer/headers": on_headers,
    "peer/events/+": on_event,
    "$share/mixed/mixed/+": on_event,
    inbox: on_reply,
}


def on_connect(_client: mqtt.Client, *_rest: Any) -> None:
    client.subscribe([(filter_, mqtt.SubscribeOptions(qos=2)) for filter_ in SERVED])


def on_subscribe(_client: mqtt.Client, _data: Any, _id: int, reason_codes: list[Any], _properties: Any) -> None:
    if any(code.is_failure for code in reason_codes):
        sys.exit("a subscription was refused")
    tell({"ready": True})


def obey(command: dict[str, Any]) -> None:
    id_, topic, arguments = command["id"], command["topic"], command["arguments"]
    try:
        payload, content_type = encode(command["body"])
        properties = properties_of(content_type, arguments.get("headers", {}))
        qos = arguments.get("qos", 0)
        if command["op"] == "publish":
            client.publish(topic, payload, qos, properties=properties).wait_for_publish(10)
            tell({"id": id_, "result": None})
            return
        correlation_data = arguments.get("correlation_id", f"paho-{next(numbers)}").encode()
        properties.ResponseTopic = inbox
        properties.CorrelationData = correlation_data
        future = waiting[correlation_data] = Future()
        client.publish(topic, payload, qos, properties=properties)
        tell({"id": id_, "result": describe(future.result(10))})
    except Exception as error:
        tell({"id": id_, "error": repr(error)})


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
client.on_connect = on_connect
client.on_subscribe = on_subscribe
for filter_, callback in SERVED.items():
    client.message_callback_add(filter_.removeprefix("$share/mixed/"), callback)
client.connect(host, int(port))
client.loop_start()
for line in sys.stdin:
    threading.Thread(target=obey, args=(json.loads(line),), daemon=True).start()
