import { allNames, namesOf } from '../options/option-names.js';
import { assertPublishOptions, PUBLISH_NAMES, type MqttPublishOptions } from '../options/publish-options.js';

/** Options of a reply. Defaults depend on the request and on `publishOptions` of the server. */
export interface MqttResponseOptions extends MqttPublishOptions {
  /** Correlation Data of the reply. Default: that of the request. */
  correlationData?: Buffer;
}

const RESPONSE_NAMES = allNames(
  PUBLISH_NAMES,
  namesOf<Pick<MqttResponseOptions, 'correlationData'>>({ correlationData: true }),
);

/**
 * The return value of a handler, with the options of the reply.
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
