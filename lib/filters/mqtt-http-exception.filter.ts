import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { BaseRpcExceptionFilter } from '@nestjs/microservices';
import { MqttTransportError } from '../errors/mqtt-transport.error.js';
import { RemoteError } from '../errors/remote.error.js';
import { httpStatusOf } from './http-status.js';

/**
 * Maps errors of this transport to HTTP responses: an HTTP handler that awaits `ClientMqtt.request()` needs no `try`.
 *
 * The error object of the handler's `RpcException` becomes the response body if it has a `statusCode` (or a numeric `status`) from 400 to
 * 599. For all other errors the body has the status code and its phrase only, so that topics and options do not reach HTTP clients;
 * errors with a status of 500 and above are logged. In contexts other than HTTP the filter has no effect.
 *
 * @example
 * ```ts
 * @Module({ providers: [{ provide: APP_FILTER, useClass: MqttHttpExceptionFilter }] })
 * export class AppModule {}
 * ```
 */
@Catch(MqttTransportError)
export class MqttHttpExceptionFilter extends BaseExceptionFilter<MqttTransportError> {
  private readonly logger = new Logger(MqttHttpExceptionFilter.name);
  private readonly rpc = new BaseRpcExceptionFilter<MqttTransportError, unknown>();

  /** Called by Nest. */
  override catch(error: MqttTransportError, host: ArgumentsHost): unknown {
    const context = host.getType<string>();
    if (context === 'rpc') return this.rpc.catch(error, host);
    if (context !== 'http') return error;
    const status = this.statusOf(error);
    if (status >= (HttpStatus.INTERNAL_SERVER_ERROR as number)) this.logger.error(`${error.name}: ${error.message}`);
    return super.catch(new HttpException(bodyOf(error, status), status, { cause: error }) as never, host);
  }

  /** Status code of the response. Can be overridden in a subclass. */
  protected statusOf(error: MqttTransportError): number {
    return httpStatusOf(error);
  }
}

function bodyOf(error: MqttTransportError, statusCode: number): Record<string, unknown> {
  const carried = error instanceof RemoteError ? (error.data as unknown) : undefined;
  if (typeof carried === 'object' && carried !== null && hasStatus(carried, statusCode))
    return { ...carried, statusCode };
  return { statusCode, message: STATUS_CODES[statusCode] ?? 'Error' };
}

function hasStatus(carried: object, status: number): boolean {
  const { statusCode, status: other } = carried as { statusCode?: unknown; status?: unknown };
  return statusCode === status || other === status;
}
