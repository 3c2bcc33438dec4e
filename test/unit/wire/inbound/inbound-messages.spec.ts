import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Packet } from 'mqtt-packet';
import type { PublishPacket, QoS } from '../../../../lib/protocol/application-message.js';
import { ACK, LEAVE, NACK, rejection } from '../../../../lib/protocol/delivery.js';
import type { InboundMessage } from '../../../../lib/wire/inbound/inbound-message.js';
import { InboundMessages } from '../../../../lib/wire/inbound/inbound-messages.js';
import { BROKER, FakeConnection, LogBook } from '../support/fake-connection.js';
import { turns, type Network } from '../support/network.js';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

/** Messages from a broker, and what is written about them. */
class Bench {
  readonly connection: FakeConnection;
  readonly inbound: InboundMessages;
  readonly log = new LogBook();
  /** What was handed on, in order. */
  readonly handed: InboundMessage[] = [];
  readonly withheld: string[] = [];
  onMessage: (message: InboundMessage) => void = () => {};

  constructor(version: 4 | 5 = 5, refusable: readonly QoS[] = version === 5 ? [1, 2] : []) {
    this.connection = new FakeConnection(version);
    this.inbound = new InboundMessages(this.connection.real, {
      logger: this.log.logger,
      refusable,
      onMessage: (message) => {
        this.handed.push(message);
        this.onMessage(message);
      },
      onWithheld: (count, again) => this.withheld.push(`${count}${again ? ' again' : ''}`),
    });
    this.connect();
  }

  connect(sessionPresent = false): Network {
    return this.connection.accept({ sessionPresent });
  }

  lose(): void {
    this.connection.lose({ hangUp: false });
  }

  /** The broker publishes. @returns what is handed on of it */
  publish(messageId: number, changes: Partial<PublishPacket> = {}): InboundMessage | undefined {
    const count = this.handed.length;
    const payload = Buffer.from(`payload ${messageId}`);
    const packet: PublishPacket = { topic: 'a', payload, qos: 1, retain: false, dup: false, messageId, ...changes };
    this.inbound.receive(packet, this.connection.network!.writer);
    return this.handed[count];
  }

  release(identifier: number): void {
    this.inbound.released(identifier, this.connection.network!.writer);
  }

  /** What has been written on the present connection, in words. */
  get written(): string[] {
    const { writer, written } = this.connection.network!;
    writer.flush();
    return written.map((packet) => {
      const { messageId, reasonCode = 0 } = packet as Packet & { reasonCode?: number };
      return `${packet.cmd} ${messageId}${reasonCode > 0 ? ` ${reasonCode}` : ''}`;
    });
  }
}

const QOS_2 = { qos: 2 } as const;
const DUP = { dup: true } as const;

