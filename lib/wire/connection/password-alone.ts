/** Where the variable header begins: one byte, and the Remaining Length (section 2.1.4). */
function headerEnd(packet: Buffer): number {
  let at = 1;
  while (packet[at]! & 0x80) at++;
  return at + 1;
}

/** Protocol Name and Protocol Version before the Connect Flags (section 3.1.2), and the flag that says that there is a User Name. */
const FLAGS_AT = 7;
const USER_NAME_FLAG = 0x80;
const LENGTH_BYTES = 2;

/**
 * Takes the empty User Name out of a CONNECT whose Password stands alone; section 3.1.3: the two come last. MQTT.js writes no password
 * without a user name.
 */
export function withoutEmptyUserName(connect: Buffer, password: string | Buffer | undefined): Buffer {
  if (password === undefined) return connect;
  const header = headerEnd(connect);
  const userName = connect.length - LENGTH_BYTES - Buffer.byteLength(password) - LENGTH_BYTES;
  const rest = Buffer.concat([connect.subarray(header, userName), connect.subarray(userName + LENGTH_BYTES)]);
  rest[FLAGS_AT]! &= ~USER_NAME_FLAG;
  return Buffer.concat([connect.subarray(0, 1), remainingLength(rest.length), rest]);
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  for (let rest = length; bytes.length === 0 || rest > 0; rest >>>= 7)
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  return Buffer.from(bytes);
}
