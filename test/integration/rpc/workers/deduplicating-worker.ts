import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { MqttSubscription, type Claim, type DeduplicationStore, type OutgoingMessage } from '../../../../lib/index.js';
import type { TestConnection } from '../../../support/test-broker.js';
import { report, serve, workerParameters } from '../../../support/worker-main.js';

/** One member of a group whose members share what they have answered, in files. */
export interface DeduplicatingWorkerParameters {
  readonly connection: TestConnection;
  readonly folder: string;
}

const { connection, folder } = workerParameters<DeduplicatingWorkerParameters>();

/** Of processes that live: it knows no leases. */
class FileStore implements DeduplicationStore {
  async claim(key: string, owner: string): Promise<Claim> {
    const file = this.fileOf(key);
    try {
      await writeFile(file, JSON.stringify({ owner }), { flag: 'wx' });
      return { state: 'mine' };
    } catch {
      const text = await readFile(file, 'utf8'); // perhaps not written to the end
      const { replies } = JSON.parse(text || '{}', revive) as { replies?: OutgoingMessage[] };
      return replies ? { state: 'done', replies } : { state: 'running' };
    }
  }

  renew(): boolean {
    return true;
  }

  async complete(key: string, owner: string, replies: readonly OutgoingMessage[]): Promise<boolean> {
    const file = this.fileOf(key);
    await writeFile(`${file}.${process.pid}`, JSON.stringify({ owner, replies }));
    await rename(`${file}.${process.pid}`, file);
    report('kept');
    return true;
  }

  async release(key: string): Promise<void> {
    await rm(this.fileOf(key));
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
