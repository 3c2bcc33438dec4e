// What a worker's own file uses; the test's side is compiled-worker.ts.
import 'reflect-metadata';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ServerMqtt, type MqttServerOptions } from '../../lib/index.js';

/** What the test gave to `CompiledWorker.start()`. */
export function workerParameters<T>(): T {
  return JSON.parse(process.env['WORKER_PARAMETERS'] ?? '{}') as T;
}

/** Tells the test, in order. */
export function report(message: unknown): void {
  process.send?.(message);
}

/** Serves, says so, and closes in order on SIGTERM. Ends with the test's process, however that ends. */
export async function serve(options: MqttServerOptions, metadata: ModuleMetadata): Promise<void> {
  class WorkerModule {}
  Module(metadata)(WorkerModule);
  const app = await NestFactory.createMicroservice(WorkerModule, {
    strategy: new ServerMqtt(options),
    logger: ['warn', 'error', 'fatal'],
  });
  process.on('disconnect', () => process.exit());
  process.once('SIGTERM', () => {
    void app.close().then(() => process.exit());
  });
  await app.listen();
  report('ready');
}
