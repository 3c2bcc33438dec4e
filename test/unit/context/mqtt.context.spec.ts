import { describe, expect, it, jest } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { MqttContext as NestMqttContext } from '@nestjs/microservices';
import { MqttContext, type MessageControl } from '../../../lib/context/mqtt.context.js';
import { Topic, TopicParam, UserProperty } from '../../../lib/context/parameter.decorators.js';
import type { PublishPacket } from '../../../lib/protocol/application-message.js';

const packet: PublishPacket = {
  topic: '', // a Topic Alias was used: the resolved topic is given apart
  payload: Buffer.from('x'),
  qos: 1,
  retain: true,
  dup: true,
  messageId: 7,
  properties: {
    contentType: 'text/plain',
    responseTopic: 'reply/me',
    correlationData: Buffer.from('c'),
    userProperties: { site: '7', tag: ['a', 'b'] },
  },
};

function controlOf() {
  const reject = jest.fn<MessageControl['reject']>();
  return { attempt: 2, signal: new AbortController().signal, ack: jest.fn(), nack: jest.fn(), reject };
}

function contextOf(of: PublishPacket = packet, control: MessageControl = controlOf()): MqttContext {
  const origin = { subscription: '$share/g/devices/+', params: { id: '7' }, protocolVersion: 5 as const };
  return new MqttContext('devices/7', of, origin, control);
}

describe('MqttContext', () => {
  it("is Nest's context, with the resolved topic", () => {
    const context = contextOf();
    expect(context).toBeInstanceOf(NestMqttContext);
    expect(context.getTopic()).toBe('devices/7');
    expect(context.getPacket()).toBe(packet);
    expect(context.getArgs()).toEqual(['devices/7', packet]);
  });

  it('tells what is known about the message', () => {
    const control = controlOf();
    const context = contextOf(packet, control);
    expect(context).toMatchObject({
      params: { id: '7' },
      subscription: '$share/g/devices/+',
      protocolVersion: 5,
      userProperties: { site: '7', tag: ['a', 'b'] },
      contentType: 'text/plain',
      responseTopic: 'reply/me',
      correlationData: Buffer.from('c'),
      qos: 1,
      retain: true,
      dup: true,
      attempt: 2,
    });
    expect(context.signal).toBe(control.signal);
  });

  it('has nothing of what only 5.0 has on 3.1.1', () => {
    const { properties: _properties, ...plain } = packet;
    expect(contextOf(plain)).toMatchObject({ userProperties: {} });
    const { contentType, responseTopic, correlationData } = contextOf(plain);
    expect([contentType, responseTopic, correlationData]).toEqual([undefined, undefined, undefined]);
  });

  it('hands decisions on', () => {
    const control = controlOf();
    const context = contextOf(packet, control);
    context.ack();
    context.nack();
    context.reject(0x97, 'full');
    context.reject();
    expect(control.ack).toHaveBeenCalledTimes(1);
    expect(control.nack).toHaveBeenCalledTimes(1);
    expect(control.reject.mock.calls).toEqual([
      [0x97, 'full'],
      [undefined, undefined],
    ]);
  });
});

/** What Nest would hand to a parameter with this decorator. */
function injected(decorator: ParameterDecorator): unknown {
  class Controller {}
  decorator(Controller.prototype, 'handler', 0);
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, Controller, 'handler') as Record<
    string,
    { factory: (data: unknown, context: ExecutionContext) => unknown; data: unknown }
  >;
  const [{ factory, data }] = Object.values(args) as [(typeof args)[string]];
  const execution = { switchToRpc: () => ({ getContext: () => contextOf() }) };
  return factory(data, execution as unknown as ExecutionContext);
}

describe('parameter decorators', () => {
  it.each<[string, ParameterDecorator, unknown]>([
    ["TopicParam('id')", TopicParam('id'), '7'],
    ["TopicParam('other')", TopicParam('other'), undefined],
    ['TopicParam()', TopicParam(), { id: '7' }],
    ['Topic()', Topic(), 'devices/7'],
    ["UserProperty('site')", UserProperty('site'), '7'],
    ["UserProperty('tag')", UserProperty('tag'), ['a', 'b']],
    ["UserProperty('other')", UserProperty('other'), undefined],
    ['UserProperty()', UserProperty(), { site: '7', tag: ['a', 'b'] }],
  ])('%s injects %3$j', (_, decorator, expected) => {
    expect(injected(decorator)).toEqual(expected);
  });

  it('give no value for a name that objects have and the message has not', () => {
    expect(injected(UserProperty('constructor'))).toBeUndefined();
    expect(injected(TopicParam('toString'))).toBeUndefined();
  });
});
