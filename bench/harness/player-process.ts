import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Question, Usage } from './player.js';

/** No player takes that long for anything that it is asked. */
const ANSWER_TIMEOUT_MS = 300_000;

/** A process that takes part in a benchmark. */
export class PlayerProcess {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Resolves when it is ready.
   *
   * @param name of a file in players/
   * @param nodeOptions for example `--expose-gc`
   */
  static async start(name: string, parameters: unknown, nodeOptions: readonly string[] = []): Promise<PlayerProcess> {
    const file = fileURLToPath(new URL(`../players/${name}.js`, import.meta.url));
    const everybodys = process.env['PLAYER_OPTIONS']?.split(' ') ?? []; // for example --cpu-prof
    const child = fork(file, {
      env: { ...process.env, PLAYER_PARAMETERS: JSON.stringify(parameters) },
      execArgv: [...everybodys, ...nodeOptions],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // loggers say that they are connected
    });
    const player = new PlayerProcess(name, child);
    await player.answer('start');
    return player;
  }

  /** Has it do something. @throws Error when it cannot, ends, or hangs */
  ask<Result>(command: string, parameter?: unknown): Promise<Result> {
    this.child.send({ command, parameter } satisfies Question);
    return this.answer(command) as Promise<Result>;
  }

  usage(): Promise<Usage> {
    return this.ask('usage');
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private async answer(command: string): Promise<unknown> {
    const what = `The ${this.name} was asked to ${command}`;
    const answer = await new Promise<Answer>((resolve) => {
      const timer = setTimeout(() => resolve({ error: `${what}, and did not answer` }), ANSWER_TIMEOUT_MS);
      const done = (given: Answer): void => {
        clearTimeout(timer);
        this.child.off('message', done as (message: unknown) => void).off('exit', gone);
        resolve(given);
      };
      const gone = (code: number | null): void => done({ error: `${what}, and ended with exit code ${code}` });
      this.child.on('message', done as (message: unknown) => void).on('exit', gone);
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }
}
