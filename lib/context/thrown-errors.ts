import type { ArgumentsHost } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { RpcExceptionsHandler } from '@nestjs/microservices/exceptions/rpc-exceptions-handler.js';
import { throwError, type Observable } from 'rxjs';
import { maskedError } from '../serialization/error-object.js';
import { MqttContext } from './mqtt.context.js';

/** The thrown error for each context. */
const thrownBy = new WeakMap<MqttContext, unknown>();
let listening = false;

/**
 * The error that the handler, a guard or a pipe threw, before Nest's exception filters.
 *
 * @param otherwise the error if it did not pass Nest's exceptions handler
 */
export function thrownFor(context: MqttContext | undefined, otherwise: unknown): unknown {
  return context !== undefined && thrownBy.has(context) ? thrownBy.get(context) : otherwise;
}

/**
 * Enables {@link thrownFor}. Nest passes a transport the result of its exception filters, not the original error; this patches its
 * exceptions handler to keep the original. An error that no filter handles is masked as in Nest, but not logged there: the server logs
 * it once for each message, with topic, handler and attempts.
 *
 * Messages of other transports are not affected.
 */
export function keepThrownErrors(): void {
  if (listening) return;
  listening = true;
  const handler = RpcExceptionsHandler.prototype;
  // oxlint-disable-next-line typescript/unbound-method -- called with its `this` below
  const handle = handler.handle as (this: RpcExceptionsHandler, ...args: unknown[]) => Observable<unknown>;
  handler.handle = function (this: RpcExceptionsHandler, exception: Error, host: ArgumentsHost, ...rest: unknown[]) {
    const context = host.switchToRpc().getContext<unknown>();
    if (!(context instanceof MqttContext)) return handle.call(this, exception, host, ...rest);
    thrownBy.set(context, exception);
    const filtered = this.invokeCustomFilters(exception, host);
    if (filtered) return filtered;
    // oxlint-disable-next-line promise/valid-params -- the method `catch` of Nest's filters, not of a promise
    return exception instanceof RpcException ? this.catch(exception, host) : throwError(maskedError);
  };
}
