/* oxlint-disable jest/valid-title -- titles come from the suites that are described here */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { closeAfterTest } from './closing.js';
import { DEADLINE_MS, within } from './deadline.js';
import { Journal } from './journal.js';
import type { TestConnection } from './test-broker.js';

const HOW = 'Install it: node test/support/install-faststream.mjs (needs Python 3.10 or later with venv and pip)';
const PEER = fileURLToPath(new URL('../integration/peers/faststream/peer.py', import.meta.url));
const VENV = fileURLToPath(new URL('../../.cache/faststream/bin/python', import.meta.url));

/** A message as FastStream's handlers see it. */
export interface FastStreamMessage {
  readonly topic: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | null;
  readonly correlationId: string | null;
}

/** What a FastStream broker is told to do with a message. */
interface Arguments {
  readonly qos?: 0 | 1 | 2;
  readonly headers?: Readonly<Record<string, string>>;
  readonly correlation_id?: string;
  readonly reply_to?: string;
}

type Line =
  | { readonly ready: true }
  | { readonly event: FastStreamMessage }
  | { readonly id: number; readonly result?: FastStreamMessage | null; readonly error?: string };

/** A FastStream service in a process of its own, see peer.py. */
export class FastStreamPeer {
  readonly events = new Journal<FastStreamMessage>();
  private readonly lines = new Journal<Line>();
  private errors = '';
  private commands = 0;

  private constructor(private readonly child: ChildProcess) {
    child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    createInterface(child.stdout!).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if ('event' in line) this.events.add(line.event);
      else this.lines.add(line);
    });
  }

  /** Serving. Ended after the test. */
  static async start({ url, protocolVersion }: TestConnection): Promise<FastStreamPeer> {
    const child = spawn(python()!, [PEER, url, protocolVersion === 5 ? '5.0' : '3.1.1']);
    closeAfterTest(() => child.kill('SIGKILL'));
    const peer = new FastStreamPeer(child);
    const ended = new Promise<never>((_resolve, reject) => {
      child.once('exit', () => reject(new Error(`FastStream has ended: ${peer.errors}`)));
    });
    ended.catch(() => {}); // after the test it is meant to
    await within(Promise.race([peer.lines.atLeast(1), ended]), 'FastStream to serve', 2 * DEADLINE_MS);
    return peer;
  }

  async publish(topic: string, body: unknown, args: Arguments = {}): Promise<void> {
    await this.command('publish', topic, body, args);
  }

  async request(topic: string, body: unknown, args: Arguments = {}): Promise<FastStreamMessage> {
    return (await this.command('request', topic, body, args))!;
  }

  private async command(op: string, topic: string, body: unknown, args: Arguments): Promise<FastStreamMessage | null> {
    const id = ++this.commands;
    const shown = Buffer.isBuffer(body) ? { base64: body.toString('base64') } : body;
    this.child.stdin!.write(`${JSON.stringify({ id, op, topic, body: shown, arguments: args })}\n`);
    const line = await this.lines.first((each) => 'id' in each && each.id === id);
    if (!('id' in line) || line.error !== undefined) throw new Error(`FastStream: ${JSON.stringify(line)}`);
    return line.result!;
  }
}

/** A suite that needs FastStream. Where it is missing it fails in CI, and is left out, loudly, elsewhere. */
export function describeWithFastStream(title: string, suite: () => void): void {
  if (python() !== undefined) {
    describe(title, () => {
      suite();
    });
    return;
  }
  const message = `${title}: FastStream is not there. ${HOW}`;
  if (process.env['CI']) {
    it(message, () => {
      expect(python()).toBeDefined();
    });
    return;
  }
  process.stderr.write(`\n!!! Not run: ${message}\n`);
  it.todo(message);
}

/** A Python that has FastStream: the one that `FASTSTREAM_PYTHON` names, or the one that was installed for the tests. */
function python(): string | undefined {
  return process.env['FASTSTREAM_PYTHON'] ?? (existsSync(VENV) ? VENV : undefined);
}
