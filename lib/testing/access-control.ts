import { ReasonCode } from '../protocol/reason-code.js';
import type {
  ConnectRequest,
  PublishRequest,
  ResolvedBrokerOptions,
  SubscribeRequest,
  Verdict,
  VerdictOrPromise,
} from './broker-options.js';

/** Returns a Reason Code to refuse, or undefined. */
export type Refusal<Request> = (request: Request) => number | undefined;

const FIRST_REFUSAL = ReasonCode.UNSPECIFIED_ERROR;
const LAST_REFUSAL = 0xff;

/** One kind of check: first the refusals that a test has added, then the hook in the options. */
class Checkpoint<Request> {
  readonly refusals = new Set<Refusal<Request>>();

  constructor(
    private readonly hookName: string,
    private readonly hook: (request: Request) => VerdictOrPromise,
    private readonly refusedWith: ReasonCode,
  ) {}

  /** The Reason Code; 0 to allow. Synchronous if the hook is. */
  check(request: Request): number | Promise<number> {
    for (const refuse of this.refusals) {
      const reasonCode = refuse(request);
      if (reasonCode !== undefined) return reasonCode;
    }
    try {
      const verdict = this.hook(request);
      if (typeof verdict === 'boolean' || typeof verdict === 'number') return this.reasonCode(verdict);
      return verdict.then(
        (settled) => this.reasonCode(settled),
        (error: unknown) => this.failed(error),
      );
    } catch (error) {
      return this.failed(error);
    }
  }

  private reasonCode(verdict: Verdict): number {
    if (verdict === true || verdict === 0) return ReasonCode.SUCCESS;
    if (verdict === false) return this.refusedWith;
    return verdict >= FIRST_REFUSAL && verdict <= LAST_REFUSAL ? verdict : ReasonCode.UNSPECIFIED_ERROR;
  }

  /** A hook that throws refuses, with a process warning: else a test would wait for the client without any hint. */
  private failed(error: unknown): number {
    process.emitWarning(`The hook ${this.hookName} of an in-process MQTT broker failed: ${String(error)}`);
    return ReasonCode.UNSPECIFIED_ERROR;
  }
}

/** Who may connect, publish and subscribe. */
export class AccessControl {
  readonly connect: Checkpoint<ConnectRequest>;
  readonly publish: Checkpoint<PublishRequest>;
  readonly subscribe: Checkpoint<SubscribeRequest>;

  constructor(options: Pick<ResolvedBrokerOptions, 'authenticate' | 'authorizePublish' | 'authorizeSubscribe'>) {
    this.connect = new Checkpoint('authenticate', options.authenticate, ReasonCode.BAD_USER_NAME_OR_PASSWORD);
    this.publish = new Checkpoint('authorizePublish', options.authorizePublish, ReasonCode.NOT_AUTHORIZED);
    this.subscribe = new Checkpoint('authorizeSubscribe', options.authorizeSubscribe, ReasonCode.NOT_AUTHORIZED);
  }
}
