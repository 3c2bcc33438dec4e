export { MqttHealthIndicator, type HealthTarget, type MqttHealthOptions } from './mqtt.health-indicator.js';
export type { MqttHealth } from '../observing/mqtt-health.js';
