import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { MqttSubscription, type ClientMqtt, type MqttSubscriptionOptions } from '../../../lib/index.js';
import { MemoryDeduplicationStore } from '../../../lib/stores/index.js';
import { bridged, launchBridgedMosquittos, type BridgedMosquittos } from '../../support/bridged-mosquittos.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo } from '../../support/test-broker.js';

type Place = 'hub' | 'east' | 'west';

/** Who handled what, `<place> <number>`. */
const runs = new Journal<string>();
const COUNT = 60;
const NUMBERS = Array.from({ length: COUNT }, (_, n) => n);
/** What has come behind the last one of them came after it: the end of each place's stream. */
const END = COUNT;

/** The bridge takes its time to come back. */
const TIMEOUT_MS = 60_000;

/** A member of the group at a broker. */
function memberAt(place: Place, extras: MqttSubscriptionOptions = {}): new () => object {
  @Controller()
  @MqttSubscription({ shared: 'workers', qos: 1, ...extras })
  class Member {
    @EventPattern('jobs')
    job(@Payload() n: number): void {
      runs.add(`${place} ${n}`);
    }

    @MqttSubscription({ deduplicate: false })
    @MessagePattern('who')
    who(@Payload() n: number): string {
      runs.add(`${place} ${n}`);
      return place;
    }
  }
  return Member;
}

function runsAt(place: Place): number[] {
  return runs.entries
    .filter((each) => each.startsWith(place))
    .map((each) => Number(each.split(' ')[1]))
    .toSorted((a, b) => a - b);
}

async function publishAll(client: ClientMqtt, numbers: readonly number[] = NUMBERS): Promise<void> {
  await Promise.all(numbers.map((n) => client.publish('jobs', n, { qos: 1 })));
}

function allAtHub(all: readonly string[]): boolean {
  return NUMBERS.every((n) => all.includes(`hub ${n}`));
}

describeWhereInstalled(['mosquitto'], 'three Mosquittos, two of them bridged to the third', () => {
  let brokers: BridgedMosquittos;

  beforeAll(async () => {
    brokers = await launchBridgedMosquittos();
  });
  afterEach(() => runs.clear());
  afterAll(() => brokers.close());

  const clientAt = (place: Place): ClientMqtt => createClient(connectionTo(brokers[place].url));

  async function serveAt(place: Place, members = 1, extras: MqttSubscriptionOptions = {}): Promise<void> {
    for (let member = 0; member < members; member++)
      await startServer(connectionTo(brokers[place].url), { controllers: [memberAt(place, extras)] });
  }

  /** Nothing of what was published before is under way any more. */
  async function settled(places: readonly Place[]): Promise<void> {
    await bridged([brokers.hub, brokers.east, brokers.west]);
    await publishAll(clientAt('hub'), [END]);
    await runs.until((all) => places.every((place) => all.includes(`${place} ${END}`)), 'the end');
  }

  it('requests from every broker to a group at one of them: each is answered once, over the bridges and back', async () => {
    await serveAt('hub', 2);
    for (const place of ['east', 'west', 'hub'] as const) {
      const client = clientAt(place);
      const answers = await Promise.all(NUMBERS.map((n) => client.request<string>('who', n, { qos: 1 })));
      expect(answers.map(({ data }) => data)).toEqual(NUMBERS.map(() => 'hub'));
    }
    expect(runsAt('hub')).toEqual(NUMBERS.flatMap((n) => [n, n, n])); // one each
  });

  it('events from every broker to a group at one of them: each is handled once', async () => {
    await serveAt('east', 3);
    await publishAll(clientAt('west'), NUMBERS.slice(0, 20));
    await publishAll(clientAt('hub'), NUMBERS.slice(20, 40));
    await publishAll(clientAt('east'), NUMBERS.slice(40));
    await settled(['east']);
    expect(runsAt('east')).toEqual([...NUMBERS, END]);
  });

  it('a group with members at three brokers is three groups: each handles every event', async () => {
    for (const place of ['hub', 'east', 'west'] as const) await serveAt(place, 2);
    await publishAll(clientAt('west'));
    await settled(['hub', 'east', 'west']);
    for (const place of ['hub', 'east', 'west'] as const) expect(runsAt(place)).toEqual([...NUMBERS, END]);
  });

  it('and every request: its caller gets the first of three replies', async () => {
    for (const place of ['hub', 'east', 'west'] as const) await serveAt(place);
    const client = clientAt('west');
    const answers = await Promise.all(NUMBERS.map((n) => client.request<string>('who', n, { qos: 1 })));
    expect(answers).toHaveLength(COUNT);
    await runs.atLeast(3 * COUNT);
    for (const place of ['hub', 'east', 'west'] as const) expect(runsAt(place)).toEqual(NUMBERS);
  });

  it('with `deduplicate` and a shared store each event is handled once, by one of the three', async () => {
    const store = new MemoryDeduplicationStore(); // Redis or PostgreSQL, were they processes
    const deduplicate = { key: ({ data }: { data: unknown }) => String(data), store };
    for (const place of ['hub', 'east', 'west'] as const) await serveAt(place, 1, { deduplicate });
    await publishAll(clientAt('west'));
    await publishAll(clientAt('hub'), [END]);
    await runs.atLeast(COUNT + 1);
    await bridged([brokers.hub, brokers.east, brokers.west]);
    const handled = runs.entries.map((each) => Number(each.split(' ')[1])).toSorted((a, b) => a - b);
    expect(handled).toEqual([...NUMBERS, END]);
  });

  it(
    'while the hub is away a leaf keeps what its clients publish at QoS 1, and passes it on when the hub is back',
    async () => {
      await serveAt('hub');
      await brokers.hub.stop();
      await publishAll(clientAt('east')); // accepted by the leaf
      expect(runs.size).toBe(0);
      await brokers.hub.start();
      await runs.until(allAtHub, 'everything is handled', TIMEOUT_MS / 2);
    },
    TIMEOUT_MS,
  );
});
