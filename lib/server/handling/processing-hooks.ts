import type { Logger } from '@nestjs/common';
import type { MqttContext } from '../../context/mqtt.context.js';
import { describeThrown } from '../../errors/describe-thrown.js';
import { nestError } from '../../serialization/error-object.js';
import type { HandlerRun } from './handler-run.js';
import type { ProcessingHooks } from './invocation-host.js';

/** Nest's hooks take a promise: a shared one avoids an allocation for each message. */
const STARTED = Promise.resolve();

/** Runs a handler through Nest's start hook. If the hook fails before it calls the handler, the run fails. */
export function callStartHook(
  hook: NonNullable<ProcessingHooks['start']>,
  context: MqttContext,
  run: HandlerRun,
  logger: Logger,
  process: () => void,
): void {
  let processed = false;
  const failed = (error: unknown): void => {
    logger.error(`onProcessingStartHook failed on "${context.getTopic()}": ${describeThrown(error)}`);
    if (processed) return;
    processed = true;
    run.fail(nestError('Internal server error'));
  };
  attempt(() => {
    return hook(context, () => {
      if (!processed) {
        processed = true;
        process();
      }
      return STARTED;
    });
  }, failed);
}

export function callEndHook(hook: NonNullable<ProcessingHooks['end']>, context: MqttContext, logger: Logger): void {
  attempt(
    () => hook(context),
    (error) => logger.error(`onProcessingEndHook failed on "${context.getTopic()}": ${describeThrown(error)}`),
  );
}

/** Calls a function that may throw, or return a promise that rejects. */
function attempt(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const returned = call();
    if (returned instanceof Promise && returned !== STARTED) returned.catch(failed);
  } catch (error) {
    failed(error);
  }
}
