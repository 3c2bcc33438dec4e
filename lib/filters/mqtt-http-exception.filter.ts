import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { BaseRpcExceptionFilter } from '@nestjs/microservices';
import { MqttTransportError } from '../errors/mqtt-transport.error.js';
import { RemoteError } from '../errors/remote.error.js';
import { httpStatusOf } from './http-status.js';

/**
 * Turns the errors of this transport into HTTP responses: an HTTP handler that awaits `ClientMqtt.request()` needs no `try`.
 *
 * What the handler's `RpcException` carried becomes the body when it holds a `statusCode` (or a number as `status`) from 400 to 599. Any other
 * error gives a body of status code and phrase, so that topics and options do not reach HTTP clients; from 500 on it is logged.
 * Errors in other contexts than HTTP are treated as without this filter.
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

  /** Status code of the response. Override it to choose others. */
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
