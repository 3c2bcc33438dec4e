import { propagation, ROOT_CONTEXT, type Context, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import type { MqttDelivery } from '../observing/mqtt-delivery.js';
import type { MqttPublication } from '../observing/mqtt-publication.js';

const setter: TextMapSetter<MqttPublication> = {
  set: (publication, name, value) => void publication.inject(name, value),
};

/** Reads User Properties if there are any, else the metadata of Nest's envelope. Of a repeated name the first value is used. */
const getter: TextMapGetter<MqttDelivery> = {
  keys: ({ userProperties, metadata = {} }) => [...new Set([...Object.keys(userProperties), ...Object.keys(metadata)])],
  get: ({ userProperties, metadata }, name) => {
    const value = Object.hasOwn(userProperties, name) ? userProperties[name] : undefined;
    if (value !== undefined) return typeof value === 'string' ? value : value[0];
    return metadata !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  },
};

/** Injects a context into a message, with the registered propagator. */
export function inject(context: Context, publication: MqttPublication): void {
  propagation.inject(context, publication, setter);
}

/** Extracts the context of a message, with the registered propagator. */
export function extract(delivery: MqttDelivery): Context {
  return propagation.extract(ROOT_CONTEXT, delivery, getter);
}