describe('InboundMessages', () => {
  it('hands on every message at once, whatever is decided about those before it', () => {
    const bench = new Bench();
    bench.publish(1);
    bench.publish(2, QOS_2);
    bench.publish(0, { qos: 0, messageId: undefined });
    expect(bench.handed.map(({ qos }) => qos)).toEqual([1, 2, 0]);
    expect(bench.written).toEqual([]);
  });

  it.each<[string, Partial<PublishPacket>, string]>([
    ['QoS 1 by PUBACK [MQTT-4.3.2-4]', {}, 'puback 1'],
    ['QoS 2 by PUBREC [MQTT-4.3.3-8]', QOS_2, 'pubrec 1'],
  ])('acknowledges %s, once', (_, changes, word) => {
    const bench = new Bench();
    const message = bench.publish(1, changes)!;
    message.decide(ACK);
    message.decide(NACK);
    expect(bench.written).toEqual([word]);
  });

  it('at QoS 0 has nothing to acknowledge', () => {
    const bench = new Bench();
    bench.publish(0, { qos: 0, messageId: undefined })!.decide(ACK);
    expect(bench.written).toEqual([]);
  });

  it('answers PUBREL by PUBCOMP, also one that nobody knows [MQTT-4.3.3-11]', () => {
    const bench = new Bench();
    bench.publish(1, QOS_2)!.decide(ACK);
    bench.release(1);
    bench.release(9);
    expect(bench.written).toEqual(['pubrec 1', 'pubcomp 1', 'pubcomp 9']);
  });

  it('acknowledges in order of arrival, those of each QoS by themselves [MQTT-4.6.0-2, MQTT-4.6.0-3]', () => {
    const bench = new Bench();
    const messages = [1, 2, 3, 4].map((id) => bench.publish(id, id % 2 === 0 ? QOS_2 : {})!);
    messages[3]!.decide(ACK);
    messages[2]!.decide(ACK);
    expect(bench.written).toEqual([]);
    messages[1]!.decide(ACK);
    expect(bench.written).toEqual(['pubrec 2', 'pubrec 4']);
    messages[0]!.decide(ACK);
    expect(bench.written).toEqual(['pubrec 2', 'pubrec 4', 'puback 1', 'puback 3']);
  });

  it('may be decided within the call that hands it on', () => {
    const bench = new Bench();
    bench.onMessage = (message) => message.decide(ACK);
    bench.publish(1);
    bench.publish(2, QOS_2);
    expect(bench.written).toEqual(['puback 1', 'pubrec 2']);
  });

  it.each([
    ['QoS 1', {}, 'puback 1 153'],
    ['QoS 2', QOS_2, 'pubrec 1 153'],
  ])('refuses %s with reason code and reason (section 3.4.2)', (_, changes, word) => {
    const bench = new Bench();
    bench.publish(1, changes)!.decide(rejection(0x99, 'no JSON'));
    expect(bench.written).toEqual([word]);
    expect(bench.connection.network!.written).toMatchObject([{ properties: { reasonString: 'no JSON' } }]);
  });

  it.each([
    ['QoS 1', {}, 'puback 1'],
    ['QoS 2', QOS_2, 'pubrec 1'],
  ])('acknowledges what is refused at %s on 3.1.1, which has no reason codes', (_, changes, word) => {
    const bench = new Bench(4);
    bench.publish(1, changes)!.decide(rejection(0x99, 'no JSON'));
    expect(bench.written).toEqual([word]);
  });

  it('completes the exchange of a QoS 2 message whose reject the broker is not to be told of', () => {
    const bench = new Bench(5, [1]);
    bench.publish(1)!.decide(rejection(0x99, 'no JSON'));
    bench.publish(2, QOS_2)!.decide(rejection(0x99, 'no JSON'));
    expect(bench.inbound.window?.used).toBe(1);
    bench.release(2);
    expect(bench.written).toEqual(['puback 1 153', 'pubrec 2', 'pubcomp 2']);
    expect(bench.inbound.window?.used).toBe(0);
  });

  it.each([4, 5] as const)(
    'takes what it refused at QoS 2 for what the version says, protocol version %i',
    (version) => {
      const bench = new Bench(version);
      bench.publish(1, QOS_2)!.decide(rejection(0x99, undefined));
      bench.lose();
      bench.connect(true);
      expect(bench.publish(1, { ...QOS_2, ...DUP }) === undefined).toBe(version === 4); // received, or new
    },
  );

  it('takes a PUBLISH after it refused one for a new one, at QoS 2 too [MQTT-4.3.3-9]', () => {
    const bench = new Bench();
    bench.publish(1, QOS_2)!.decide(rejection(0x99, undefined));
    expect(bench.publish(1, QOS_2)).toBeDefined();
  });

  it('goes on when whoever gets a message throws', () => {
    const bench = new Bench();
    bench.onMessage = () => {
      throw new Error('a fault');
    };
    bench.publish(1);
    bench.onMessage = (message) => message.decide(ACK);
    bench.publish(2, QOS_2);
    expect(bench.log.lines).toEqual(['error Error: a fault']);
    expect(bench.written).toEqual(['pubrec 2']);
  });
});

describe('InboundMessages, what is withheld', () => {
  it('is not acknowledged, does not hold up others, and is told of', () => {
    const bench = new Bench();
    const messages = [1, 2, 3, 4].map((id) => bench.publish(id)!);
    messages[3]!.decide(ACK);
    messages[1]!.decide(LEAVE);
    messages[0]!.decide(NACK);
    expect(bench.written).toEqual([]);
    messages[2]!.decide(ACK);
    expect(bench.written).toEqual(['puback 3', 'puback 4']);
    expect(bench.withheld).toEqual(['1', '2 again']);
    expect(bench.inbound.withheldCount).toBe(2);
  });

  it('is handed on again when it is delivered again', () => {
    const bench = new Bench();
    bench.publish(1)!.decide(NACK);
    bench.lose();
    bench.connect(true);
    expect(bench.inbound.withheldCount).toBe(0);
    bench.publish(1, DUP)!.decide(ACK);
    expect(bench.written).toEqual(['puback 1']);
  });
});

