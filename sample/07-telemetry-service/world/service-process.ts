import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ready } from './ready.js';
import { say } from './say.js';

const MAIN = fileURLToPath(new URL('../service/main.js', import.meta.url));

/** The service in its own process, as in a container. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Resolves when it is ready. */
  static async start(environment: Record<string, string>): Promise<ServiceProcess> {
    const child = fork(MAIN, { env: { ...process.env, ...environment, PORT: '0', NO_COLOR: '1' }, silent: true });
    for (const output of [child.stdout!, child.stderr!]) createInterface(output).on('line', printLine);
    const failed = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`The service exited before it was ready: ${code ?? signal}.`);
    });
    const [{ url }] = (await Promise.race([once(child, 'message'), failed])) as [{ url: string }];
    failed.catch(() => {}); // from here on it may exit
    await ready(url);
    return new ServiceProcess(child, url);
  }

  /** Sends SIGTERM; resolves when the process is gone. */
  async terminate(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exit;
  }
}

/** Prints warnings, errors and lines of the MQTT server only. */
function printLine(line: string): void {
  const [, level, context, message] = /(LOG|WARN|ERROR) \[(\w+)\] (.*)/.exec(line) ?? [];
  if (message !== undefined && (level !== 'LOG' || context === 'ServerMqtt')) say('service', message);
}
