let warned = false;

/** Warns once that this broker is not for production. */
export function warnInProduction(): void {
  if (warned || process.env['NODE_ENV'] !== 'production') return;
  warned = true;
  process.emitWarning(
    'The in-process MQTT broker of nestjs-mqtt-transport/testing keeps all state in the memory of one process and is ' +
      'made for development and tests. Connect to a real broker in production.',
    'MqttBrokerWarning',
  );
}