/** Of two QoS 2 messages the broker has seen no PUBREC; it delivers both again, and the first is still being handled. */
function redelivered(): { bench: Bench; first: InboundMessage } {
  const bench = new Bench();
  const old = bench.publish(1, QOS_2)!;
  bench.publish(2, QOS_2)!.decide(ACK);
  old.decide(NACK);
  expect(bench.written).toEqual(['pubrec 2']);
  bench.lose();
  bench.connect(true);
  const first = bench.publish(1, { ...QOS_2, ...DUP })!;
  expect(bench.publish(2, { ...QOS_2, ...DUP })).toBeUndefined();
  expect(bench.written).toEqual([]);
  return { bench, first };
}

describe('InboundMessages, on the next connection', () => {
  it('never acknowledges there what did not come on it', () => {
    const bench = new Bench();
    const messages = [bench.publish(1)!, bench.publish(2, QOS_2)!];
    bench.lose();
    bench.connect(true);
    for (const message of messages) message.decide(ACK);
    expect(bench.written).toEqual([]);
  });

  it('does not hand on again what is still being handled, and acknowledges it there', () => {
    const bench = new Bench();
    const message = bench.publish(1)!;
    bench.lose();
    bench.connect(true);
    expect(bench.publish(1, DUP)).toBeUndefined();
    message.decide(ACK);
    expect(bench.written).toEqual(['puback 1']);
  });

  it('acknowledges at once what was decided while there was no connection', () => {
    const bench = new Bench();
    const messages = [bench.publish(1)!, bench.publish(2)!];
    bench.lose();
    messages[0]!.decide(ACK);
    bench.connect(true);
    messages[1]!.decide(ACK);
    bench.publish(1, DUP);
    bench.publish(2, DUP);
    expect(bench.handed).toHaveLength(2);
    expect(bench.written).toEqual(['puback 1', 'puback 2']);
  });

  it('acknowledges in the order in which it is delivered there', () => {
    const bench = new Bench();
    const [first, second] = [bench.publish(1)!, bench.publish(2)!];
    second.decide(ACK);
    bench.lose();
    bench.connect(true);
    bench.publish(1, DUP);
    bench.publish(2, DUP);
    expect(bench.written).toEqual([]);
    first.decide(ACK);
    expect(bench.written).toEqual(['puback 1', 'puback 2']);
  });

  it('does not say PUBACK or PUBREC on a connection that is being ended, and says it on the next one', () => {
    const bench = new Bench();
    const message = bench.publish(1)!;
    const { written } = bench.connection.network!;
    bench.connection.resume();
    message.decide(ACK);
    expect(written.map(({ cmd }) => cmd)).toEqual(['disconnect']);
    bench.lose();
    bench.connect(true);
    bench.publish(1, DUP);
    expect(bench.written).toEqual(['puback 1']);
  });

  it('says PUBREC again for what it has, and does not hand it on [MQTT-4.3.3-10]', () => {
    const bench = new Bench();
    bench.publish(1, QOS_2)!.decide(ACK);
    bench.lose();
    bench.connect(true);
    expect(bench.publish(1, { ...QOS_2, ...DUP })).toBeUndefined();
    expect(bench.written).toEqual(['pubrec 1']);
    bench.release(1);
    expect(bench.publish(1, QOS_2)).toBeDefined(); // a new one [MQTT-4.3.3-12]
  });

  describe('says PUBREC again when its turn comes [MQTT-4.6.0-3]', () => {
    it('in order', () => {
      const { bench, first } = redelivered();
      first.decide(ACK);
      expect(bench.written).toEqual(['pubrec 1', 'pubrec 2']);
    });

    it('once, however often it is delivered meanwhile', () => {
      const { bench, first } = redelivered();
      expect(bench.publish(2, { ...QOS_2, ...DUP })).toBeUndefined();
      first.decide(ACK);
      expect(bench.written).toEqual(['pubrec 1', 'pubrec 2']);
    });

    it('on the connection after the next one, when that was lost before', () => {
      const { bench } = redelivered();
      bench.lose();
      bench.connect(true);
      expect(bench.publish(2, { ...QOS_2, ...DUP })).toBeUndefined();
      expect(bench.written).toEqual(['pubrec 2']);
    });

    it('not at all when PUBREL came first: the identifier is free then [MQTT-4.3.3-12]', async () => {
      const { bench, first } = redelivered();
      bench.release(2);
      first.decide(ACK);
      expect(bench.written).toEqual(['pubcomp 2', 'pubrec 1']);
      bench.release(1);
      await bench.inbound.completed();
      expect(bench.publish(2, QOS_2)).toBeDefined();
    });
  });

  it('hands on as new what has the identifier of another message', () => {
    const bench = new Bench();
    const old = bench.publish(1)!;
    bench.lose();
    bench.connect(true);
    const another = bench.publish(1, { ...DUP, payload: Buffer.from('another') })!;
    expect(another).toBeDefined();
    old.decide(ACK);
    expect(bench.written).toEqual([]);
    another.decide(ACK);
    expect(bench.written).toEqual(['puback 1']);
  });

  it('hands on as new what has the identifier of a QoS 2 message that was received: the broker may have gone back', () => {
    const bench = new Bench();
    bench.publish(1, QOS_2)!.decide(ACK);
    bench.lose();
    bench.connect(true);
    const another = bench.publish(1, { ...QOS_2, ...DUP, payload: Buffer.from('another') });
    expect(another).toBeDefined();
    another!.decide(ACK);
    expect(bench.written).toEqual(['pubrec 1']);
  });

  it('hands on as new what looks the same and is no duplicate', () => {
    const bench = new Bench();
    bench.publish(1);
    bench.lose();
    bench.connect(true);
    expect(bench.publish(1)).toBeDefined();
  });

  it('knows nothing of another session', () => {
    const bench = new Bench();
    const old = bench.publish(1)!;
    bench.publish(2, QOS_2)!.decide(ACK);
    bench.lose();
    bench.connect(false);
    expect(bench.inbound.undecidedCount).toBe(0);
    expect(bench.publish(1, DUP)).toBeDefined();
    expect(bench.publish(2, { ...QOS_2, ...DUP })).toBeDefined();
    old.decide(ACK);
    expect(bench.written).toEqual([]);
  });

  it('begins the line anew: what was not decided on the lost connection holds up nothing', () => {
    const bench = new Bench();
    bench.publish(1);
    bench.publish(2, QOS_2);
    bench.lose();
    bench.connect(true);
    bench.publish(3)!.decide(ACK);
    bench.publish(4, QOS_2)!.decide(ACK);
    expect(bench.written).toEqual(['puback 3', 'pubrec 4']);
  });

  it('does not hand on a second time what comes twice on one connection', () => {
    const bench = new Bench();
    const message = bench.publish(1)!;
    expect(bench.publish(1)).toBeUndefined();
    expect(bench.publish(1, DUP)).toBeUndefined();
    message.decide(ACK);
    expect(bench.written).toEqual(['puback 1']);
    expect(bench.publish(1, DUP)).toBeDefined(); // a new one [MQTT-4.3.2-5]
  });
});

