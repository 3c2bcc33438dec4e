import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { AckPolicy, NackMessage, RejectMessage, type MqttContext, type RemoteError } from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf, inWords, tellingOfRejects } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';

const { ACK_FIRST, REJECT_ON_ERROR, NACK_ON_ERROR, MANUAL } = AckPolicy;

@Controller()
class Requests {
  @MessagePattern<string>('requests/echo', { responseTopic: 'replies/echo' })
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern<string>('requests/stream')
  stream(): Observable<number> {
    return of(1, 2, 3);
  }

  @MessagePattern<string>('requests/unencodable')
  unencodable(): unknown {
    return { count: 1n };
  }

  @MessagePattern<string>('requests/fails', { ackPolicy: REJECT_ON_ERROR })
  fails(): never {
    throw new RpcException('no such device');
  }

  @MessagePattern<string>('requests/rejects')
  rejects(): never {
    throw new RejectMessage('not yours', 0x87);
  }

  @MessagePattern<string>('requests/nacks')
  nacks(): never {
    throw new NackMessage('later');
  }

  @MessagePattern<string>('requests/first', { ackPolicy: ACK_FIRST })
  first(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern<string>('requests/manual', { ackPolicy: MANUAL })
  manual(@Payload() data: unknown, @Ctx() context: MqttContext): unknown {
    context.ack();
    return data;
  }
}

/** What Nest answers for an exception. */
const failure = (message: string): object => ({ status: 'error', message });

/** What went over the server's connection from the request on, acknowledgements without their codes. */
function exchange(tap: WireTap, topic: string): string[] {
  const packets = tap.packets.entries.map(
    ({ from, packet }) => `${from}: ${packet.cmd === 'publish' && packet.topic !== topic ? 'reply' : inWords(packet)}`,
  );
  const words = packets.map((packet) => packet.replace(/ (0x.*|requests.*)$/, ''));
  return words.slice(packets.indexOf(`broker: PUBLISH ${topic}`));
}

describeEachBroker('a request', (broker) => {
  const v5 = broker.protocolVersion === 5;

  it.each([
    {
      qos: 1,
      packets: ['broker: PUBLISH', 'client: reply', 'broker: PUBACK', 'client: PUBACK'],
    },
    {
      qos: 2,
      packets: [
        'broker: PUBLISH',
        'client: reply',
        'broker: PUBREC',
        'client: PUBREL',
        'broker: PUBCOMP',
        'client: PUBREC',
        'broker: PUBREL',
        'client: PUBCOMP',
      ],
    },
  ] as const)('at QoS $qos is acknowledged when the broker has accepted its reply', async ({ qos, packets }) => {
    const tap = await tapWire(broker.connection);
    await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Requests] });
    const peer = await connectMqttJs(broker); // asks for no acknowledged delivery of the reply: only the server's side counts
    const replies = await subscribeMqttJs(peer, 'replies/echo');
    await peer.publishAsync('requests/echo', 'hello', { qos });
    await acknowledged(tap, 'hello');
    await tap.packets.until(() => exchange(tap, 'requests/echo').length >= packets.length, 'the whole exchange');
    expect(exchange(tap, 'requests/echo')).toEqual(packets);
    expect((await replies.atLeast(1))[0]!.payload.toString()).toBe('hello');
  });

  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    const packet = qos === 1 ? 'PUBACK' : 'PUBREC';
    const answered = (tap: WireTap, topic: string): string[] =>
      acknowledgementsOf(tap, topic).filter((words) => words.startsWith(packet));

    it('whose replies are a stream is acknowledged after the last of them', async () => {
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Requests] });
      const client = createClient({ ...broker.connection, publishOptions: { qos } });
      expect(await lastValueFrom(client.send('requests/stream', 1))).toBe(3);
      await tap.packets.until(() => answered(tap, 'requests/stream').length === 1, 'its acknowledgement');
      const cmds = tap.packets.entries.map(({ from, packet: { cmd } }) => `${from} ${cmd}`);
      const accepted = cmds.lastIndexOf(`broker ${qos === 1 ? 'puback' : 'pubcomp'}`);
      expect(cmds.lastIndexOf(`client ${packet.toLowerCase()}`)).toBeGreaterThan(accepted);
    });

    it('whose reply cannot be encoded is acknowledged; its caller is told, and so is the log', async () => {
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Requests] });
      const client = createClient(broker.connection);
      const reply = client.request('requests/unencodable', 1, { qos });
      await expect(reply).rejects.toMatchObject({ data: { message: 'Internal server error' } });
      await tap.packets.until(() => answered(tap, 'requests/unencodable').length === 1, 'its acknowledgement');
      expect(answered(tap, 'requests/unencodable')).toEqual([v5 ? `${packet} 0x00` : packet]);
      expect(transportLogs('error')).toEqual([expect.stringContaining('"requests/unencodable" cannot be encoded')]);
    });

    it.each([
      { topic: 'requests/fails', reply: failure('no such device'), words: `${packet} 0x83 "no such device"` },
      { topic: 'requests/rejects', reply: failure('not yours'), words: `${packet} 0x87 "not yours"` },
      { topic: 'requests/first', reply: 'x', words: `${packet} 0x00` },
      { topic: 'requests/manual', reply: 'x', words: `${packet} 0x00` },
    ])('on $topic is answered, and acknowledged by its policy', async ({ topic, reply, words }) => {
      const tap = await tapWire(broker.connection);
      await startServer(
        { ...tellingOfRejects(tap.connection), subscribeOptions: { qos } },
        { controllers: [Requests] },
      );
      const received = await createClient(broker.connection)
        .request(topic, 'x', { qos })
        .then(
          ({ data }) => data,
          (error: unknown) => (error as RemoteError).data,
        );
      expect(received).toEqual(reply);
      await tap.packets.until(() => answered(tap, topic).length === 1, 'its acknowledgement');
      expect(answered(tap, topic)).toEqual([v5 ? words : packet]);
      expect(transportLogs('error')).toEqual([]); // the caller has been told
    });

    it('that is withheld is answered, and not acknowledged', async () => {
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Requests] });
      const client = createClient(broker.connection);
      await expect(client.request('requests/nacks', 1, { qos })).rejects.toMatchObject({ data: { message: 'later' } });
      await client.request('requests/echo', 'fence', { qos });
      await tap.packets.until(() => answered(tap, 'requests/echo').length === 1, 'the next one');
      expect(answered(tap, 'requests/nacks')).toEqual([]);
    });
  });

  it('whose policy is to withhold needs a session that survives, like an event', async () => {
    @Controller()
    class Withholds {
      @MessagePattern<string>('requests/withholds', { ackPolicy: NACK_ON_ERROR })
      handle(): void {}
    }
    await expect(startServer(broker.connection, { controllers: [Withholds] })).rejects.toThrow(/clean: false/);
  });
});

describe.each([1, 2] as const)('a request whose reply the broker refuses (5.0), QoS %i', (qos) => {
  it('is acknowledged, and that is logged', async () => {
    const { broker, url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url));
    await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Requests] });
    broker.faults.refusePublishes('replies/echo', 0x87);
    broker.publish({ topic: 'requests/echo', payload: 'hello', qos });
    await acknowledged(tap, 'hello');
    expect(acknowledgementsOf(tap, 'requests/echo')[0]).toBe(qos === 1 ? 'PUBACK 0x00' : 'PUBREC 0x00');
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(/The reply to a request on "requests\/echo" was not sent/),
    ]);
  });
});
