import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { ClientProxy, MessagePattern, Server } from '@nestjs/microservices';
import { Observable } from 'rxjs';

const { NEST_MAJOR } = globalThis as { NEST_MAJOR?: number };

class LoopbackClient extends ClientProxy {
  connect = () => Promise.resolve();
  close = () => undefined;
  unwrap = <T>() => undefined as T;
  protected override publish = () => () => undefined;
  protected override dispatchEvent = <T>() => Promise.resolve(undefined as T);
}

describe(`jest project "nest ${NEST_MAJOR}"`, () => {
  it('runs on the Nest major that it is named after', () => {
    // Server#handleRequest came with Nest 12.
    expect('handleRequest' in Server.prototype).toBe(NEST_MAJOR === 12);
  });

  it('shares one rxjs with Nest', () => {
    expect(new LoopbackClient().send('a', 1)).toBeInstanceOf(Observable);
  });

  it('shares one reflect-metadata with Nest', () => {
    @Controller()
    class Probe {
      @MessagePattern('probe')
      handle(): void {}
    }

    expect(Reflect.getMetadata('microservices:pattern', Probe.prototype.handle)).toEqual(['probe']);
  });
});
