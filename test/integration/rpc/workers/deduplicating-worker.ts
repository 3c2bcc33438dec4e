import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { MqttSubscription, type DeduplicationStore, type OutgoingMessage } from '../../../../lib/index.js';
import type { TestConnection } from '../../../support/test-broker.js';
import { report, serve, workerParameters } from '../../../support/worker-main.js';

/** One member of a group whose members share what they have answered, in files. */
export interface DeduplicatingWorkerParameters {
  readonly connection: TestConnection;
  readonly folder: string;
}

const { connection, folder } = workerParameters<DeduplicatingWorkerParameters>();

class FileStore implements DeduplicationStore {
  async get(key: string): Promise<readonly OutgoingMessage[] | undefined> {
    const text = await readFile(this.fileOf(key), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text, revive) as OutgoingMessage[]);
  }

  async set(key: string, replies: readonly OutgoingMessage[]): Promise<void> {
    const file = this.fileOf(key);
    await writeFile(`${file}.${process.pid}`, JSON.stringify(replies));
    await rename(`${file}.${process.pid}`, file);
    report('kept');
  }

  private fileOf(key: string): string {
    return join(folder, createHash('sha256').update(key).digest('hex'));
  }
}

function revive(_key: string, value: unknown): unknown {
  const isBuffer = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBuffer ? Buffer.from((value as unknown as { data: number[] }).data) : value;
}

@Controller()
@MqttSubscription({ qos: 1, shared: 'deduplicating', deduplicate: { store: new FileStore() } })
class Counter {
  private count = 0;

  @MessagePattern('increment')
  increment(): number {
    report('ran');
    return ++this.count;
  }
}

await serve(connection, { controllers: [Counter] });
