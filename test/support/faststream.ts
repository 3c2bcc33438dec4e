import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closeAfterTest } from './closing.js';
import { describeUnlessMissing } from './optional-suite.js';
import { PeerProcess } from './peer-process.js';
import type { TestConnection } from './test-broker.js';

const HOW = 'Install it: node test/support/install-faststream.mjs (needs Python 3.10 or later with venv and pip)';
const PEER = fileURLToPath(new URL('../integration/peers/faststream/peer.py', import.meta.url));
const VENV = fileURLToPath(new URL('../../.cache/peers/faststream/bin/python', import.meta.url));

/** A FastStream service in a process of its own, see peer.py. Ended after the test. @param options `traced` for its OpenTelemetry middleware */
export async function startFastStream(
  { url, protocolVersion }: TestConnection,
  ...options: readonly 'traced'[]
): Promise<PeerProcess> {
  const version = protocolVersion === 5 ? '5.0' : '3.1.1';
  const peer = await PeerProcess.start('FastStream', [python()!, PEER, url, version, ...options]);
  closeAfterTest(() => peer.close());
  return peer;
}

/** A suite that needs FastStream, see `describeUnlessMissing`. */
export function describeWithFastStream(title: string, suite: () => void): void {
  describeUnlessMissing(python() === undefined ? `FastStream is not there. ${HOW}` : undefined, title, suite);
}

/** A Python that has FastStream: the one that `FASTSTREAM_PYTHON` names, or the one that was installed for the tests. */
function python(): string | undefined {
  return process.env['FASTSTREAM_PYTHON'] ?? (existsSync(VENV) ? VENV : undefined);
}