describe('InboundMessages, at the end', () => {
  it('takes nothing any more: what arrives stays with the broker', () => {
    const bench = new Bench();
    const message = bench.publish(1)!;
    bench.inbound.stopAccepting();
    expect(bench.publish(2)).toBeUndefined();
    expect(bench.publish(3, { qos: 0, messageId: undefined })).toBeUndefined();
    message.decide(ACK);
    expect(bench.written).toEqual(['puback 1']);
    expect(bench.inbound.undecidedCount).toBe(0);
  });

  it('still takes up what is delivered again, and answers PUBREL', () => {
    const bench = new Bench();
    const message = bench.publish(1)!;
    bench.inbound.stopAccepting();
    bench.lose();
    bench.connect(true);
    bench.publish(1, DUP);
    message.decide(ACK);
    bench.release(2);
    expect(bench.written).toEqual(['puback 1', 'pubcomp 2']);
  });

  it('gives up what is not decided, and acknowledges what came after it', () => {
    const bench = new Bench();
    const undecided = [bench.publish(1)!, bench.publish(2, QOS_2)!];
    bench.publish(3)!.decide(ACK);
    bench.publish(4, QOS_2)!.decide(ACK);
    bench.inbound.giveUpUndecided();
    expect(bench.written).toEqual(['puback 3', 'pubrec 4']);
    for (const message of undecided) message.decide(ACK);
    expect(bench.written).toEqual(['puback 3', 'pubrec 4']);
  });

  it('gives up without a connection, and does not hand on again what was decided', () => {
    const bench = new Bench();
    bench.publish(1);
    bench.publish(2)!.decide(ACK);
    bench.lose();
    bench.inbound.giveUpUndecided();
    bench.connect(true);
    expect(bench.publish(2, DUP)).toBeUndefined();
    expect(bench.written).toEqual(['puback 2']);
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ['the broker has completed every exchange (PUBREL)', (bench) => bench.release(1)],
    ['the connection is lost', (bench) => bench.lose()],
  ])('is complete when %s', async (_, act) => {
    const bench = new Bench();
    await bench.inbound.completed();
    bench.publish(1, QOS_2)!.decide(ACK);
    const completed = jest.fn();
    void bench.inbound.completed().then(completed);
    await turns();
    expect(completed).not.toHaveBeenCalled();
    act(bench);
    await turns();
    expect(completed).toHaveBeenCalledTimes(1);
  });

  it('is not complete as long as one exchange of several is open', async () => {
    const bench = new Bench();
    for (const id of [1, 2]) bench.publish(id, QOS_2)!.decide(ACK);
    const completed = jest.fn();
    void bench.inbound.completed().then(completed);
    bench.release(1);
    await turns();
    expect(completed).not.toHaveBeenCalled();
    bench.release(2);
    await turns();
    expect(completed).toHaveBeenCalled();
  });

  it('answers no PUBREL on a connection that is being ended', () => {
    const bench = new Bench();
    const { written } = bench.connection.network!;
    bench.connection.network!.writer.end({ cmd: 'disconnect' });
    bench.release(1);
    expect(written.map(({ cmd }) => cmd)).toEqual(['disconnect']);
  });
});

