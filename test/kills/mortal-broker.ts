import { setTimeout as sleep } from 'node:timers/promises';
import { MqttBroker } from '../../lib/testing/index.js';
import { MosquittoProcess } from '../support/mosquitto-process.js';
import type { Random } from '../support/random.js';

/** A broker that can be killed. */
export interface MortalBroker {
  readonly name: string;
  readonly url: string;
  /** Set when its sessions survive exactly as they were, and it can be watched. */
  readonly inProcess?: MqttBroker;
  /**
   * It goes, without a word to anybody, and comes back.
   *
   * @param onKill called when it goes
   */
  kill(random: Random, onKill: () => void): Promise<void>;
  close(): Promise<void>;
}

export type StartBroker = () => Promise<MortalBroker>;

const NO_LIMIT = 10_000_000;
/** The in-process broker is cut off at one of so many next packets: between any two of them. */
const PACKETS = 40;
const PACKETS_MS = 1_000;
/** How often its last words are lost with it, and for how long it has spoken to nobody by then. */
const UNHEARD = { share: 0.5, mostMs: 5 };
/** How long a broker is away: clients that wait longer than that before they try again find it there at once. */
const AWAY_MS = { least: 5, most: 25 };

/** Its sessions survive exactly as they were when its sockets were cut. */
export async function startInProcess(): Promise<MortalBroker> {
  const broker = new MqttBroker({ maximumQueuedMessages: NO_LIMIT });
  return {
    name: 'in-process broker',
    url: await broker.listen(),
    inProcess: broker,
    kill: async (random, onKill) => {
      await cutAtPacket(broker, random, onKill);
      await away(random);
      await broker.start();
    },
    close: () => broker.close(),
  };
}

/**
 * Its sessions are on disk after each change, but not before it has answered: it comes back in a state that is older than what it
 * has said, and may use Packet Identifiers again for other messages.
 */
export function startMosquitto(): Promise<MortalBroker> {
  return launchMosquitto('Mosquitto with persistence', true);
}

/** It comes back with nothing. */
export function startForgetfulMosquitto(): Promise<MortalBroker> {
  return launchMosquitto('Mosquitto without persistence', false);
}

const SETTINGS = [
  // a log of every packet is not needed, and takes time
  ...['log_type none', 'log_type error', 'log_type warning', 'log_type notice', 'log_type information'],
  // QoS 2 exchanges that it has gone back to, and that are over elsewhere, would use its window up: it refuses messages then (0x97)
  'max_inflight_messages 0',
];

async function launchMosquitto(name: string, persistence: boolean): Promise<MortalBroker> {
  const mosquitto = await MosquittoProcess.launch({ persistence, config: SETTINGS });
  return {
    name,
    url: mosquitto.url,
    kill: async (random, onKill) => {
      onKill();
      await mosquitto.kill();
      await away(random);
      await mosquitto.start();
    },
    close: () => mosquitto.close(),
  };
}

async function away(random: Random): Promise<void> {
  await sleep(random.between(AWAY_MS.least, AWAY_MS.most));
}

async function cutAtPacket(broker: MqttBroker, random: Random, onKill: () => void): Promise<void> {
  const packets = random.between(1, PACKETS);
  if (random.next() >= UNHEARD.share) {
    await atPacket(broker, packets, () => {
      onKill();
      return broker.stop();
    });
    return;
  }
  const listen = await atPacket(broker, packets, () => {
    onKill();
    return broker.faults.withhold('out', () => true);
  });
  await sleep(random.between(1, UNHEARD.mostMs));
  await broker.stop();
  listen();
}

/** Acts while a packet is being handled, before anything else happens; or when so many do not come. */
function atPacket<T>(broker: MqttBroker, count: number, act: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    let left = count;
    const onPacket = (): void => {
      if (--left === 0) end();
    };
    const end = (): void => {
      clearTimeout(timer);
      broker.off('packet', onPacket);
      resolve(act());
    };
    const timer = setTimeout(end, PACKETS_MS);
    broker.on('packet', onPacket);
  });
}
