import { describe, expect, it } from '@jest/globals';
import { MqttRecord as NestMqttRecord, MqttRecordBuilder as NestMqttRecordBuilder } from '@nestjs/microservices';
import { MqttRecord, MqttRecordBuilder, unwrapRecord } from '../../../lib/records/mqtt-record.js';

describe('MqttRecord', () => {
  it('cannot be changed, neither by itself nor through what it was made of', () => {
    const options = { qos: 1 as const, userProperties: { site: '7' } };
    const record = new MqttRecord({ celsius: 21 }, options);
    options.userProperties.site = '8';
    expect(record.options).toEqual({ qos: 1, userProperties: { site: '7' } });
    expect(Object.isFrozen(record.options)).toBe(true);
    expect(Object.isFrozen(record.options.userProperties)).toBe(true);
  });

  it('takes options that nothing can be changed in, and leaves them alone', () => {
    const options = Object.freeze({ userProperties: Object.freeze({ site: '7' }) });
    expect(new MqttRecord(1, options).options).toEqual({ userProperties: { site: '7' } });
    expect(new MqttRecord(1).options).toEqual({});
  });
});

describe('MqttRecordBuilder', () => {
  it('sets what it says', () => {
    const correlationData = Buffer.from('c');
    const record = new MqttRecordBuilder({ celsius: 21 })
      .setQoS(1)
      .setRetain(true)
      .setUserProperties({ site: '7', tag: ['a', 'b'] })
      .setContentType('application/cbor')
      .setResponseTopic('reply/here')
      .setCorrelationData(correlationData)
      .setMessageExpiryInterval(60)
      .setTimeout(500)
      .build();
    expect(record).toBeInstanceOf(MqttRecord);
    expect(record.data).toEqual({ celsius: 21 });
    expect(record.options).toEqual({
      qos: 1,
      retain: true,
      userProperties: { site: '7', tag: ['a', 'b'] },
      contentType: 'application/cbor',
      responseTopic: 'reply/here',
      correlationData,
      messageExpiryInterval: 60,
      timeout: 500,
    });
  });

  it('builds records that know nothing of each other', () => {
    const builder = new MqttRecordBuilder(1).setQoS(1);
    const first = builder.build();
    const second = builder.setQoS(2).setData(2).build();
    expect([first.data, first.options]).toEqual([1, { qos: 1 }]);
    expect([second.data, second.options]).toEqual([2, { qos: 2 }]);
  });

  it('does not keep what the caller goes on changing', () => {
    const userProperties = { site: '7' };
    const builder = new MqttRecordBuilder(1).setUserProperties(userProperties);
    userProperties.site = '8';
    expect(builder.build().options.userProperties).toEqual({ site: '7' });
  });
});

describe('unwrapRecord', () => {
  it.each<[string, unknown]>([
    ['a value', { data: 1, options: { qos: 2 } }], // which only looks like a record
    ['a string', 'x'],
    ['null', null],
    ['undefined', undefined],
    ['bytes', Buffer.from('x')],
  ])('leaves %s as it is', (_, value) => {
    expect(unwrapRecord(value)).toEqual({ data: value, options: {} });
    expect(unwrapRecord(value).data).toBe(value);
  });

  it('takes our record apart', () => {
    const record = new MqttRecord('x', { qos: 2, timeout: 5 });
    expect(unwrapRecord(record)).toMatchObject({ data: 'x', options: { qos: 2, timeout: 5 } });
  });

  it("takes Nest's own record, whose properties are MQTT.js'", () => {
    const options = Object.freeze({
      qos: 1 as const,
      retain: true,
      dup: true,
      properties: Object.freeze({
        userProperties: Object.freeze({ site: '7' }),
        contentType: 'text/csv',
        responseTopic: 'r',
        correlationData: Buffer.from('c'),
        messageExpiryInterval: 9,
        payloadFormatIndicator: true,
        topicAlias: 3,
      }),
    });
    expect(unwrapRecord(new NestMqttRecord('x', options))).toEqual({
      data: 'x',
      options: {
        qos: 1,
        retain: true,
        userProperties: { site: '7' },
        contentType: 'text/csv',
        responseTopic: 'r',
        correlationData: Buffer.from('c'),
        messageExpiryInterval: 9,
        payloadFormatIndicator: true,
      },
    });
  });

  it('takes of it only what is said', () => {
    expect(unwrapRecord(new NestMqttRecordBuilder('x').setQoS(2).build())).toEqual({ data: 'x', options: { qos: 2 } });
    expect(unwrapRecord(new NestMqttRecordBuilder('x').build())).toEqual({ data: 'x', options: {} });
    expect(unwrapRecord(new NestMqttRecord('x'))).toEqual({ data: 'x', options: {} });
  });
});
