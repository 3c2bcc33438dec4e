import type { FailedOutcome } from '../../acknowledgement/settle-by-policy.js';
import { textOfThrown } from '../../errors/describe-thrown.js';
import { describeReason, reasonOf } from '../../errors/failure-reason.js';
import { isPermanent, makesDeadLetters } from '../../options/subscription-options.js';
import { handlerName } from '../../routing/handler-name.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { InvocationHost } from './invocation-host.js';
import type { ServedHandler } from './served-handler.js';

/** A run that has failed for the last time. */
export interface FailedRun {
  readonly handler: ServedHandler;
  readonly host: InvocationHost;
  readonly message: InboundMessage;
  readonly attempt: number;
  readonly replyTopic: string | undefined;
}

interface Failure {
  /** Whether the caller of a request gets the reason. */
  readonly callerKnows: boolean;
  /** What the exception filter threw itself. */
  readonly filterFailure: string | undefined;
  /** What happens to the message, as the end of a sentence. */
  readonly fate: () => string;
}

/** The log line for a failed message: handler, topic, attempts, reason, and where the message goes. */
export function failureLine(run: FailedRun, outcome: FailedOutcome, failure: Failure): string {
  const { handler, message, attempt } = run;
  const attempts = `${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}${whyNotAgain(run, outcome.thrown)}`;
  return (
    `Handler ${handlerName(handler)} failed on "${message.topic}" after ${attempts}: ` +
    `${describeReason(reasonOf(outcome.thrown))}. ${ofFilter(run, failure)}${fateOf(run, outcome, failure)}.`
  );
}

/** With what to do about it, once for each server: most such filters are written for HTTP. */
function ofFilter({ host }: FailedRun, { filterFailure }: Failure): string {
  if (filterFailure === undefined) return '';
  const remedy = " (let a filter for HTTP return at once unless host.getType() is 'http')";
  return `Its exception filter threw as well: ${filterFailure}${host.isFirst('suggestion', 'filter') ? remedy : ''}. `;
}

/** Where the message is, and what its caller gets. A request at QoS 0 is answered, and nothing of it is lost. */
function fateOf(
  { handler, message, replyTopic }: FailedRun,
  { error }: FailedOutcome,
  { callerKnows, fate }: Failure,
): string {
  const told = callerKnows ? 'the reason' : `"${textOfThrown(error)}"`;
  if (replyTopic !== undefined && message.qos === 0 && !makesDeadLetters(handler.options))
    return `Its caller gets ${told}`;
  const caller = replyTopic === undefined || callerKnows ? '' : `; its caller gets ${told}`;
  return `The message ${fate()}${caller}`;
}

/** Once for each server, when the default rule has kept a handler with `retry` from running again. */
function whyNotAgain({ handler, host, attempt }: FailedRun, thrown: unknown): string {
  const { retry } = handler.options;
  const isRule = retry.permanent === isPermanent && attempt < retry.attempts && isPermanent(thrown);
  if (!isRule || !host.isFirst('suggestion', 'permanent')) return '';
  return ' (the status 4xx is permanent and not retried, see retry.permanent)';
}
