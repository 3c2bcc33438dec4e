import type { MessageProperties, OutgoingMessage, UserProperties } from '../protocol/application-message.js';
import { utf8Excerpt } from '../protocol/utf8-string.js';
import { JSON_CONTENT_TYPE } from './codecs.js';
import { nestError, type NestError } from './error-object.js';
import { nestProperty } from './wire-contract.js';

/**
 * User Properties of the RPC protocol of Azure IoT Operations, version 1.
 *
 * @see https://github.com/Azure/iot-operations-sdks/blob/main/doc/reference/message-metadata.md
 */
export const AzureProperty = {
  protocolVersion: '__protVer',
  status: '__stat',
  statusMessage: '__stMsg',
  isApplicationError: '__apErr',
  invalidPropertyName: '__propName',
  invalidPropertyValue: '__propVal',
  supportedMajorVersions: '__supProtMajVer',
  requestVersion: '__requestProtVer',
  invokerClientId: '__invId',
  sourceId: '__srcId',
  /** Partition key, by which the broker sends all requests of one caller to the same member of a group. */
  partition: '$partition',
} as const;

const PROTOCOL_VERSION = '1.0';
const SUPPORTED_VERSION = /^1\.\d+$/;

/** Statuses of success: with and without a value. */
export const OK = '200';
export const NO_CONTENT = '204';

/** HTTP statuses by kind of failure. All other failures are application errors. */
const STATUS_BY_CODE: ReadonlyMap<string, string> = new Map([
  ['bad-request', '400'],
  ['timeout', '408'],
]);
const CODE_BY_STATUS: ReadonlyMap<string, string> = new Map([
  ['400', 'bad-request'],
  ['408', 'timeout'],
  ['415', 'bad-request'],
  ['505', 'unsupported-version'],
]);

/** Maximum length of the status message; the payload of the reply has the whole message. */
const MAX_MESSAGE_LENGTH = 1_024;

/** An error reply of Azure IoT Operations: Nest's error object, and fields of the protocol. */
export interface AzureError extends NestError {
  /** `__stat`, such as 500; undefined if it is not a number, or the reply has an unsupported version. */
  readonly statusCode: number | undefined;
  /** `__apErr`: whether the application failed, not the protocol. */
  readonly isApplicationError: boolean;
  /** `__propName`: the property that was missing or invalid, or the timeout that expired. */
  readonly propertyName?: string;
  readonly propertyValue?: string;
  /** `__supProtMajVer`: protocol versions that the peer supports. */
  readonly supportedMajorVersions?: string;
}

/** User Properties of a failed reply. @param handlerTimeoutMs the option `handlerTimeout` */
export function azureFailure(code: string, message: string, handlerTimeoutMs: number | undefined): UserProperties {
  const status = STATUS_BY_CODE.get(code);
  const properties: UserProperties = {
    [AzureProperty.status]: status ?? '500',
    [AzureProperty.statusMessage]: utf8Excerpt(message, MAX_MESSAGE_LENGTH),
  };
  if (status === undefined) properties[AzureProperty.isApplicationError] = 'true';
  if (code === 'timeout') {
    // callers require both; the value is an ISO 8601 duration
    properties[AzureProperty.invalidPropertyName] = 'ExecutionTimeout';
    properties[AzureProperty.invalidPropertyValue] = `PT${(handlerTimeoutMs ?? 0) / 1_000}S`;
  }
  return properties;
}

/** The failure in a reply; undefined for a success, and for replies of other peers, which have no status. */
export function readAzureFailure(properties: UserProperties): { code: string; error: AzureError } | undefined {
  const version = nestProperty(properties, AzureProperty.protocolVersion);
  if (version !== undefined && !SUPPORTED_VERSION.test(version)) return unsupported(version);
  const status = nestProperty(properties, AzureProperty.status);
  if (status === undefined || status === OK || status === NO_CONTENT) return undefined;
  const isApplicationError = isTrue(nestProperty(properties, AzureProperty.isApplicationError));
  const code = CODE_BY_STATUS.get(status) ?? (isApplicationError ? 'rpc' : 'internal');
  const message = nestProperty(properties, AzureProperty.statusMessage) || `The reply has the status ${status}`;
  const statusCode = /^\d{3}$/.test(status) ? Number(status) : undefined;
  return { code, error: { ...nestError(message), statusCode, isApplicationError, ...detailsOf(properties) } };
}

/** The message with these User Properties, and the Payload Format Indicator that the protocol requires. */
export function withAzureProperties(message: OutgoingMessage, added: UserProperties): OutgoingMessage {
  const properties: MessageProperties = { ...message.properties };
  properties.userProperties = { ...properties.userProperties, [AzureProperty.protocolVersion]: PROTOCOL_VERSION };
  Object.assign(properties.userProperties, added);
  if (properties.payloadFormatIndicator === undefined && isText(properties.contentType))
    properties.payloadFormatIndicator = true;
  return { ...message, properties };
}

function unsupported(version: string): { code: string; error: AzureError } {
  const message = `The reply has protocol version ${version}; this client supports 1`;
  return {
    code: 'unsupported-version',
    error: { ...nestError(message), statusCode: undefined, isApplicationError: false },
  };
}

function detailsOf(properties: UserProperties): Partial<AzureError> {
  const propertyName = nestProperty(properties, AzureProperty.invalidPropertyName);
  const propertyValue = nestProperty(properties, AzureProperty.invalidPropertyValue);
  const supportedMajorVersions = nestProperty(properties, AzureProperty.supportedMajorVersions);
  return {
    ...(propertyName !== undefined && { propertyName }),
    ...(propertyValue !== undefined && { propertyValue }),
    ...(supportedMajorVersions !== undefined && { supportedMajorVersions }),
  };
}

/** "false if the property is omitted, or has no value, or has a value that case-insensitively equals false". */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && text !== '' && text.toLowerCase() !== 'false';
}

function isText(contentType: string | undefined): boolean {
  return contentType !== undefined && (contentType === JSON_CONTENT_TYPE || contentType.startsWith('text/'));
}
