import { ClientMqtt } from 'nestjs-mqtt-transport';

const HOUSES = ['north', 'south', 'orchids'];
const EVERY_MS = 150;
/** One of this many readings is invalid. */
const ONE_WRONG_IN = 40;

/** Simulates sensors and valves of three houses. @returns a function that stops them */
export function startDevices(url: string): () => Promise<void> {
  const client = new ClientMqtt({ url, clientId: 'devices', protocolVersion: 5 });
  let count = 0;
  const timer = setInterval(() => void act(client, count++).catch(() => {}), EVERY_MS);
  return async () => {
    clearInterval(timer);
    await client.close();
  };
}

async function act(client: ClientMqtt, count: number): Promise<void> {
  const house = HOUSES[count % HOUSES.length]!;
  const celsius = count % ONE_WRONG_IN === 5 ? 451 : Math.round(200 + 30 * Math.sin(count / 20)) / 10;
  await client.publish(
    `greenhouse/${house}/temperature`,
    { celsius, pin: '1234' },
    { qos: 1, userProperties: { sensor: `t-${house}` } },
  );
  if (count % 4 === 0) await client.publish(`greenhouse/${house}/valve`, { open: count % 8 === 0 }, { qos: 1 });
  if (count % 10 === 0) await client.publish(`Greenhouse/${house}/Temperature`, { celsius }); // no handler matches: the page shows why
}
