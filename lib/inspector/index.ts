export { MqttInspector } from './mqtt-inspector.js';
export { MqttInspectorModule } from './mqtt-inspector.module.js';
export type { MqttInspectorAction, MqttInspectorOptions, MqttInspectorPayloads } from './inspector-options.js';
