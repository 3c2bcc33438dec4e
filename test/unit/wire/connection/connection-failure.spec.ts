import { describe, expect, it } from '@jest/globals';
import type { IConnackPacket, IDisconnectPacket } from 'mqtt';
import { ConnectionRefusedError } from '../../../../lib/errors/connection-refused.error.js';
import { ReasonCode } from '../../../../lib/protocol/reason-code.js';
import {
  brokerDisconnect,
  isTakeover,
  mayBeHangUp,
  refusedConnack,
  takeoverError,
  type ConnectionFailure,
} from '../../../../lib/wire/connection/connection-failure.js';

const BROKER = 'mqtt://broker:1883';

function connack(packet: Partial<IConnackPacket>): IConnackPacket {
  return { cmd: 'connack', sessionPresent: false, ...packet };
}

function disconnect(packet: Partial<IDisconnectPacket>): IDisconnectPacket {
  return { cmd: 'disconnect', ...packet };
}

describe('refusedConnack', () => {
  it.each<[string, Partial<IConnackPacket>, string, number, RegExp]>([
    ['5.0', { reasonCode: 0x86 }, 'firm', 0x86, /bad user name or password \(0x86\)\. Check username and password\.$/],
    [
      '5.0',
      { reasonCode: 0x87 },
      'firm',
      0x87,
      /not authorized \(0x87\)\. Check credentials and this client's permissions/,
    ],
    ['5.0', { reasonCode: 0x85 }, 'firm', 0x85, /Choose another clientId\.$/],
    ['5.0', { reasonCode: 0x84 }, 'firm', 0x84, /Try protocolVersion 4\.$/],
    ['5.0', { reasonCode: 0x8a }, 'firm', 0x8a, /banned \(0x8a\)\.$/],
    ['5.0', { reasonCode: 0x88 }, 'passing', 0x88, /server unavailable \(0x88\)\.$/],
    ['5.0', { reasonCode: 0x89 }, 'passing', 0x89, /server busy/],
    ['5.0', { reasonCode: 0x97 }, 'passing', 0x97, /quota exceeded/],
    ['5.0', { reasonCode: 0x9f }, 'passing', 0x9f, /connection rate exceeded/],
    ['5.0', { reasonCode: 0xff }, 'firm', 0xff, /unknown reason \(0xff\)/],
    ['3.1.1', { returnCode: 1 }, 'firm', 0x84, /unsupported protocol version/],
    ['3.1.1', { returnCode: 2 }, 'firm', 0x85, /client identifier not valid/],
    ['3.1.1', { returnCode: 3 }, 'passing', 0x88, /server unavailable/],
    ['3.1.1', { returnCode: 4 }, 'firm', 0x86, /bad user name or password/],
    ['3.1.1', { returnCode: 5 }, 'firm', 0x87, /not authorized/],
  ])('%s %j is %s', (_, packet, severity, reasonCode, says) => {
    const failure = refusedConnack(connack(packet), BROKER);
    expect(failure.severity).toBe(severity);
    expect(failure.error).toBeInstanceOf(ConnectionRefusedError);
    expect((failure.error as ConnectionRefusedError).reasonCode).toBe(reasonCode);
    expect(failure.error.message).toMatch(says);
    expect(failure.error.message).toContain(BROKER);
  });

  it("shows the broker's own words", () => {
    const packet = connack({ reasonCode: 0x97, properties: { reasonString: 'too many of you' } });
    expect(refusedConnack(packet, BROKER).error.message).toBe(
      `${BROKER} refused the connection: quota exceeded (0x97), "too many of you".`,
    );
  });
});

