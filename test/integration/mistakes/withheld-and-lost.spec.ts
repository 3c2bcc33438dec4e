import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { AckPolicy, MqttContext, NackMessage, patternsOf } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { logs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import type { TestConnection } from '../../support/test-broker.js';

const { EventPattern } = patternsOf();

@Controller()
class Jobs {
  @EventPattern('withheld/{id}/called')
  called(@Payload() _data: unknown, @Ctx() context: MqttContext): void {
    context.nack();
  }

  @EventPattern('withheld/{id}/thrown')
  thrown(): never {
    throw new NackMessage();
  }

  @EventPattern('withheld/{id}/failed')
  failed(@Payload() _data: unknown, @Ctx() context: MqttContext): void {
    context.nack();
    throw new Error('not now');
  }

  @EventPattern('withheld/{id}/undecided', { ackPolicy: AckPolicy.MANUAL })
  undecided(): never {
    throw new Error('not now');
  }

  @EventPattern('withheld/{id}/letter', { onDeadLetter: failing })
  letter(): never {
    throw new Error('not now');
  }

  @EventPattern('withheld/end')
  end(): never {
    throw new Error('the end');
  }
}

function failing(): never {
  throw new Error('the audit is down');
}

const complaints = (): string[] =>
  logs.entries.filter(({ level }) => level === 'error' || level === 'warn').map(({ message }) => message);

/** Lines about what is withheld, of two messages each. */
async function linesAbout(kind: string, connection: TestConnection): Promise<string[]> {
  const of = { ...connection, subscribeOptions: { qos: 1 as const } };
  await startServer(of, { controllers: [Jobs] });
  const peer = await connectMqttJs(connection);
  for (const id of ['a', 'b']) await peer.publishAsync(`withheld/${id}/${kind}`, '1', { qos: 1 });
  await peer.publishAsync('withheld/end', '1', { qos: 1 });
  await logs.until(() => complaints().some((line) => line.includes('the end')), 'the end');
  return complaints().filter((line) => !line.includes('the end'));
}

const ENDS = 'its session ends with the connection, so the broker does not deliver it again. ';
const REMEDY = 'Set clientId, clean: false and, on 5.0, properties.sessionExpiryInterval';
const failedOn = (kind: string, id: string): string =>
  `Handler "withheld/{id}/${kind}" (Jobs.${kind}()) failed on "withheld/${id}/${kind}" after 1 attempt: not now. The message `;

describeEachBroker('what is withheld in a session that does not survive', (broker) => {
  it.each(['called', 'thrown'])('is lost, which is told once, with what to do: %s', async (kind) => {
    expect(await linesAbout(kind, broker.connection)).toEqual([
      `Handler "withheld/{id}/${kind}" (Jobs.${kind}()) has withheld its message on "withheld/a/${kind}", which is lost: ` +
        `${ENDS}${REMEDY}, or throw an error with the option retry or deadLetter.`,
    ]);
  });

  it('by a handler that fails after it', async () => {
    expect(await linesAbout('failed', broker.connection)).toEqual([
      expect.stringContaining('which is lost'),
      ...['a', 'b'].map((id) => `${failedOn('failed', id)}is withheld, and lost: ${ENDS}${REMEDY}.`),
    ]);
  });

  it('by a handler that fails without a decision', async () => {
    expect(await linesAbout('undecided', broker.connection)).toEqual([
      `${failedOn('undecided', 'a')}is withheld, and lost: ${ENDS}${REMEDY}.`,
      expect.stringContaining('has AckPolicy.MANUAL and ended without'),
      `${failedOn('undecided', 'b')}is withheld, and lost: ${ENDS}${REMEDY}.`,
    ]);
  });

  it('because its dead letter has failed', async () => {
    const lines = await linesAbout('letter', broker.connection);
    expect(lines.filter((line) => line.includes('withheld/a/letter'))).toEqual([
      expect.stringContaining('goes to onDeadLetter'),
      'The message on "withheld/a/letter" is withheld: onDeadLetter failed: the audit is down. ' +
        `Handler "withheld/{id}/letter" (Jobs.letter()) has lost it: ${ENDS}${REMEDY}.`,
    ]);
  });

  it('and is not, in one that survives', async () => {
    expect(await linesAbout('called', durable(broker.connection))).toEqual([
      'A message was withheld: the broker delivers it again when this session is next resumed. Set the option redelivery to resume it automatically.',
    ]);
  });
});
