import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DEADLINE_MS, within } from './deadline.js';
import { Journal } from './journal.js';

/** A message as a peer in another language sees it. */
export interface PeerMessage {
  readonly topic: string;
  /** JSON as its value, text as a string, and other bytes as `{ base64 }`. */
  readonly body: unknown;
  /** User Properties. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | null;
  readonly correlationId: string | null;
}

/** What a peer is told to do with a message. */
export interface PeerArguments {
  readonly qos?: 0 | 1 | 2;
  readonly headers?: Readonly<Record<string, string>>;
  readonly correlation_id?: string;
  readonly reply_to?: string;
}

type Line =
  | { readonly ready: true }
  | { readonly event: PeerMessage }
  | { readonly id: number; readonly result?: PeerMessage | null; readonly error?: string };

/** A program in another language that serves, and is driven by lines of JSON: commands on its stdin, answers and events on its stdout. */
export class PeerProcess {
  readonly events = new Journal<PeerMessage>();
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

  /** Serving: it has said that it is ready. */
  static async start(name: string, [program, ...args]: readonly [string, ...string[]]): Promise<PeerProcess> {
    const child = spawn(program, args);
    const peer = new PeerProcess(child);
    const ended = new Promise<never>((_resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`${name} has ended: ${peer.errors}`)));
    });
    ended.catch(() => {}); // in the end it is meant to
    await within(Promise.race([peer.lines.atLeast(1), ended]), `${name} to serve`, 2 * DEADLINE_MS);
    return peer;
  }

  async publish(topic: string, body: unknown, args: PeerArguments = {}): Promise<void> {
    await this.command('publish', topic, body, args);
  }

  async request(topic: string, body: unknown, args: PeerArguments = {}): Promise<PeerMessage> {
    return (await this.command('request', topic, body, args))!;
  }

  close(): void {
    this.child.kill('SIGKILL');
  }

  private async command(op: string, topic: string, body: unknown, args: PeerArguments): Promise<PeerMessage | null> {
    const id = ++this.commands;
    const shown = Buffer.isBuffer(body) ? { base64: body.toString('base64') } : body;
    this.child.stdin!.write(`${JSON.stringify({ id, op, topic, body: shown, arguments: args })}\n`);
    const line = await this.lines.first((each) => 'id' in each && each.id === id);
    if (!('id' in line) || line.error !== undefined) throw new Error(`${op} ${topic}: ${JSON.stringify(line)}`);
    return line.result!;
  }
}
