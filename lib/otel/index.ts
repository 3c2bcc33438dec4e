export { mqttTelemetry } from './mqtt-telemetry.js';
export { CONVENTIONS_VERSION } from './conventions.js';
export type { MqttTelemetryHooks, MqttTelemetryOptions, MqttTraced } from './telemetry-options.js';
