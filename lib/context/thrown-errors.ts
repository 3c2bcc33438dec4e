import type { ArgumentsHost } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { RpcExceptionsHandler } from '@nestjs/microservices/exceptions/rpc-exceptions-handler.js';
import { throwError, type Observable } from 'rxjs';
import { maskedError } from '../serialization/error-object.js';
import { MqttContext } from './mqtt.context.js';

/** What was thrown for a message, by the context that its handler got. */
const thrownBy = new WeakMap<MqttContext, unknown>();
let listening = false;

/**
 * What handler, guards or pipes threw for a message, before Nest's filters made of it what callers may see.
 *
 * @param otherwise what it was where Nest has not seen it
 */
export function thrownFor(context: MqttContext | undefined, otherwise: unknown): unknown {
  return context !== undefined && thrownBy.has(context) ? thrownBy.get(context) : otherwise;
}

/**
 * From now on {@link thrownFor} knows. Nest tells a transport what its exception filters made of an error, and not what the error was,
 * so that its exceptions handler has to be listened to. An error that no filter takes is masked there as Nest does it, but not logged:
 * the server logs it, once for a message, with what Nest does not know: topic, handler and attempts.
 *
 * Messages of other transports take the way that they always did.
 */
export function keepThrownErrors(): void {
  if (listening) return;
  listening = true;
  const handler = RpcExceptionsHandler.prototype;
  // oxlint-disable-next-line typescript/unbound-method -- it is called as a method below
  const handle = handler.handle as (this: RpcExceptionsHandler, ...args: unknown[]) => Observable<unknown>;
  handler.handle = function (this: RpcExceptionsHandler, exception: Error, host: ArgumentsHost, ...rest: unknown[]) {
    const context = host.switchToRpc().getContext<unknown>();
    if (!(context instanceof MqttContext)) return handle.call(this, exception, host, ...rest);
    thrownBy.set(context, exception);
    const filtered = this.invokeCustomFilters(exception, host);
    if (filtered) return filtered;
    // oxlint-disable-next-line promise/valid-params -- Nest's filters have a method of that name
    return exception instanceof RpcException ? this.catch(exception, host) : throwError(maskedError);
  };
}
