// The document that the command has written.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AsyncApiDocument } from 'nestjs-mqtt-transport/asyncapi';

const document = JSON.parse(readFileSync('asyncapi.json', 'utf8')) as AsyncApiDocument;
assert.deepEqual(document.info, { title: 'packaging-nest12-esm', version: '0.0.0' });
assert.equal(document.channels['devices-deviceId-celsius']?.address, 'devices/{deviceId}/celsius');
assert.equal(document.operations['ReadingsController_celsius']?.action, 'receive');
console.log('npx nestjs-mqtt-transport asyncapi: passed');
