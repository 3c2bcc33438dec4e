import {
  sizeOfVariableByteInteger,
  variableByteIntegerWidth,
  writeVariableByteInteger,
} from '../variable-byte-integer.js';

/** Protocol Name and Protocol Version before the Connect Flags (section 3.1.2), and the flag that says that there is a User Name. */
const FLAGS_AT = 7;
const USER_NAME_FLAG = 0x80;
const LENGTH_BYTES = 2;

/**
 * Removes the empty User Name from a CONNECT with a Password only (section 3.1.3: they are the last fields). MQTT.js cannot write a
 * password without a user name.
 */
export function withoutEmptyUserName(connect: Buffer, password: string | Buffer | undefined): Buffer {
  if (password === undefined) return connect;
  const header = 1 + variableByteIntegerWidth(connect, 1, connect.length, 'Remaining Length of a CONNECT');
  const userName = connect.length - LENGTH_BYTES - Buffer.byteLength(password) - LENGTH_BYTES;
  const rest = Buffer.concat([connect.subarray(header, userName), connect.subarray(userName + LENGTH_BYTES)]);
  rest[FLAGS_AT]! &= ~USER_NAME_FLAG;
  const fixedHeader = Buffer.alloc(1 + sizeOfVariableByteInteger(rest.length), connect.subarray(0, 1));
  writeVariableByteInteger(fixedHeader, 1, rest.length);
  return Buffer.concat([fixedHeader, rest]);
}
