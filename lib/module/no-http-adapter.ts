import type { AbstractHttpAdapter } from '@nestjs/core';

/**
 * Stands for an HTTP platform in an application that has none, or is never started: whatever Nest calls of it does nothing. So no platform has to
 * be installed, and none takes a port.
 */
export function noHttpAdapter(): AbstractHttpAdapter {
  const target = { getType: () => 'none', getHttpServer: () => ({}) };
  return new Proxy(target, {
    get: (known, name) => (name === 'then' ? undefined : ((Reflect.get(known, name) as unknown) ?? nothing)),
  }) as unknown as AbstractHttpAdapter;
}

function nothing(): undefined {}
