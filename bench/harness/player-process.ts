import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that takes part in a benchmark. */
export class PlayerProcess {
  private readonly told: unknown[] = [];
  private waiting: (() => void) | undefined;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message) => {
      this.told.push(message);
      this.waiting?.();
    });
  }

  /** @param name of a file in contestants/ */
  static start(name: string, parameters: unknown): PlayerProcess {
    const file = fileURLToPath(new URL(`../contestants/${name}.js`, import.meta.url));
    const child = fork(file, {
      env: { ...process.env, PLAYER_PARAMETERS: JSON.stringify(parameters) },
      execArgv: process.env['PLAYER_OPTIONS']?.split(' ') ?? [], // for example --cpu-prof
    });
    return new PlayerProcess(child);
  }

  /** What it tells next. */
  async message<Message>(): Promise<Message> {
    while (this.told.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.waiting = resolve;
        this.child.once('exit', (code) => reject(new Error(`A player has ended with exit code ${code}`)));
      });
    }
    return this.told.shift() as Message;
  }

  say(message: string): void {
    this.child.send(message);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}
