/** What is said beside the payloads of requests and replies: as little as MQTT 5.0 needs, or what a certain kind of peer asks for. */
export type MqttMessageFormat = 'plain' | 'azure-iot-operations';

/** The RPC protocol of Azure IoT Operations. */
export const AZURE_IOT_OPERATIONS = 'azure-iot-operations';

export const MESSAGE_FORMATS: readonly MqttMessageFormat[] = ['plain', AZURE_IOT_OPERATIONS];
