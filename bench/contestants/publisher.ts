// Publishes readings as fast as the broker takes them, when it is told to.
import { playerParameters, tell } from '../harness/player.js';
import { rawClient } from '../harness/raw-client.js';
import { TOPIC, type Reading } from './consumer.js';

export interface PublisherParameters {
  readonly url: string;
  readonly qos: 0 | 1 | 2;
  readonly messages: number;
  /** Messages that are under way at once. */
  readonly window: number;
}

const { url, qos, messages, window } = playerParameters<PublisherParameters>();
const client = rawClient(url, { protocolVersion: 4 });
const padding = 'x'.repeat(60);

async function publish(): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < messages) {
      const reading: Reading & { padding: string } = { device: 'd1', celsius: next++ % 40, padding };
      await client.publishAsync(TOPIC, JSON.stringify(reading), { qos });
    }
  };
  await Promise.all(Array.from({ length: window }, one));
  tell('published');
}

process.once('message', () => void publish());
client.once('connect', () => tell('ready'));
