export { MqttHealthIndicator, type HealthTarget, type MqttHealthOptions } from './mqtt.health-indicator.js';
export type { MqttHealth } from '../wire/connection-health.js';
