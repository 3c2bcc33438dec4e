// Checked by `npm run typecheck`, never run: a line that should not compile, and does, is an error there.
import type { Observable } from 'rxjs';
import {
  MqttRecordBuilder,
  type ClientMqtt,
  type MessageStream,
  type MqttPublisher,
  type MqttReply,
} from '../../lib/index.js';

interface Topics {
  'rpc/sum': { request: number[]; reply: number };
  'rpc/now': { request: string };
  alarms: { event: { code: string } };
  [topic: `devices/${string}/celsius`]: { event: number };
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(yes: Same<A, B>): void;

export function contract(client: ClientMqtt<Topics>): void {
  const sum = client.send('rpc/sum', [1, 2]);
  same<typeof sum, Observable<number>>(true);
  const now = client.send('rpc/now', 'UTC');
  same<typeof now, Observable<unknown>>(true);
  const reply = client.request('rpc/sum', [1]);
  same<typeof reply, Promise<MqttReply<number>>>(true);
  client.send('rpc/sum', new MqttRecordBuilder([1, 2]).setQoS(1).build());
  const event = client.emit('alarms', { code: 'E1' });
  same<typeof event, Observable<void>>(true);
  void client.publish('alarms', { code: 'E1' }, { qos: 1 });

  // @ts-expect-error the payload of another topic
  client.send('rpc/sum', 'two');
  // @ts-expect-error a topic that the contract does not have
  client.send('rpc/product', [1, 2]);
  // @ts-expect-error a topic for events
  client.send('alarms', { code: 'E1' });
  // @ts-expect-error a topic for requests
  client.emit('rpc/sum', [1, 2]);
  // @ts-expect-error the payload lacks a property
  void client.publish('alarms', {});
  // @ts-expect-error a record of another payload
  void client.request('rpc/sum', new MqttRecordBuilder('two').build());
}

export function publishers(client: ClientMqtt<Topics>): void {
  const alarms = client.publisher('alarms', { qos: 1 });
  same<typeof alarms, MqttPublisher<Topics['alarms']>>(true);
  void alarms.publish({ code: 'E1' }, { retain: true });
  void alarms.publish(new MqttRecordBuilder({ code: 'E1' }).build());
  const celsius: MqttPublisher<Topics['devices/7/celsius']> = client.publisher('devices/7/celsius');
  void celsius.publish(21);
  const sum = client.publisher('rpc/sum').request([1, 2]);
  same<typeof sum, Promise<MqttReply<number>>>(true);
  const any: MqttPublisher = alarms; // where the topic does not matter
  void any;

  // @ts-expect-error a topic that the contract does not have
  client.publisher('rpc/product');
  // @ts-expect-error another event
  void alarms.publish({ code: 1 });
  // @ts-expect-error another event
  void celsius.publish('warm');
  // @ts-expect-error another payload
  void client.publisher('rpc/sum').request('two');
  // @ts-expect-error a topic for events
  void alarms.request({ code: 'E1' });
  // @ts-expect-error a topic for requests
  void client.publisher('rpc/sum').publish([1, 2]);
}

export function listeners(client: ClientMqtt<Topics>): void {
  const alarms = client.messages('alarms', { qos: 1 });
  same<typeof alarms, MessageStream<{ code: string }>>(true);
  const one = client.messages('devices/7/celsius');
  same<typeof one, MessageStream<number>>(true);
  const all = client.messages('devices/+/celsius');
  same<typeof all, MessageStream<number>>(true);
  const requests = client.messages('rpc/sum');
  same<typeof requests, MessageStream<number[]>>(true);

  // @ts-expect-error a filter that no topic of the contract matches
  client.messages('devices/+/humidity');
  // @ts-expect-error the contract says what comes
  client.messages<number>('devices/+/celsius');
}

export function noContract(client: ClientMqtt): void {
  const anything = client.send('any/topic', { any: 'thing' });
  same<typeof anything, Observable<unknown>>(true);
  const number = client.send<number>({ cmd: 'sum' }, [1, 2]);
  same<typeof number, Observable<number>>(true);
  client.emit('any/topic', 1);
  void client.publish('any/topic', 1);
  const reply = client.request<string>('any/topic', 1);
  same<typeof reply, Promise<MqttReply<string>>>(true);
  const messages = client.messages<number>('any/#');
  same<typeof messages, MessageStream<number>>(true);
  const unknowns = client.messages('any/#');
  same<typeof unknowns, MessageStream>(true);
  const publisher: MqttPublisher = client.publisher('any/topic');
  void publisher.publish({ any: 'thing' });
  void publisher.publish(new MqttRecordBuilder(1).build());
  const answer = publisher.request<string>(1);
  same<typeof answer, Promise<MqttReply<string>>>(true);
  const unknownAnswer = publisher.request(1);
  same<typeof unknownAnswer, Promise<MqttReply>>(true);
}
