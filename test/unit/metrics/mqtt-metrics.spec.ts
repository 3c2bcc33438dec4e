import { describe, expect, it } from '@jest/globals';
import { AggregatorRegistry, Counter, register, Registry } from 'prom-client';
import {
  InvalidOptionsError,
  type MqttDelivery,
  type MqttDrop,
  type MqttObservedConnection,
  type MqttObserver,
  type MqttPublication,
} from '../../../lib/index.js';
import { mqttMetrics, type MqttMetricsOptions } from '../../../lib/metrics/index.js';

async function namesIn(registry: Registry): Promise<string[]> {
  return (await registry.getMetricsAsJSON()).map(({ name }) => name);
}

describe('mqttMetrics()', () => {
  it('registers in the default registry', async () => {
    mqttMetrics();
    expect(await namesIn(register)).toContain('mqtt_messages_received_total');
  });

  it('takes a registry and a prefix, and is the same observer when it is called again', async () => {
    const registry = new Registry();
    const observer = mqttMetrics({ registry, prefix: 'fleet_' });
    expect(mqttMetrics({ registry, prefix: 'fleet_' })).toBe(observer);
    expect(mqttMetrics({ registry })).not.toBe(observer);
    const names = await namesIn(registry);
    expect(names).toContain('fleet_connected');
    expect(names).toContain('mqtt_connected');
  });

  it('registers anew when the registry has been cleared', async () => {
    const registry = new Registry();
    const observer = mqttMetrics({ registry });
    registry.clear();
    expect(mqttMetrics({ registry })).not.toBe(observer);
    expect(await namesIn(registry)).toContain('mqtt_connected');
  });

  it('follows the naming rules of Prometheus: counters end in _total, durations are seconds, all has a help text', async () => {
    const registry = new Registry();
    mqttMetrics({ registry });
    const metrics = await registry.getMetricsAsJSON();
    const wrong = metrics.filter(({ name, type, help }) => {
      const isCounter = (type as unknown) === 'counter';
      return (
        !help || isCounter !== name.endsWith('_total') || (name.includes('duration') && !name.endsWith('_seconds'))
      );
    });
    expect(wrong).toEqual([]);
  });

  it('says when a metric of the application has the same name, however often it is called, and registers none', async () => {
    const registry = new Registry();
    registry.registerMetric(new Counter({ name: 'mqtt_requests_total', help: 'theirs', registers: [] }));
    for (let call = 0; call < 2; call++) {
      expect(() => mqttMetrics({ registry })).toThrow(InvalidOptionsError);
      expect(() => mqttMetrics({ registry })).toThrow('mqtt_requests_total');
    }
    expect(await namesIn(registry)).toEqual(['mqtt_requests_total']);
  });

  it.each<[MqttMetricsOptions, string]>([
    [{ registry: {} as Registry }, 'registry'],
    [{ prefix: '1 ' }, 'prefix'],
    [{ buckets: [] }, 'buckets'],
    [{ buckets: [2, 1] }, 'buckets'],
    [{ buckets: ['1'] as unknown as number[] }, 'buckets'],
    [{ buckets: [1, Infinity] }, 'buckets'],
    [{ bucket: [1] } as MqttMetricsOptions, 'Did you mean "buckets"?'],
    [null as unknown as MqttMetricsOptions, 'the options'],
  ])('refuses %j', (options, option) => {
    expect(() => mqttMetrics(options)).toThrow(InvalidOptionsError);
    expect(() => mqttMetrics(options)).toThrow(option);
  });
});

describe('series of mqttMetrics()', () => {
  const connection = {
    name: undefined,
    role: 'server',
    figures: () => ({ subscriptions: {} }),
    handlers: () => [],
  } as unknown as MqttObservedConnection;
  const handler = { template: 'devices/{deviceId}/temperature' };
  const publishOn = (observer: MqttObserver, name: string | undefined, template: string): void => {
    const published = observer.publish!({
      connection: { ...connection, name },
      template,
      kind: 'event',
    } as MqttPublication);
    published!({ outcome: 'written', reasonCode: undefined, error: undefined });
  };

  it('are kept apart where broker and topic have spaces', async () => {
    const registry = new Registry();
    const observer = mqttMetrics({ registry });
    publishOn(observer, 'a b', 'c');
    publishOn(observer, 'a', 'b c');
    const text = await registry.metrics();
    expect(text).toContain('mqtt_messages_published_total{broker="a b",topic="c",kind="event",outcome="written"} 1');
    expect(text).toContain('mqtt_messages_published_total{broker="a",topic="b c",kind="event",outcome="written"} 1');
  });

  it('begin at 0 again when the registry is reset', async () => {
    const registry = new Registry();
    const observer = mqttMetrics({ registry });
    const counted = async (): Promise<string[]> =>
      (await registry.metrics()).split('\n').filter((line) => line.startsWith('mqtt_messages_published_total'));
    publishOn(observer, undefined, 'a');
    const series = 'mqtt_messages_published_total{broker="default",topic="a",kind="event",outcome="written"}';
    expect(await counted()).toEqual([`${series} 1`]);
    registry.resetMetrics();
    expect(await counted()).toEqual([`${series} 0`]);
    publishOn(observer, undefined, 'a');
    expect(await counted()).toEqual([`${series} 1`]);
  });

  it('of several processes become one as those of several connections do (prom-client in a cluster)', async () => {
    const registry = new Registry();
    const figures = { subscriptions: {}, window: { size: 10, used: 12 }, oldestUnsettled: 5_000 }; // Mosquitto goes beyond it
    const open = { ...connection, figures: () => figures } as unknown as MqttObservedConnection;
    mqttMetrics({ registry }).connection!(open, { kind: 'opened' });
    const one = await registry.getMetricsAsJSON();
    const text = await AggregatorRegistry.aggregate([one, one] as never).metrics();
    expect(text).toContain('mqtt_connections{broker="default",role="server"} 2');
    expect(text).toContain('mqtt_window_free{broker="default",role="server"} 0');
    expect(text).toContain('mqtt_oldest_unsettled_seconds{broker="default",role="server"} 5');
  });

  it('are as many for 100,000 topics as for one', async () => {
    const registry = new Registry();
    const observer = mqttMetrics({ registry });
    const report = (topic: string): void => {
      const delivery = { connection, handler, topic } as unknown as MqttDelivery;
      observer.received!(delivery);
      observer.handled!(delivery, { failed: false, error: undefined, code: undefined, durationMs: 1 });
      observer.settled!(delivery, { outcome: 'acked', reasonCode: undefined, reasonString: undefined, afterMs: 1 });
      observer.dropped!({ connection, topic, reason: 'stale-subscription' } as MqttDrop);
      const published = observer.publish!({ connection, topic, kind: 'event' } as MqttPublication);
      published!({ outcome: 'written', reasonCode: undefined, error: undefined });
      const requested = observer.request!({ connection, topic, template: undefined, timeoutMs: 1 });
      requested!({ outcome: 'replied', error: undefined });
    };
    report('devices/0/temperature');
    const linesBefore = (await registry.metrics()).split('\n').length;
    for (let device = 1; device < 100_000; device++) report(`devices/${device}/temperature`);
    const text = await registry.metrics();
    expect(text.split('\n')).toHaveLength(linesBefore);
    expect(text).toContain(
      'mqtt_messages_received_total{broker="default",handler="devices/{deviceId}/temperature"} 100000',
    );
    expect(text).toContain('mqtt_requests_total{broker="default",topic="<other>",outcome="replied"} 100000');
  });
});
