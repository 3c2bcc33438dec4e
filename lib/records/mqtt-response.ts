import { allNames, namesOf } from '../options/option-names.js';
import { assertPublishOptions, PUBLISH_NAMES, type MqttPublishOptions } from '../options/publish-options.js';

/** How a reply is published. What is not given follows from the request and the server's `publishOptions`. */
export interface MqttResponseOptions extends MqttPublishOptions {
  /** Correlation Data of the reply. Default: the request's. */
  correlationData?: Buffer;
}

const RESPONSE_NAMES = allNames(
  PUBLISH_NAMES,
  namesOf<Pick<MqttResponseOptions, 'correlationData'>>({ correlationData: true }),
);

/**
 * A handler's return value together with how it is published.
 *
 * @example
 * ```ts
 * @MessagePattern('firmware/latest')
 * latest() {
 *   return new MqttResponse(image, { qos: 1, contentType: 'application/zip', userProperties: { version: '7.2' } });
 * }
 * ```
 */
export class MqttResponse<T = unknown> {
  /** @throws InvalidOptionsError that lists every problem with the options */
  constructor(
    readonly data: T,
    readonly options: Readonly<MqttResponseOptions> = {},
  ) {
    assertPublishOptions('MqttResponse', options, RESPONSE_NAMES);
  }
}
