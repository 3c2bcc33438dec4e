/** Properties of requests and replies: only those that MQTT 5.0 requires, or also those of a specific protocol. */
export type MqttMessageFormat = 'plain' | 'azure-iot-operations';

/** The RPC protocol of Azure IoT Operations. */
export const AZURE_IOT_OPERATIONS = 'azure-iot-operations';

export const MESSAGE_FORMATS: readonly MqttMessageFormat[] = ['plain', AZURE_IOT_OPERATIONS];
