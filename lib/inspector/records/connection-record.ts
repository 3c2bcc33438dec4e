import type { MqttConnectionEvent, MqttObservedConnection } from '../../observing/mqtt-observed-connection.js';
import type { QoS } from '../../protocol/application-message.js';
import { describeReasonCode } from '../../protocol/reason-code.js';
import { excerpt, excerptOfError } from '../views/excerpt.js';
import type { Happened } from '../views/snapshot.js';

/** Limit of remembered filters: a client may subscribe new filters without end. */
const MAX_FILTERS = 60_000;

/** The record of one connection. */
export class ConnectionRecord {
  /** Subscriptions that the broker granted and refused in the current session. */
  readonly granted = new Map<string, QoS>();
  readonly refused = new Map<string, string>();
  connects = 0;
  since: number | undefined = undefined;
  lastError: Happened | undefined = undefined;

  constructor(
    readonly id: string,
    readonly connection: MqttObservedConnection,
  ) {}

  /** @returns a text for the event list; undefined for routine events */
  happened(event: MqttConnectionEvent): string | undefined {
    const text = this.take(event);
    if (text !== undefined && isError(event)) this.lastError = { at: Date.now(), text };
    return text;
  }

  private take(event: MqttConnectionEvent): string | undefined {
    switch (event.kind) {
      case 'opened':
        break;
      case 'connected':
        this.connects++;
        this.since = Date.now();
        return event.first ? 'connected' : `reconnected, session ${event.sessionPresent ? 'resumed' : 'new'}`;
      case 'lost':
        this.since = undefined;
        return `connection lost${because(event.error)}`;
      case 'attempt-failed':
        return `cannot connect: ${excerptOfError(event.error)}`;
      case 'session-lost':
        this.granted.clear();
        this.refused.clear();
        return 'the broker has lost the session and its queued messages';
      case 'subscribed':
        this.refused.delete(event.filter);
        if (this.granted.size < MAX_FILTERS) this.granted.set(event.filter, event.qos);
        break;
      case 'subscription-refused':
        this.granted.delete(event.filter);
        if (this.refused.size < MAX_FILTERS) this.refused.set(event.filter, describeReasonCode(event.reasonCode));
        return `the broker refused "${excerpt(event.filter)}": ${describeReasonCode(event.reasonCode)}`;
      case 'closed':
        this.since = undefined;
        return `closed${because(event.error)}`;
    }
    return undefined;
  }
}

function isError({ kind, error }: MqttConnectionEvent & { readonly error?: Error | undefined }): boolean {
  return error !== undefined || kind === 'lost' || kind === 'session-lost' || kind === 'subscription-refused';
}

function because(error: Error | undefined): string {
  return error ? `: ${excerptOfError(error)}` : '';
}
