export { mqttMetrics } from './mqtt-metrics.js';
export type { MqttMetricsOptions } from './metrics-options.js';
