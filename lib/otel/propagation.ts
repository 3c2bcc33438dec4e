import { propagation, ROOT_CONTEXT, type Context, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import type { MqttDelivery } from '../observing/mqtt-delivery.js';
import type { MqttPublication } from '../observing/mqtt-publication.js';

const setter: TextMapSetter<MqttPublication> = {
  set: (publication, name, value) => void publication.inject(name, value),
};

/** User Properties where there are some, else the metadata of Nest's envelope. A name that is given several times counts once. */
const getter: TextMapGetter<MqttDelivery> = {
  keys: ({ userProperties, metadata = {} }) => [...new Set([...Object.keys(userProperties), ...Object.keys(metadata)])],
  get: ({ userProperties, metadata }, name) => {
    const value = Object.hasOwn(userProperties, name) ? userProperties[name] : undefined;
    if (value !== undefined) return typeof value === 'string' ? value : value[0];
    return metadata !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  },
};

/** Has a context travel with a message, by the propagator that the application has registered. */
export function inject(context: Context, publication: MqttPublication): void {
  propagation.inject(context, publication, setter);
}

/** The context that has come with a message. */
export function extract(delivery: MqttDelivery): Context {
  return propagation.extract(ROOT_CONTEXT, delivery, getter);
}
