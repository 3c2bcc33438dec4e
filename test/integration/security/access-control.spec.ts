import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { concat, NEVER, of, type Observable, finalize } from 'rxjs';
import { PublishRefusedError, type MqttClientOptions } from '../../../lib/index.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { MosquittoProcess } from '../../support/mosquitto-process.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo } from '../../support/test-broker.js';

const DOCUMENT = new URL('../../../docs/guide/security.md', import.meta.url);

/** The file that the document shows. */
async function documentedAcl(): Promise<string> {
  const [, acl] = /```conf\n# acl_file\n([^`]*)```/.exec(await readFile(DOCUMENT, 'utf8')) ?? [];
  if (acl === undefined) throw new Error('docs/guide/security.md shows no acl_file');
  return acl;
}

const streamsEnded = new Journal<string>();

@Controller()
class Orders {
  static readonly created = new Journal<unknown>();

  @EventPattern('orders/created')
  onCreated(@Payload() data: unknown): void {
    Orders.created.add(data);
  }

  @MessagePattern('orders/total')
  total(@Payload() prices: number[]): number {
    return prices.reduce((sum, price) => sum + price, 0);
  }

  @MessagePattern('orders/watch')
  watch(): Observable<string> {
    return concat(of('first', 'second'), NEVER).pipe(finalize(() => streamsEnded.add('ended')));
  }
}

describeWhereInstalled(['mosquitto'], 'a Mosquitto with the acl_file of docs/guide/security.md', () => {
  let folder: string;
  let mosquitto: MosquittoProcess;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acl-'));
    const aclFile = join(folder, 'acl');
    await writeFile(aclFile, await documentedAcl(), { mode: 0o600 });
    mosquitto = await MosquittoProcess.launch({ config: [`acl_file ${aclFile}`] });
  });
  afterAll(async () => {
    await mosquitto.close();
    await rm(folder, { recursive: true, force: true });
  });

  const as = (username: string, clientId: string): MqttClientOptions => ({
    ...connectionTo(mosquitto.url),
    username,
    clientId,
  });
  const serve = (): Promise<unknown> =>
    startServer(
      { ...as('orders-service', 'orders-1'), subscribeOptions: { shared: 'orders', qos: 1 } },
      { controllers: [Orders] },
    );

  it('requests, streams that are cancelled, and events of the group work', async () => {
    await serve();
    const client = createClient(as('web', 'web-1'));
    expect((await client.request('orders/total', [1, 2])).data).toBe(3);
    await client.publish('orders/created', { id: 7 }, { qos: 1 });
    expect(await Orders.created.atLeast(1)).toEqual([{ id: 7 }]);
    const values = new Journal<string>();
    const stream = client.send<string, object>('orders/watch', {}).subscribe(values.add);
    await values.atLeast(2);
    stream.unsubscribe();
    await streamsEnded.atLeast(1); // by the control topic
    expect(transportLogs('warn')).toEqual([]);
  });

  it('a client hears nothing of the inbox of another, nor of the group’s topics, whatever it subscribes to', async () => {
    await serve();
    const curious = createClient(as('web', 'web-2'));
    await curious.connect();
    const heard = new Journal<string>();
    for (const filter of ['reply/web-1/#', 'reply/#', '#', 'orders/#', '$share/orders/orders/created'])
      curious.messages(filter, { qos: 1 }).subscribe(({ topic }) => heard.add(topic));
    const client = createClient(as('web', 'web-1'));
    await client.request('orders/total', [1, 2]);
    await client.publish('orders/created', 1, { qos: 1 });
    expect((await curious.request('orders/total', [3])).data).toBe(3);
    await heard.atLeast(1); // what is its own
    expect(heard.entries.filter((topic) => !topic.startsWith('reply/web-2/'))).toEqual([]);
  });

  it('a client cannot answer in place of the service', async () => {
    const impostor = createClient(as('web', 'web-3'));
    const publishing = impostor.publish('reply/web-1/0', 'forged', { qos: 1 }).catch((error: unknown) => error);
    expect(await publishing).toBeInstanceOf(PublishRefusedError);
  });
});

describe('the acl_file of docs/guide/security.md', () => {
  it('is there, and names no user that may do everything', async () => {
    const acl = await documentedAcl();
    expect(acl).not.toMatch(/^topic (readwrite )?#$/m);
    expect(acl).toContain('pattern read reply/%c/#');
  });
});
