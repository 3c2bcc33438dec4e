export type Task = () => void | Promise<void>;

/**
 * Runs tasks one after another, synchronously if possible: packets of one connection are handled in order of arrival [MQTT-4.6.0], even if
 * a hook is asynchronous.
 */
export class TaskQueue {
  private tasks: Task[] = [];
  private busy = false;
  private stopped = false;

  constructor(private readonly onError: (error: unknown) => void) {}

  push(task: Task): void {
    if (this.stopped) return;
    this.tasks.push(task);
    if (!this.busy) this.run();
  }

  /** Drops tasks that have not started. */
  stop(): void {
    this.stopped = true;
    this.tasks = [];
  }

  private run(): void {
    this.busy = true;
    for (let task = this.tasks.shift(); task; task = this.tasks.shift()) {
      const running = this.start(task);
      if (running) return void running.then(() => this.run()).catch(throwLater);
    }
    this.busy = false;
  }

  private start(task: Task): Promise<void> | void {
    try {
      return task()?.catch(this.onError);
    } catch (error) {
      this.onError(error);
    }
  }
}

/** Throws in a later turn, as an uncaught exception. */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