describe('brokerDisconnect', () => {
  it('is fatal where another client has the session: two of them would evict each other for ever', () => {
    const { error, severity } = brokerDisconnect(
      disconnect({ reasonCode: ReasonCode.SESSION_TAKEN_OVER }),
      BROKER,
      'me',
    );
    expect(severity).toBe('fatal');
    expect(error.message).toMatch(/Client Identifier "me".*Give every process its own clientId/);
  });

  it.each<[Partial<IDisconnectPacket>, string]>([
    [{ reasonCode: 0x8b }, 'server shutting down (0x8b).'],
    [{ reasonCode: 0x98, properties: { reasonString: 'moving' } }, 'administrative action (0x98), "moving".'],
    [{}, 'success (0x0).'],
  ])('passes otherwise: %j', (packet, says) => {
    const { error, severity } = brokerDisconnect(disconnect(packet), BROKER, 'me');
    expect(severity).toBe('passing');
    expect(error.message).toBe(`${BROKER} ended the connection: ${says}`);
  });
});

describe('brokerDisconnect, and what ended the connection', () => {
  it.each([
    [0x88, true],
    [0x89, true],
    [0x8b, true],
    [0x8d, true],
    [0x8e, true],
    [0x96, true],
    [0x97, true],
    [0x98, true],
    [0x9c, true],
    [0x9d, true],
    [0x9f, true],
    [0xa0, true],
    [0x00, false],
    [0x80, false],
    [0x81, false],
    [0x82, false],
    [0x83, false],
    [0x87, false],
    [0x8f, false],
    [0x90, false],
    [0x93, false],
    [0x94, false],
    [0x95, false],
    [0x99, false],
    [0x9a, false],
    [0x9b, false],
    [0x9e, false],
    [0xa1, false],
    [0xa2, false],
  ])('reason code %i was nothing that it was sent: %s (section 3.14.2.1)', (reasonCode, explained) => {
    const failure = brokerDisconnect(disconnect({ reasonCode }), BROKER, 'me');
    expect(failure.explained).toBe(explained);
    expect(mayBeHangUp(failure)).toBe(!explained);
    expect((failure.error as ConnectionRefusedError).reasonCode).toBe(reasonCode);
  });

  it('says where to go instead, and whether for good (section 4.11)', () => {
    const properties = { serverReference: 'other:1883' };
    const moved = brokerDisconnect(disconnect({ reasonCode: 0x9d, properties }), BROKER, 'me');
    expect(moved).toMatchObject({ serverReference: 'other:1883', moved: true });
    const another = refusedConnack(connack({ reasonCode: 0x9c, properties }), BROKER);
    expect(another).toMatchObject({ serverReference: 'other:1883', moved: false, answered: true, reasonCode: 0x9c });
    expect(refusedConnack(connack({ reasonCode: 0x9d, properties }), BROKER).moved).toBe(true);
  });
});

function failed(code?: string): ConnectionFailure {
  return { error: Object.assign(new Error('x'), { code }), severity: 'passing' };
}

describe('mayBeHangUp', () => {
  it.each<[string, ConnectionFailure | undefined, boolean]>([
    ['nothing was said', undefined, true],
    ['the other side has reset the connection', failed('ECONNRESET'), true],
    ['it was closed while something was written', failed('EPIPE'), true],
    ['it was aborted', failed('ECONNABORTED'), true],
    ['the network is down', failed('ENETDOWN'), false],
    ['no answer came in time', failed('ETIMEDOUT'), false],
    ['something else went wrong', failed(), false],
    ['it is known that nothing that was sent did it', { ...failed('ECONNRESET'), explained: true }, false],
    ['it came in answer to what was sent', { ...failed(), explained: false }, true],
  ])('when %s', (_, failure, expected) => {
    expect(mayBeHangUp(failure)).toBe(expected);
  });
});

describe('isTakeover', () => {
  it.each<[Error | undefined, boolean]>([
    [takeoverError(BROKER, 'me'), true],
    [new ConnectionRefusedError('x', ReasonCode.NOT_AUTHORIZED), false],
    [new Error('x'), false],
    [undefined, false],
  ])('of %s', (error, expected) => {
    expect(isTakeover(error)).toBe(expected);
  });
});
