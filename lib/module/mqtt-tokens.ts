import { Inject, type InjectionToken } from '@nestjs/common';
import { ClientMqtt } from '../client/mqtt.client.js';
import { DeadLetters } from '../server/dead-letters/dead-letters.js';
import { ServerMqtt } from '../server/mqtt.server.js';

/** Injection token of the server of a named broker; without a name the class itself. */
export function getMqttServerToken(name?: string): InjectionToken {
  return name === undefined ? ServerMqtt : `MqttServer:${name}`;
}

/** Injection token of the client of a named broker; without a name the class itself. */
export function getMqttClientToken(name?: string): InjectionToken {
  return name === undefined ? ClientMqtt : `MqttClient:${name}`;
}

/** Injection token of the dead letters of a named broker's server; without a name the class itself. */
export function getDeadLettersToken(name?: string): InjectionToken {
  return name === undefined ? DeadLetters : `MqttDeadLetters:${name}`;
}

/**
 * Transport of a named broker, by which handlers choose theirs.
 *
 * @example
 * ```ts
 * @EventPattern('alarms/#', getMqttTransportId('plant'))
 * alarm() {}
 * ```
 */
export function getMqttTransportId(name: string): symbol {
  return Symbol.for(`nestjs-mqtt-transport:${name}`);
}

/**
 * Injection token of observers that every `MqttModule` gives its server and client, beside those of its option `observers`: a list,
 * provided and exported by a global module.
 */
export const MQTT_OBSERVERS = Symbol.for('nestjs-mqtt-transport:observers');

/** Injects the server of the broker of that name. */
export function InjectMqttServer(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getMqttServerToken(name));
}

/** Injects the client of the broker of that name. */
export function InjectMqttClient(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getMqttClientToken(name));
}

/** Injects the dead letters of the broker of that name. */
export function InjectDeadLetters(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getDeadLettersToken(name));
}
