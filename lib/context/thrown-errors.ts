import type { ArgumentsHost } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { RpcExceptionsHandler } from '@nestjs/microservices/exceptions/rpc-exceptions-handler.js';
import { lastValueFrom, throwError, type Observable } from 'rxjs';
import { describeReason, reasonOf } from '../errors/failure-reason.js';
import { maskedError } from '../serialization/error-object.js';
import { MqttContext } from './mqtt.context.js';

/** The thrown error for each context. */
const thrownBy = new WeakMap<MqttContext, unknown>();
/** What the exception filter threw instead of handling it. */
const filterFailures = new WeakMap<MqttContext, string>();
let listening = false;

/**
 * The error that the handler, a guard or a pipe threw, before Nest's exception filters.
 *
 * @param otherwise the error if it did not pass Nest's exceptions handler
 */
export function thrownFor(context: MqttContext | undefined, otherwise: unknown): unknown {
  return context !== undefined && thrownBy.has(context) ? thrownBy.get(context) : otherwise;
}

/** What the exception filter for the error threw itself; undefined if it did not. */
export function filterFailureFor(context: MqttContext | undefined): string | undefined {
  return context && filterFailures.get(context);
}

/**
 * Enables {@link thrownFor}. Nest passes a transport the result of its exception filters, not the original error; this patches its
 * exceptions handler to keep the original. An error that no filter handles is masked as in Nest, but not logged there: the server logs
 * it once for each message, with topic, handler and attempts. An error whose filter throws is treated like one without a filter; an
 * `RpcException` that a filter throws is meant for the caller.
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
    // oxlint-disable-next-line promise/valid-params -- the method `catch` of Nest's filters, not of a promise
    const passOn = (meant: RpcException): Observable<never> => this.catch(meant, host) as Observable<never>;
    const unfiltered = (): Observable<never> =>
      exception instanceof RpcException ? passOn(exception) : throwError(maskedError);
    const afterFailure = (failure: unknown): Observable<never> => {
      if (failure instanceof RpcException) return passOn(failure);
      filterFailures.set(context, describeReason(reasonOf(failure)));
      return unfiltered();
    };
    try {
      const filtered: unknown = this.invokeCustomFilters(exception, host);
      // Nest takes a promise in place of an observable, but of a promise in an observable it takes the value: so it rejects
      if (filtered instanceof Promise)
        return filtered.catch((failure: unknown) => lastValueFrom(afterFailure(failure)));
      return filtered || unfiltered();
    } catch (failure) {
      return afterFailure(failure);
    }
  } as typeof handler.handle;
}
