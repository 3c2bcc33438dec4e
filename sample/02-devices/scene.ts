import { say } from '../01-quick-start/say.js';
import type { Device } from './device.js';
import type { Operator } from './operator.js';

/** @returns the problems */
export async function playScene(lamps: Readonly<Record<string, Device>>, operator: Operator): Promise<string[]> {
  const problems: string[] = [];
  const expect = (what: string, is: unknown, should: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(should)) problems.push(`${what}: ${JSON.stringify(is)}`);
  };

  await operator.connect();
  const states: string[] = [];
  const watching = operator.watch('north', 4, ({ deviceId, celsius }) => states.push(`${deviceId} ${celsius}`));
  const failing = operator.failure();
  await operator.ready();

  for (const [i, lamp] of Object.values(lamps).entries()) {
    await lamp.report(20 + i, 255);
    await lamp.report(30 + i, 128);
  }
  await watching;
  expect('states', states.toSorted(), ['lamp-1 20', 'lamp-1 30', 'lamp-2 21', 'lamp-2 31']);

  const state = await operator.stateOf('north', 'lamp-1');
  say('operator', `retained state of lamp-1: ${state.celsius} degrees, battery at ${state.batteryPercent} %`);
  expect('kept state', [20, 30].includes(state.celsius), true);

  const blinks = await operator.blink('north', 'lamp-2', 3);
  say('operator', `lamp-2 answers: ${blinks.join(', ')}`);
  expect('blinks', blinks, ['blink 1 of 3', 'blink 2 of 3', 'blink 3 of 3']);
  const refusal: unknown = await operator.blink('north', 'lamp-2', 1_000).catch((error: unknown) => error);
  say('operator', `lamp-2 refuses: ${JSON.stringify(refusal)}`);
  expect('refusal', refusal, { status: 'error', message: '1000 times is more than 10' });

  await lamps['lamp-1']!.report(-300, 12);
  const { data, userProperties } = await failing;
  say('operator', `a dead letter: ${data.celsius} degrees, ${JSON.stringify(userProperties)}`);
  expect('dead letter', data.celsius, -300);
  return problems;
}