describe('InboundMessages, and what can be seen of them', () => {
  it('counts what is not decided, and knows since when the oldest waits', () => {
    const bench = new Bench();
    expect(bench.inbound.oldestUndecided).toBeUndefined();
    const first = bench.publish(1)!;
    jest.advanceTimersByTime(1_000);
    bench.publish(2);
    bench.publish(0, { qos: 0, messageId: undefined });
    expect(bench.inbound.undecidedCount).toBe(2);
    expect(bench.inbound.oldestUndecided).toBe(first.arrivedAt);
    first.decide(ACK);
    expect(bench.inbound.undecidedCount).toBe(1);
    expect(bench.inbound.oldestUndecided).toBe(first.arrivedAt + 1_000);
  });

  it('does not count what is decided and cannot be acknowledged yet', () => {
    const bench = new Bench();
    const first = bench.publish(1)!;
    bench.publish(2)!.decide(ACK); // behind the first
    expect(bench.inbound.undecidedCount).toBe(1);
    bench.lose();
    first.decide(ACK); // without a connection
    expect(bench.inbound.undecidedCount).toBe(0);
    expect(bench.inbound.oldestUndecided).toBeUndefined();
  });

  it('says once when the broker exceeds our Receive Maximum, and takes it all the same [MQTT-3.3.4-9]', () => {
    const bench = new Bench();
    bench.connection.receiveMaximum = 2;
    bench.publish(1)!.decide(ACK);
    bench.publish(2, QOS_2)!.decide(ACK);
    bench.publish(3);
    expect(bench.log.lines).toEqual([]);
    for (const id of [4, 5]) expect(bench.publish(id)).toBeDefined();
    expect(bench.log.lines).toEqual([
      expect.stringContaining(`${BROKER} has sent more than 2 unacknowledged QoS 1 and 2 messages`),
    ]);
  });

  it.each<[string, (bench: Bench) => unknown, number]>([
    ['QoS 1 is acknowledged', (bench) => bench.publish(1)!.decide(ACK), 0],
    ['QoS 1 is withheld', (bench) => bench.publish(1)!.decide(NACK), 1],
    ['QoS 2 is received', (bench) => bench.publish(1, QOS_2)!.decide(ACK), 1],
    ['QoS 2 is refused', (bench) => bench.publish(1, QOS_2)!.decide(rejection(0x80, undefined)), 0],
    [
      'QoS 2 is completed',
      (bench) => {
        bench.publish(1, QOS_2)!.decide(ACK);
        bench.release(1);
      },
      0,
    ],
    [
      'the connection is another one',
      (bench) => {
        bench.publish(1);
        bench.lose();
        bench.connect(true);
      },
      0,
    ],
  ])('knows what the broker has in use of it when %s', (_, act, used) => {
    const bench = new Bench();
    act(bench);
    expect(bench.inbound.window).toEqual({ size: 65_535, used });
  });

  it('knows no such bound on 3.1.1, nor without a connection', () => {
    const bench = new Bench(4);
    bench.connection.receiveMaximum = Infinity;
    expect(bench.inbound.window).toBeUndefined();
    const offline = new Bench();
    offline.lose();
    expect(offline.inbound.window).toBeUndefined();
  });
});
