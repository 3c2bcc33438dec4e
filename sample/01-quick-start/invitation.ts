/** Commands to try from another terminal. */
export function printInvitation(mqttUrl: string, httpUrl: string): void {
  const { hostname, port } = new URL(mqttUrl);
  const broker = `-h ${hostname} -p ${port || 1883}`;
  console.log(`
Running until Ctrl+C. Join in from another terminal:

  mosquitto_pub ${broker} -q 1 -t devices/garden/telemetry -m '{"celsius":17.5}'
  mosquitto_rr ${broker} -V mqttv5 -t readings/latest -e garden/replies -m garden
  curl ${httpUrl}/devices/garden
`);
}
