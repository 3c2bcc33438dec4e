import { PublishCancelledError } from '../errors/publish-cancelled.error.js';
import { PublishTimeoutError } from '../errors/publish-timeout.error.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';
import { setLongTimeout, type LongTimeout } from '../timing/long-timeout.js';
import type { Publisher } from '../wire/outbound/publisher.js';

/**
 * Publishes a message, with `timeout` and `signal`. A message that is still queued when they end it is never sent; one that has been sent
 * cannot be recalled.
 *
 * @returns the reason code of the acknowledgement
 * @throws PublishTimeoutError, PublishCancelledError, and the errors of publishing
 */
export function publishWithin(
  publisher: Publisher,
  message: OutgoingMessage,
  { timeout, signal }: Readonly<Pick<MqttRecordOptions, 'timeout' | 'signal'>>,
): Promise<number> {
  if (timeout === undefined && signal === undefined) return publisher.publish(message);
  const { topic } = message;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new PublishCancelledError(topic, false, { cause: signal.reason }));
      return;
    }
    let timer: LongTimeout | undefined;
    const settle = (error: Error | undefined, reasonCode: number): void => {
      timer?.clear();
      signal?.removeEventListener('abort', abort);
      if (error) reject(error);
      else resolve(reasonCode);
    };
    let waiting: ReturnType<typeof publisher.send> = undefined; // read by giveUp(), also when the signal is aborted during send()
    /** @returns whether the message may have been sent */
    const giveUp = (): boolean => waiting === undefined || !publisher.withdraw(waiting);
    const abort = (): void => settle(new PublishCancelledError(topic, giveUp(), { cause: signal?.reason }), 0);
    const expire = (): void => settle(new PublishTimeoutError(topic, timeout!, giveUp()), 0);
    signal?.addEventListener('abort', abort, { once: true });
    if (timeout !== undefined) timer = setLongTimeout(expire, timeout);
    waiting = publisher.send(message, settle);
  });
}
