// Publishes QoS 0 events as fast as the broker takes them: their bytes are made once, so that this process costs next to nothing.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type Packet } from 'mqtt-packet';
import { reading } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';

export interface PumpParameters {
  readonly url: string;
  /** One connection for each. */
  readonly topics: readonly string[];
}

const { url, topics } = playerParameters<PumpParameters>();
const { hostname, port } = new URL(url);
/** Events in one write: small enough for the connections to take turns. */
const PIECE = 100;

interface Source {
  readonly socket: Socket;
  readonly event: Buffer;
}

async function open(topic: string, place: number): Promise<Source> {
  const socket = connect({ host: hostname, port: Number(port) });
  const clientId = `pump-${place}`;
  socket.write(
    bytesOf({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 0 }),
  );
  await once(socket, 'data'); // CONNACK
  const payload = JSON.stringify(reading());
  const event = bytesOf({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
  return { socket, event };
}

function bytesOf(packet: Packet): Buffer {
  return generate(packet, { protocolVersion: 4 });
}

const sources = await Promise.all(topics.map(open));

/** Publishes that many events in all. */
async function pump(events: number): Promise<void> {
  await Promise.all(sources.map((source) => publish(source, events / sources.length)));
}

async function publish({ socket, event }: Source, events: number): Promise<void> {
  const piece = Buffer.concat(Array.from({ length: Math.min(PIECE, events) }, () => event));
  for (let sent = 0; sent < events; sent += PIECE) {
    const rest = Math.min(PIECE, events - sent);
    if (!socket.write(piece.subarray(0, rest * event.length))) await once(socket, 'drain');
  }
}

play({ pump });
