/** The server has answered the CONNECT with HTTP: its port is for WebSockets, or of a web server. */
export class HttpAnswer extends Error {
  constructor() {
    super('the server answered with HTTP, not with MQTT');
    this.name = 'HttpAnswer';
  }
}

const START = 'HTTP/';

/** Whether the first bytes from a server are HTTP. No Control Packet begins like this: it would be a PUBACK with invalid flags. */
export function isHttp(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, START.length) === START;
}
