import { LinkedQueue, type QueuePlace } from '../../collections/linked-queue.js';
import { KeyOrder } from './key-order.js';

/** Why a waiting job was dropped: the buffer is full, or the server closes. */
export type DropReason = 'overflow' | 'closing';

/** A unit of work that runs when a worker is free. */
export interface Job {
  /** Starts the job. Must not throw; {@link ConcurrencyLane.finished} must be called when the job has ended. */
  start(): void;
  /** The job will not start. */
  dropped(reason: DropReason): void;
  /** Whether the job may be dropped when too many wait, as QoS 0 messages may. */
  readonly droppable: boolean;
  /** Jobs with the same key run one after another, in order of arrival. Undefined for no order. */
  orderKey: string | undefined;
}

interface GateOptions {
  /** Maximum number of running jobs, for all lanes. */
  readonly maxConcurrency: number;
  /** Maximum number of waiting jobs that may be dropped, for all lanes. */
  readonly bufferSize: number;
  readonly overflow: 'drop-oldest' | 'drop-newest';
}

interface Waiting {
  readonly job: Job;
  readonly lane: ConcurrencyLane;
  /** The queue of its lane, or of its key. */
  line: LinkedQueue<Waiting>;
  inLine: QueuePlace<Waiting>;
  inBuffer: QueuePlace<Waiting> | undefined;
}

/**
 * Limits the number of running jobs, in total and for each lane. Jobs of a lane start in order of arrival, except jobs that wait for their
 * key, which do not block others. Lanes that wait for a worker take turns.
 */
export class ConcurrencyGate {
  private running = 0;
  private closed = false;
  /** Whether waiting jobs are being started. */
  private draining = false;
  private readonly lanes: ConcurrencyLane[] = [];
  /** Lanes that wait for a worker. */
  private readonly ready = new LinkedQueue<ConcurrencyLane>();
  /** Waiting jobs that may be dropped, oldest first. */
  private readonly buffer = new LinkedQueue<Waiting>();

  constructor(private readonly options: GateOptions) {}

  /** @param maxWorkers maximum number of running jobs of this lane */
  lane(maxWorkers: number): ConcurrencyLane {
    const lane = new ConcurrencyLane(this, maxWorkers);
    this.lanes.push(lane);
    return lane;
  }

  get runningJobs(): number {
    return this.running;
  }

  /** Number of jobs that wait for a worker, in all lanes. */
  get waitingJobs(): number {
    return this.lanes.reduce((sum, { queue, keys }) => sum + queue.size + keys.waiting, 0);
  }

  get bufferedJobs(): number {
    return this.buffer.size;
  }

  /** Starts no further jobs: drops all waiting and new ones. */
  close(): void {
    this.closed = true;
    for (const lane of this.lanes) {
      const behindKeys = lane.keys.clear();
      for (let next = this.take(lane); next; next = this.take(lane)) next.job.dropped('closing');
      for (const waiting of behindKeys) {
        if (waiting.inBuffer) this.buffer.remove(waiting.inBuffer);
        waiting.job.dropped('closing');
      }
    }
  }

  /** @internal */
  submit(job: Job, lane: ConcurrencyLane): void {
    const { orderKey } = job;
    if (this.closed) job.dropped('closing');
    else if (orderKey !== undefined && !lane.keys.take(orderKey)) this.wait(job, lane, lane.keys.lineOf(orderKey));
    else if (lane.hasRoom && lane.isEmpty && this.running < this.options.maxConcurrency) this.begin(job, lane);
    else this.wait(job, lane, lane.queue);
  }

  /** @internal */
  finished(job: Job, lane: ConcurrencyLane): void {
    this.running--;
    lane.running--;
    this.passOn(job, lane);
    this.enlist(lane);
    if (this.draining) return; // a job has ended during start(): the caller continues the loop
    this.draining = true;
    while (this.running < this.options.maxConcurrency) {
      const next = this.ready.shift();
      if (!next) break;
      next.enlisted = false;
      const waiting = this.take(next);
      if (!waiting) continue;
      this.begin(waiting.job, next);
      this.enlist(next);
    }
    this.draining = false;
  }

  private begin(job: Job, lane: ConcurrencyLane): void {
    this.running++;
    lane.running++;
    job.start();
  }

  private wait(job: Job, lane: ConcurrencyLane, line: LinkedQueue<Waiting>): void {
    if (job.droppable && this.buffer.size >= this.options.bufferSize) {
      if (line === lane.queue) this.passOn(job, lane); // it is not in the queue yet
      const victim = this.options.overflow === 'drop-oldest' ? this.buffer.shift() : undefined;
      if (!victim) {
        job.dropped('overflow');
        return;
      }
      victim.line.remove(victim.inLine);
      if (victim.line === victim.lane.queue) this.passOn(victim.job, victim.lane);
      victim.job.dropped('overflow');
      this.submit(job, lane); // its key may be free now
      return;
    }
    const waiting = { job, lane, line } as Waiting;
    waiting.inLine = line.push(waiting);
    waiting.inBuffer = job.droppable ? this.buffer.push(waiting) : undefined;
    this.enlist(lane);
  }

  /** A job releases its key: the next job of that key is queued in the lane. */
  private passOn({ orderKey }: Job, lane: ConcurrencyLane): void {
    if (orderKey === undefined) return;
    const next = lane.keys.next(orderKey);
    if (next === undefined) return;
    next.line = lane.queue;
    next.inLine = lane.queue.push(next);
    this.enlist(lane);
  }

  /** Removes the first waiting job of a lane from its queue. */
  private take(lane: ConcurrencyLane): Waiting | undefined {
    const waiting = lane.queue.shift();
    if (waiting?.inBuffer) this.buffer.remove(waiting.inBuffer);
    return waiting;
  }

  private enlist(lane: ConcurrencyLane): void {
    if (lane.enlisted || lane.isEmpty || !lane.hasRoom) return;
    lane.enlisted = true;
    this.ready.push(lane);
  }
}

/** The jobs of one handler. */
export class ConcurrencyLane {
  /** @internal */
  readonly queue = new LinkedQueue<Waiting>();
  /** @internal */
  readonly keys = new KeyOrder<Waiting>();
  /** @internal */
  running = 0;
  /** @internal Whether it is in the gate's list of lanes that wait for a worker */
  enlisted = false;

  constructor(
    private readonly gate: ConcurrencyGate,
    private readonly maxWorkers: number,
  ) {}

  get hasRoom(): boolean {
    return this.running < this.maxWorkers;
  }

  get isEmpty(): boolean {
    return this.queue.size === 0;
  }

  /** Starts the job at once, or when its turn comes. */
  submit(job: Job): void {
    this.gate.submit(job, this);
  }

  /** A started job has ended. */
  finished(job: Job): void {
    this.gate.finished(job, this);
  }
}
