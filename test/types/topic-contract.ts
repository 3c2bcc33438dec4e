// Checked by `npm run typecheck`, never run: a line that should not compile, and does, is an error there.
import type { Observable } from 'rxjs';
import { MqttRecordBuilder, type ClientMqtt, type MqttReply } from '../../lib/index.js';

interface Topics {
  'rpc/sum': { request: number[]; reply: number };
  'rpc/now': { request: string };
  alarms: { event: { code: string } };
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

export function noContract(client: ClientMqtt): void {
  const anything = client.send('any/topic', { any: 'thing' });
  same<typeof anything, Observable<unknown>>(true);
  const number = client.send<number>({ cmd: 'sum' }, [1, 2]);
  same<typeof number, Observable<number>>(true);
  client.emit('any/topic', 1);
  void client.publish('any/topic', 1);
  const reply = client.request<string>('any/topic', 1);
  same<typeof reply, Promise<MqttReply<string>>>(true);
}
