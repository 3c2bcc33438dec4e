import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { PATTERN_EXTRAS_METADATA, PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import type { MqttSubscriptionOptions } from '../../../lib/options/subscription-options.js';
import { CONTROLLER_OPTIONS } from '../../../lib/routing/decorators/handler-extras.js';
import { MqttSubscription } from '../../../lib/routing/decorators/mqtt-subscription.decorator.js';

type Controller = new () => object;

/** What Nest reads off a controller's method: its extras, as they come to the registry. */
function extrasOf(controller: Controller, method: string): Record<PropertyKey, unknown> {
  const own = (controller.prototype as Record<string, object>)[method]!;
  return (Reflect.getMetadata(PATTERN_EXTRAS_METADATA, own) ?? {}) as Record<PropertyKey, unknown>;
}

function controllerOptionsOf(controller: Controller, method: string): MqttSubscriptionOptions | undefined {
  return extrasOf(controller, method)[CONTROLLER_OPTIONS] as MqttSubscriptionOptions | undefined;
}

describe('MqttSubscription', () => {
  it('adds to the extras of a method, whichever decorator comes first', () => {
    class Telemetry {
      @MqttSubscription({ maxWorkers: 1 })
      @EventPattern<string>('above', { qos: 1 })
      above(): void {}

      @EventPattern<string>('below', { qos: 2 })
      @MqttSubscription({ shared: 'g' })
      below(): void {}
    }

    expect(extrasOf(Telemetry, 'above')).toMatchObject({ qos: 1, maxWorkers: 1 });
    expect(extrasOf(Telemetry, 'below')).toMatchObject({ qos: 2, shared: 'g' });
  });

  it("gives a controller's options to its handlers, and to nothing else", () => {
    @MqttSubscription({ prefix: 'site/', qos: 1 })
    class Telemetry {
      @EventPattern<string>('a')
      handler(): void {}

      @MessagePattern('b', { qos: 2 })
      request(): void {}

      plain(): void {}

      get accessor(): never {
        throw new Error('must not be read');
      }
    }

    expect(controllerOptionsOf(Telemetry, 'handler')).toEqual({ prefix: 'site/', qos: 1 });
    expect(extrasOf(Telemetry, 'request')).toMatchObject({ qos: 2 });
    expect(controllerOptionsOf(Telemetry, 'request')).toEqual({ prefix: 'site/', qos: 1 });
    expect(extrasOf(Telemetry, 'plain')).toEqual({});
  });

  it('merges several on one controller, the upper one over the lower', () => {
    @MqttSubscription({ qos: 2 })
    @MqttSubscription({ qos: 1, shared: 'g' })
    class Telemetry {
      @EventPattern<string>('a')
      handler(): void {}
    }

    expect(controllerOptionsOf(Telemetry, 'handler')).toEqual({ qos: 2, shared: 'g' });
  });

  describe('on controllers that inherit their handlers', () => {
    class Base {
      calls: unknown[] = [];

      @EventPattern<string>('a', { qos: 1 })
      handler(value: unknown): string {
        this.calls.push(value);
        return 'handled';
      }
    }

    @MqttSubscription({ prefix: 'north/' })
    class North extends Base {}

    @MqttSubscription({ prefix: 'south/' })
    class South extends Base {}

    class Undecorated extends North {}

    it('keeps the options of siblings apart, and the base class free of them', () => {
      expect(controllerOptionsOf(North, 'handler')).toEqual({ prefix: 'north/' });
      expect(controllerOptionsOf(South, 'handler')).toEqual({ prefix: 'south/' });
      expect(controllerOptionsOf(Base, 'handler')).toBeUndefined();
    });

    it('keeps what the base class says about the handler', () => {
      expect(extrasOf(North, 'handler')['qos']).toBe(1);
      expect(Reflect.getMetadata(PATTERN_METADATA, North.prototype.handler)).toEqual(['a']);
      expect(North.prototype.handler.name).toBe('handler');
    });

    it('hands them down to a subclass that is not decorated', () => {
      expect(controllerOptionsOf(Undecorated, 'handler')).toEqual({ prefix: 'north/' });
    });

    it('lets the subclass say otherwise, key by key', () => {
      @MqttSubscription({ prefix: 'far-' })
      class FarNorth extends North {}

      @MqttSubscription({ qos: 2 })
      class ReliableNorth extends North {}

      expect(controllerOptionsOf(FarNorth, 'handler')).toEqual({ prefix: 'far-' });
      expect(controllerOptionsOf(ReliableNorth, 'handler')).toEqual({ prefix: 'north/', qos: 2 });
      expect(controllerOptionsOf(North, 'handler')).toEqual({ prefix: 'north/' });
    });

    it('still runs the inherited method, with its this and its arguments', () => {
      const north = new North();
      expect(north.handler(7)).toBe('handled');
      expect(north.calls).toEqual([7]);
    });

    it('sees a method that the subclass overrides', () => {
      @MqttSubscription({ prefix: 'west/' })
      class West extends Base {
        override handler(): string {
          return 'not a handler any more';
        }
      }
      expect(extrasOf(West, 'handler')).toEqual({});
      expect(new West().handler()).toBe('not a handler any more');
    });
  });

  it('changes nothing that it is given', () => {
    const options = Object.freeze({ qos: 1 as const });
    @MqttSubscription(options)
    class Telemetry {
      @MqttSubscription(options)
      @EventPattern<string>('a', Object.freeze({ extra: 1 }))
      handler(): void {}
    }
    expect(extrasOf(Telemetry, 'handler')).toMatchObject({ extra: 1, qos: 1, [CONTROLLER_OPTIONS]: { qos: 1 } });
  });
});
