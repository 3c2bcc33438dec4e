import { Inject, type InjectionToken } from '@nestjs/common';
import type { Transport } from '@nestjs/microservices';
import { ClientMqtt } from '../client/mqtt.client.js';
import { DeadLetters } from '../server/dead-letters/dead-letters.js';
import { ServerMqtt } from '../server/mqtt.server.js';

/** Injection token of the server of a named broker; without a name, the class `ServerMqtt`. */
export function getMqttServerToken(name?: string): InjectionToken {
  return name === undefined ? ServerMqtt : `MqttServer:${name}`;
}

/** Injection token of the client of a named broker; without a name, the class `ClientMqtt`. */
export function getMqttClientToken(name?: string): InjectionToken {
  return name === undefined ? ClientMqtt : `MqttClient:${name}`;
}

/** Injection token of the dead letters of a named broker's server; without a name the class itself. */
export function getDeadLettersToken(name?: string): InjectionToken {
  return name === undefined ? DeadLetters : `MqttDeadLetters:${name}`;
}

/**
 * Transport id of a named broker, for the handlers of that broker.
 *
 * @example
 * ```ts
 * @EventPattern('alarms/#', getMqttTransportId('plant'))
 * alarm() {}
 * ```
 */
export function getMqttTransportId(name: string): symbol {
  return Symbol.for(`${TRANSPORT_ID_PREFIX}${name}`);
}

/** @internal The name in a transport id of {@link getMqttTransportId}; undefined for the unnamed broker, and for other transports. */
export function brokerNameOf(transportId: Transport | symbol | undefined): string | undefined {
  const description = typeof transportId === 'symbol' ? (transportId.description ?? '') : '';
  return description.startsWith(TRANSPORT_ID_PREFIX) ? description.slice(TRANSPORT_ID_PREFIX.length) : undefined;
}

const TRANSPORT_ID_PREFIX = 'nestjs-mqtt-transport:';

/**
 * Injection token of an array of observers, provided and exported by a global module. Every `MqttModule` adds them to the observers of its
 * option `observers`.
 */
export const MQTT_OBSERVERS = Symbol.for('nestjs-mqtt-transport:observers');

/** Injects the server of a named broker. */
export function InjectMqttServer(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getMqttServerToken(name));
}

/** Injects the client of a named broker. */
export function InjectMqttClient(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getMqttClientToken(name));
}

/** Injects the dead letters of the broker of that name. */
export function InjectDeadLetters(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getDeadLettersToken(name));
}
