import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MqttSubscription, patternsOf, PublishTo, type MqttServerOptions } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { transportLogs } from '../../support/logs.js';
import { startServer } from '../../support/nest-application.js';

const { EventPattern, MessagePattern } = patternsOf();

@Controller()
class Looping {
  @EventPattern('loop/{x}', { deadLetter: 'loop/{x}' })
  itself(): void {}

  @EventPattern('loop/b/{x}', { deadLetter: 'loop/b/dead' })
  level(): void {}

  @EventPattern('group/#', { deadLetter: 'group/dead/{{x}}', shared: 'workers' })
  rest(): void {}

  @PublishTo('elsewhere')
  @PublishTo('sums/{x}/done')
  @MessagePattern('sums/{x}/{what}')
  results(): number {
    return 1;
  }
}

@Controller()
class Safe {
  @EventPattern('safe/{x}', { deadLetter: 'safe/{x}/dead' })
  longer(): void {}

  @EventPattern('safe/a/{x}', { deadLetter: 'safe/{x}/dead' })
  perhaps(): void {}

  @PublishTo('safe/result')
  @EventPattern('safe/b')
  result(): number {
    return 1;
  }
}

@Controller()
@MqttSubscription({ nl: true })
class NoLocal {
  @EventPattern('local/{x}', { deadLetter: 'local/dead' })
  event(): void {}
}

const warned = async (connection: MqttServerOptions, ...controllers: (new () => object)[]): Promise<string[]> => {
  await startServer(connection, { controllers });
  return transportLogs('warn').filter((line) => line.includes('receives what it publishes'));
};

describeEachBroker('a handler that receives what it publishes', (broker) => {
  const v5 = broker.protocolVersion === 5;
  const use = `is published again without end. Use a topic outside of the pattern${v5 ? ', or nl: true' : ''}.`;
  const shared = 'is published again without end. Use a topic outside of the pattern.';
  const fails = 'matches its own pattern, and a message that fails';

  it('is named at start, once', async () => {
    const lines = await warned(broker.connection, Looping);
    expect(lines).toEqual([
      `Handler "loop/{x}" (Looping.itself()) receives what it publishes: its deadLetter "loop/{x}" ${fails} ${use}`,
      `Handler "loop/b/{x}" (Looping.level()) receives what it publishes: its deadLetter "loop/b/dead" ${fails} ${use}`,
      `Handler "group/#" (Looping.rest()) receives what it publishes: its deadLetter "group/dead/{{x}}" ${fails} ${shared}`,
      `Handler "sums/{x}/{what}" (Looping.results()) receives what it publishes: its @PublishTo "sums/{x}/done" matches its own pattern, and a result ${use}`,
    ]);
  });

  it('is not one whose topics may lie outside', async () => {
    expect(await warned(broker.connection, Safe)).toEqual([]);
  });

  if (v5)
    it('is not one with No Local', async () => {
      expect(await warned(broker.connection, NoLocal)).toEqual([]);
    });
});
