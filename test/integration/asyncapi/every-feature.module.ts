import { Controller, Injectable, Module } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';
import {
  AckPolicy,
  ClientMqtt,
  getMqttTransportId,
  jsonCodec,
  MqttModule,
  MqttSubscription,
  PublishTo,
  TopicParam,
} from '../../../lib/index.js';
import { MqttDoc, type StandardSchema } from '../../../lib/asyncapi/index.js';

class Position {
  @ApiProperty({ minimum: -90, maximum: 90 })
  latitude!: number;

  @ApiProperty({ nullable: true, type: Number, example: 11.6 })
  longitude!: number | null;
}

export class Reading {
  @ApiProperty({ description: 'Degrees' })
  celsius!: number;

  @ApiProperty({ type: () => Position, required: false })
  position?: Position;
}

class Step {
  @IsInt()
  @Min(1)
  @Max(10)
  times!: number;
}

export class Command {
  @IsString()
  name!: string;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Step)
  steps?: Step[];
}

export class Accepted {
  @ApiProperty()
  id!: string;
}

/** A schema that refers to a part of itself, as zod and others generate it. */
export const treeSchema: StandardSchema & Record<'~standard', { validate: (value: unknown) => { value: unknown } }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => ({ value }),
    jsonSchema: {
      input: () => ({
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: { children: { type: 'array', items: { $ref: '#/definitions/node' } } },
        definitions: { node: { type: 'object', properties: { name: { type: 'string' } } } },
      }),
      output: () => ({ type: 'object' }),
    },
  },
};

@Controller()
@MqttSubscription({ shared: 'workers', qos: 1, prefix: 'sites/{site}/' })
export class TelemetryController {
  @MqttDoc({
    summary: 'Stores a reading',
    examples: [{ celsius: 21 }],
    headers: { type: 'object', properties: { site: { type: 'string' } } },
  })
  @MqttSubscription({
    ackPolicy: AckPolicy.REJECT_ON_ERROR,
    maxWorkers: 4,
    retry: { attempts: 3, delay: 10 },
    deadLetter: 'failed/telemetry',
  })
  @EventPattern<string>('devices/{deviceId}/telemetry', Transport.MQTT)
  @PublishTo('sites/{site}/devices/{deviceId}/state', {
    qos: 1,
    retain: true,
    codec: jsonCodec,
    messageExpiryInterval: 60,
  })
  telemetry(@Payload() reading: Reading, @TopicParam('deviceId') deviceId: string): Accepted {
    return { id: `${deviceId} ${reading.celsius}` };
  }

  @EventPattern(['raw/+/bytes', 'more/#'])
  raw(@Payload() bytes: Buffer): void {
    void bytes;
  }

  @MqttDoc({ hide: true })
  @EventPattern<string>('secret')
  secret(): void {}
}

@Controller()
export class CommandController {
  @MessagePattern('commands/{name}', { qos: 2, responseTopic: 'replies/commands' })
  command(@Payload() command: Command): Accepted {
    return { id: command.name };
  }

  @MessagePattern({ cmd: 'sum' })
  @MqttDoc({ payload: { type: 'array', items: { type: 'number' } }, reply: { type: 'number' } })
  sum(numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }

  @MessagePattern('properties', { noReply: true })
  properties(@Payload('name') name: string, @Payload('count') count: number): void {
    void [name, count];
  }

  @MqttDoc({ payload: treeSchema, reply: [Accepted] })
  @MessagePattern('tree')
  tree(): Accepted[] {
    return [];
  }

  @EventPattern('alarms/{{0}}/#', getMqttTransportId('plant'))
  alarm(@Payload() text: string): void {
    void text;
  }
}

@Injectable()
export class Announcer {
  readonly announcements;

  constructor(client: ClientMqtt) {
    this.announcements = client.publisher('announcements', { qos: 1, retain: true });
  }
}

/** Strings that must not be in a document. */
export const PASSWORD = 'hunter2';

@Module({
  imports: [
    MqttModule.forRoot({
      url: `mqtt://user:${PASSWORD}@localhost:1883`,
      clientId: 'every-feature',
      keepalive: 30,
      topicTemplates: ['alarms/{deviceId}', 'announcements'],
      will: { topic: 'wills', payload: Buffer.from(PASSWORD), qos: 1, retain: true },
      properties: { sessionExpiryInterval: 60 },
    }),
    MqttModule.forRoot({ name: 'plant', url: `wss://plant.example.org/mqtt?token=${PASSWORD}`, protocolVersion: 4 }),
  ],
  controllers: [TelemetryController, CommandController],
  providers: [Announcer],
})
export class EveryFeatureModule {}
