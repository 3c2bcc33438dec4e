"""A FastStream service that a test drives: commands come on stdin, answers and events go to stdout, as lines of JSON.

Usage: peer.py <broker url> <3.1.1 | 5.0> [traced]
"""

import asyncio
import base64
import json
import sys
from typing import Any

from faststream.mqtt import MQTTBroker, MQTTMessage, QoS
from faststream.mqtt.opentelemetry import MQTTTelemetryMiddleware
from faststream.mqtt.response import MQTTResponse
from opentelemetry.sdk.trace import TracerProvider

url, version, *traced = sys.argv[1:]
middlewares = [MQTTTelemetryMiddleware(tracer_provider=TracerProvider())] if traced else []
broker = MQTTBroker(url, version=version, logger=None, middlewares=middlewares)


def tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def to_wire(body: Any) -> Any:
    return {"base64": base64.b64encode(body).decode()} if isinstance(body, bytes) else body


def from_wire(body: Any) -> Any:
    return base64.b64decode(body["base64"]) if isinstance(body, dict) and "base64" in body else body


async def describe(message: MQTTMessage) -> dict[str, Any]:
    return {
        "topic": message.raw_message.topic,
        "body": to_wire(await message.decode()),
        "headers": message.headers,
        "contentType": message.content_type,
        "correlationId": message.correlation_id,
    }


@broker.subscriber("fs/echo", qos=QoS.AT_LEAST_ONCE)
async def echo(body: Any) -> Any:
    return body


@broker.subscriber("fs/headers")
async def headers(message: MQTTMessage) -> MQTTResponse:
    return MQTTResponse({"got": message.headers}, headers={"from": "faststream"}, qos=QoS.AT_LEAST_ONCE)


@broker.publisher("fs/double/answers")
@broker.subscriber("fs/double")
async def double(value: int) -> int:
    return 2 * value


@broker.subscriber("fs/events/{name}", qos=QoS.AT_LEAST_ONCE)
async def event(message: MQTTMessage) -> None:
    tell({"event": await describe(message)})


@broker.subscriber("mixed/+", shared="mixed", qos=QoS.AT_LEAST_ONCE)
async def member(message: MQTTMessage) -> None:
    tell({"event": await describe(message)})


async def obey(command: dict[str, Any]) -> None:
    try:
        arguments = {**command["arguments"], "qos": QoS(command["arguments"].get("qos", 0))}
        body = from_wire(command["body"])
        if command["op"] == "publish":
            await broker.publish(body, command["topic"], **arguments)
            tell({"id": command["id"], "result": None})
        else:
            reply = await broker.request(body, command["topic"], timeout=10, **arguments)
            tell({"id": command["id"], "result": await describe(reply)})
    except Exception as error:
        tell({"id": command["id"], "error": repr(error)})


async def main() -> None:
    async with broker:
        await broker.start()
        tell({"ready": True})
        loop = asyncio.get_running_loop()
        tasks = set()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            task = asyncio.create_task(obey(json.loads(line)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


asyncio.run(main())
