import { ClientMqtt } from 'nestjs-mqtt-transport';
import { filter, firstValueFrom, take, timeout, toArray } from 'rxjs';
import { readings, type Reading } from './readings.js';
import { say } from './say.js';

const DEVICES = ['kitchen', 'cellar', 'roof'];
const READINGS_PER_DEVICE = 4;
const PATIENCE_MS = 10_000;

/** Devices report, and an HTTP client sends requests. @returns the problems */
export async function playRound(mqttUrl: string, httpUrl: string): Promise<string[]> {
  const taken = firstValueFrom(
    readings.added.pipe(
      filter(({ deviceId }) => DEVICES.includes(deviceId)),
      take(DEVICES.length * READINGS_PER_DEVICE),
      timeout({ first: PATIENCE_MS, each: PATIENCE_MS }),
      toArray(),
    ),
  );
  const sent = await report(mqttUrl);
  const problems = checkReadings(sent, await taken);

  const { status, body } = await get(`${httpUrl}/devices/roof`);
  if (status !== 200 || !body.includes('"deviceId":"roof"')) problems.push(`the roof's reading is ${status} ${body}`);
  const unknown = await get(`${httpUrl}/devices/attic`);
  if (unknown.status !== 404) problems.push(`a device that has not reported is ${unknown.status} ${unknown.body}`);
  return problems;
}

/** Simulates devices, which may be programs in any language. */
async function report(mqttUrl: string): Promise<string[]> {
  const client = new ClientMqtt({ url: mqttUrl });
  const sent: string[] = [];
  for (let i = 0; i < READINGS_PER_DEVICE; i++) {
    for (const [n, deviceId] of DEVICES.entries()) {
      const celsius = 20 - 5 * n + i;
      await client.publish(`devices/${deviceId}/telemetry`, { celsius }, { qos: 1 });
      sent.push(`${deviceId} ${celsius}`);
    }
  }
  await client.close();
  return sent;
}

function checkReadings(sent: string[], taken: Reading[]): string[] {
  const problems: string[] = [];
  const got = taken.map(({ deviceId, celsius }) => `${deviceId} ${celsius}`);
  if (got.toSorted().join() !== sent.toSorted().join()) problems.push(`${sent.join()} was sent, ${got.join()} arrived`);
  const workers = new Set(taken.map(({ worker }) => worker));
  for (const worker of workers) {
    const share = taken.filter((reading) => reading.worker === worker).length;
    say('group', `${worker} took ${share} of ${taken.length} readings`);
  }
  if (workers.size !== 2) problems.push(`${workers.size} of 2 workers took part`);
  return problems;
}

async function get(url: string): Promise<{ status: number; body: string }> {
  say('http', `GET ${url}`);
  const response = await fetch(url);
  const answer = { status: response.status, body: await response.text() };
  say('http', `${answer.status} ${answer.body}`);
  return answer;
}
