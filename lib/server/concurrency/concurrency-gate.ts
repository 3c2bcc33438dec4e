import { LinkedQueue, type QueuePlace } from '../../collections/linked-queue.js';
import { KeyOrder } from './key-order.js';

/** The buffer in which a job waits is full, or everything is closing. */
export type DropReason = 'overflow' | 'closing';

/** Something that runs when there is a worker for it. */
export interface Job {
  /** Starts it. It never throws, and {@link ConcurrencyLane.finished} is to be called once it has ended. */
  start(): void;
  /** It is never going to start. */
  dropped(reason: DropReason): void;
  /** Whether it may be dropped when too many wait: QoS 0 messages may. */
  readonly droppable: boolean;
  /** Jobs of one key run one after another, in the order in which they came. Undefined: in no order with any other. */
  orderKey: string | undefined;
}

interface GateOptions {
  /** Jobs that run at once, over all lanes. */
  readonly maxConcurrency: number;
  /** Droppable jobs that wait at once, over all lanes. */
  readonly bufferSize: number;
  readonly overflow: 'drop-oldest' | 'drop-newest';
}

interface Waiting {
  readonly job: Job;
  readonly lane: ConcurrencyLane;
  /** Its lane's, or that behind its key. */
  line: LinkedQueue<Waiting>;
  inLine: QueuePlace<Waiting>;
  inBuffer: QueuePlace<Waiting> | undefined;
}

/**
 * Bounds how many jobs run at once, in all and in each lane. Within a lane jobs start in the order in which they came, except those
 * that wait for another one of their key: they stand behind it, and do not hold up the others. Lanes that wait for a worker take
 * turns.
 */
export class ConcurrencyGate {
  private running = 0;
  private closed = false;
  /** Whether jobs that wait are being started. */
  private draining = false;
  private readonly lanes: ConcurrencyLane[] = [];
  /** Lanes that could start a job if there were a worker. */
  private readonly ready = new LinkedQueue<ConcurrencyLane>();
  /** Droppable jobs that wait, oldest first. */
  private readonly buffer = new LinkedQueue<Waiting>();

  constructor(private readonly options: GateOptions) {}

  /** @param maxWorkers jobs of this lane that run at once */
  lane(maxWorkers: number): ConcurrencyLane {
    const lane = new ConcurrencyLane(this, maxWorkers);
    this.lanes.push(lane);
    return lane;
  }

  get runningJobs(): number {
    return this.running;
  }

  /** Jobs that wait for a worker, over all lanes. */
  get waitingJobs(): number {
    return this.lanes.reduce((sum, { queue, keys }) => sum + queue.size + keys.waiting, 0);
  }

  get bufferedJobs(): number {
    return this.buffer.size;
  }

  /** Nothing starts any more; what waits is dropped, and what comes is too. */
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
    if (this.draining) return; // a job has ended within start(): who started it goes on
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
      if (line === lane.queue) this.passOn(job, lane); // it is not in line yet
      const victim = this.options.overflow === 'drop-oldest' ? this.buffer.shift() : undefined;
      if (!victim) {
        job.dropped('overflow');
        return;
      }
      victim.line.remove(victim.inLine);
      if (victim.line === victim.lane.queue) this.passOn(victim.job, victim.lane);
      victim.job.dropped('overflow');
      this.submit(job, lane); // the key that it waits for may be free now
      return;
    }
    const waiting = { job, lane, line } as Waiting;
    waiting.inLine = line.push(waiting);
    waiting.inBuffer = job.droppable ? this.buffer.push(waiting) : undefined;
    this.enlist(lane);
  }

  /** A job is done with its key: the next one of that key stands in the lane. */
  private passOn({ orderKey }: Job, lane: ConcurrencyLane): void {
    if (orderKey === undefined) return;
    const next = lane.keys.next(orderKey);
    if (next === undefined) return;
    next.line = lane.queue;
    next.inLine = lane.queue.push(next);
    this.enlist(lane);
  }

  /** Takes the first job that waits in a lane out of the line. */
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
  /** @internal whether it stands in the gate's list of lanes that could start a job */
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

  /** Starts the job now, or when its turn comes. */
  submit(job: Job): void {
    this.gate.submit(job, this);
  }

  /** A job that was started has ended. */
  finished(job: Job): void {
    this.gate.finished(job, this);
  }
}
