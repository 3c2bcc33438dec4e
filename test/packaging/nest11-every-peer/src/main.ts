// The types of every entry point beside Nest 11, with `skipLibCheck: false` and `exactOptionalPropertyTypes`.
import 'reflect-metadata';
import * as transport from 'nestjs-mqtt-transport';
import * as asyncapi from 'nestjs-mqtt-transport/asyncapi';
import * as health from 'nestjs-mqtt-transport/health';
import * as inspector from 'nestjs-mqtt-transport/inspector';
import * as metrics from 'nestjs-mqtt-transport/metrics';
import * as otel from 'nestjs-mqtt-transport/otel';
import * as stores from 'nestjs-mqtt-transport/stores';
import * as testing from 'nestjs-mqtt-transport/testing';

for (const entryPoint of [transport, asyncapi, health, inspector, metrics, otel, stores, testing]) {
  if (Object.keys(entryPoint).length === 0) throw new Error('An entry point exports nothing');
}
console.log('Nest 11 with every optional peer: passed');
