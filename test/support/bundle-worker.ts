import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** What Nest and MQTT.js load only where it is installed. */
const OPTIONAL = [
  '@fastify/*',
  '@grpc/*',
  '@nats-io/*',
  '@nestjs/platform-*',
  '@nestjs/websockets',
  '@nestjs/websockets/*',
  'amqp-connection-manager',
  'amqplib',
  'class-transformer',
  'class-transformer/*',
  'class-validator',
  'ioredis',
  'kafkajs',
  'nats',
  'pg-native',
  'bufferutil',
  'utf-8-validate',
];

/** CommonJS packages inside of the bundle ask for Node's own modules. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`;

/** Compiles a worker, Nest and all, into one file of JavaScript: it starts fast, so that hundreds can be started. */
export async function bundleWorker(file: URL, script: string, plugins: Plugin[] = []): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(file)],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: OPTIONAL,
    plugins,
    banner: { js: REQUIRE },
    keepNames: true,
    logLevel: 'error',
  });
}
