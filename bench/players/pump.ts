// Publishes QoS 0 events as fast as the broker takes them: their bytes are made once, so that this process costs next to nothing.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type Packet } from 'mqtt-packet';
import { reading } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';
import { stopwatch, type Lap } from '../harness/stopwatch.js';

export interface PumpParameters {
  readonly url: string;
  /** One connection for each. */
  readonly topics: readonly string[];
  /** Events in one write. Default 100. */
  readonly piece?: number;
}

const { url, topics, piece = 100 } = playerParameters<PumpParameters>();
const { hostname, port } = new URL(url);
/** Connections that are opened at once: more than a listening socket keeps waiting would have to try again after a second. */
const OPENED_AT_ONCE = 50;

interface Source {
  readonly socket: Socket;
  readonly event: Buffer;
}

async function open(topic: string, place: number): Promise<Source> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const clientId = `pump-${place}`;
  socket.write(
    bytesOf({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 0 }),
  );
  const [connack] = (await once(socket, 'data')) as [Buffer];
  if (connack[3] !== 0) throw new Error(`The broker refuses connection ${place}: ${connack.toString('hex')}`);
  const payload = JSON.stringify(reading());
  const event = bytesOf({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
  return { socket, event };
}

function bytesOf(packet: Packet): Buffer {
  return generate(packet, { protocolVersion: 4 });
}

const sources: Source[] = [];
for (let from = 0; from < topics.length; from += OPENED_AT_ONCE) {
  const some = topics.slice(from, from + OPENED_AT_ONCE);
  sources.push(...(await Promise.all(some.map((topic, i) => open(topic, from + i)))));
}

/** Publishes that many events over each connection; they take turns. */
async function pump(events: number): Promise<Lap> {
  const lap = stopwatch();
  await Promise.all(sources.map((source) => publish(source, events)));
  return lap();
}

async function publish({ socket, event }: Source, events: number): Promise<void> {
  const bytes = Buffer.concat(Array.from({ length: Math.min(piece, events) }, () => event));
  for (let sent = 0; sent < events; sent += piece) {
    const rest = Math.min(piece, events - sent);
    await new Promise<void>((resolve, reject) =>
      socket.write(bytes.subarray(0, rest * event.length), (error) => (error ? reject(error) : resolve())),
    );
  }
}

play({ pump });
