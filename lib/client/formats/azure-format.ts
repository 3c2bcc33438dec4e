import { RemoteError } from '../../errors/remote.error.js';
import type { OutgoingMessage, PublishPacket, UserProperties } from '../../protocol/application-message.js';
import {
  AzureProperty,
  NO_CONTENT,
  readAzureFailure,
  withAzureProperties,
} from '../../serialization/azure-iot-operations.js';
import { NestProperty } from '../../serialization/wire-contract.js';
import type { Request } from '../requests/request.js';
import type { RequestCall } from '../requests/request-call.js';
import type { PlainFormat } from './plain-format.js';
import type { AwaitedRequests, RequestFormat } from './request-format.js';

/** The plain format, with the request properties that executors of Azure IoT Operations require, and with their error replies. */
export class AzureFormat implements RequestFormat {
  readonly exclusive = false;
  readonly enveloped = false;
  private readonly identity: UserProperties;

  constructor(
    private readonly plain: PlainFormat,
    clientId: string,
  ) {
    this.identity = Object.freeze({
      [AzureProperty.sourceId]: clientId,
      [AzureProperty.invokerClientId]: clientId, // read by executors without support for source identifiers
      [AzureProperty.partition]: clientId,
    });
  }

  check(call: RequestCall): void {
    this.plain.check(call);
  }

  responseTopic(call: RequestCall): string | undefined {
    return this.plain.responseTopic(call);
  }

  compose(request: Request, remainingMs: number): OutgoingMessage {
    return withAzureProperties(this.plain.compose(request, remainingMs), this.identity);
  }

  receive(packet: PublishPacket, awaited: AwaitedRequests): boolean {
    const userProperties = packet.properties?.userProperties;
    // the properties of our own server have more information than the status
    if (userProperties === undefined || NestProperty.error in userProperties)
      return this.plain.receive(packet, awaited);
    const failure = readAzureFailure(userProperties);
    const empty = failure === undefined && isEmpty(userProperties);
    if (failure === undefined && !empty) return this.plain.receive(packet, awaited);
    const request = this.plain.requestOf(packet, awaited);
    if (failure) request?.failedRemotely(new RemoteError(failure.code, failure.error, request.topic));
    else request?.complete(packet);
    return request !== undefined;
  }
}

/** A success without a value. The end of a stream of our own server is handled with the stream. */
function isEmpty(userProperties: UserProperties): boolean {
  return userProperties[AzureProperty.status] === NO_CONTENT && !(NestProperty.stream in userProperties);
}
