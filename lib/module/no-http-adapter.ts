import type { AbstractHttpAdapter } from '@nestjs/core';

/**
 * An HTTP adapter whose methods do nothing, for an application that is never started: no platform has to be installed, and no port is used.
 */
export function noHttpAdapter(): AbstractHttpAdapter {
  const target = { getType: () => 'none', getHttpServer: () => ({}) };
  return new Proxy(target, {
    get: (known, name) => (name === 'then' ? undefined : ((Reflect.get(known, name) as unknown) ?? nothing)),
  }) as unknown as AbstractHttpAdapter;
}

function nothing(): undefined {}
