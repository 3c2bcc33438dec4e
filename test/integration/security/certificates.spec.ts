/* oxlint-disable jest/no-standalone-expect -- scenarios of describeFaults */
import { afterAll, beforeAll, expect } from '@jest/globals';
import { ConnectionRefusedError, type MqttConnectionOptions } from '../../../lib/index.js';
import { MqttBroker } from '../../../lib/testing/index.js';
import { CertificateAuthority, type Certificate } from '../../support/certificates.js';
import { closeAfterTest } from '../../support/closing.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo } from '../../support/test-broker.js';
import { describeFaults } from '../lifecycle/describe-faults.js';
import { CERTIFICATES } from '../lifecycle/fault-table.js';
import { rejection } from '../lifecycle/scene.js';

const HERE = '127.0.0.1';

describeWhereInstalled(['openssl'], 'with certificates of openssl', () => {
  let authority: CertificateAuthority;
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
  });
  afterAll(() => authority.close());

  /** Tries twice, and expects to be kept from the broker for that reason. */
  async function keptAway(
    version: 4 | 5,
    { cert, key }: Certificate,
    options: Partial<MqttConnectionOptions>,
    reason: RegExp,
    asksForCertificate = false,
  ): Promise<void> {
    const broker = new MqttBroker();
    closeAfterTest(() => broker.close());
    const packets = new Journal<unknown>();
    broker.on('packet', packets.add);
    const asks = asksForCertificate && { requestCert: true, ca: authority.certificate.cert };
    const url = await broker.listen({ tls: { cert, key, ...asks } });
    const client = createClient({ ...connectionTo(url, version), maxConnectionAttempts: 2, ...options });
    const error = await rejection(client.connect());
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error.message).toMatch(/\(2 attempts\)/);
    expect(error.message).toMatch(reason);
    expect(transportLogs('warn')).toEqual([expect.stringMatching(reason)]);
    expect(packets.entries).toEqual([]);
  }

  const trusted = (): Partial<MqttConnectionOptions> => ({ ca: authority.certificate.cert });

  describeFaults(CERTIFICATES, {
    async unknownAuthority(version) {
      await keptAway(version, await authority.issue({ name: HERE }), {}, /unable to verify/);
    },
    async expired(version) {
      await keptAway(version, await authority.issue({ name: HERE, expired: true }), trusted(), /expired/);
    },
    async wrongName(version) {
      await keptAway(version, await authority.issue({ name: 'elsewhere.example' }), trusted(), /does not match/);
    },
    async noClientCertificate(version) {
      await keptAway(version, await authority.issue({ name: HERE }), trusted(), /certificate required|closed/, true);
    },
  });
});
