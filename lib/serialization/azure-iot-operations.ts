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
  /** By which the broker keeps the requests of one caller at one member of a group. */
  partition: '$partition',
} as const;

const PROTOCOL_VERSION = '1.0';
const SUPPORTED_VERSION = /^1\.\d+$/;

/** Status of a success, and of one without a value. */
export const OK = '200';
export const NO_CONTENT = '204';

/** Statuses, which are those of HTTP, by the kind of failure. Whatever else failed did so in the application. */
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

/** Of an error whose message is longer; the payload of the reply has all of it. */
const LONGEST_MESSAGE = 1_024;

/** What a failed reply of Azure IoT Operations says: Nest's error object, and what the protocol adds. */
export interface AzureError extends NestError {
  /** `__stat`, such as 500; undefined where it is no number, or the reply itself is of another version. */
  readonly statusCode: number | undefined;
  /** `__apErr`: it was the application that failed, not the protocol. */
  readonly isApplicationError: boolean;
  /** `__propName`: which property was missing or wrong, or which time was up. */
  readonly propertyName?: string;
  readonly propertyValue?: string;
  /** `__supProtMajVer`: versions of the protocol that the other side speaks. */
  readonly supportedMajorVersions?: string;
}

/** The properties by which a failure is told. @param handlerTimeoutMs what a handler's time is */
export function azureFailure(code: string, message: string, handlerTimeoutMs: number | undefined): UserProperties {
  const status = STATUS_BY_CODE.get(code);
  const properties: UserProperties = {
    [AzureProperty.status]: status ?? '500',
    [AzureProperty.statusMessage]: utf8Excerpt(message, LONGEST_MESSAGE),
  };
  if (status === undefined) properties[AzureProperty.isApplicationError] = 'true';
  if (code === 'timeout') {
    // its callers want both: they read the time as a duration of ISO 8601
    properties[AzureProperty.invalidPropertyName] = 'ExecutionTimeout';
    properties[AzureProperty.invalidPropertyValue] = `PT${(handlerTimeoutMs ?? 0) / 1_000}S`;
  }
  return properties;
}

/** The failure that a reply tells; undefined for a success, and for a reply that has no status, as of other peers. */
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

/** The message with these User Properties added, and the Payload Format Indicator that the protocol asks for. */
export function withAzureProperties(message: OutgoingMessage, added: UserProperties): OutgoingMessage {
  const properties: MessageProperties = { ...message.properties };
  properties.userProperties = { ...properties.userProperties, [AzureProperty.protocolVersion]: PROTOCOL_VERSION };
  Object.assign(properties.userProperties, added);
  if (properties.payloadFormatIndicator === undefined && isText(properties.contentType))
    properties.payloadFormatIndicator = true;
  return { ...message, properties };
}

function unsupported(version: string): { code: string; error: AzureError } {
  const message = `The reply is in version ${version} of the protocol; this client reads 1`;
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
