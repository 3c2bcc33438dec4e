import { afterAll, describe, expect, it, jest } from '@jest/globals';

jest.unstable_mockModule('ws', () => {
  throw new Error("Cannot find package 'ws'");
});
const { MqttBroker } = await import('../../../../lib/testing/index.js');
const broker = new MqttBroker();
afterAll(async () => broker.close());

describe('without the package ws', () => {
  it('a WebSocket listener says what to install', async () => {
    await expect(broker.listen({ ws: true })).rejects.toThrow('npm install --save-dev ws');
  });

  it('everything else works', async () => {
    await expect(broker.listen()).resolves.toMatch(/^mqtt:/);
  });
});
