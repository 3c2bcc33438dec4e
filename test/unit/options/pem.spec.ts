import { expect, it } from '@jest/globals';
import { OptionChecks } from '../../../lib/options/option-checks.js';
import { checkPem, type PemOption } from '../../../lib/options/pem.js';

const pem = (label: string): string => `-----BEGIN ${label}-----\nc2VjcmV0\n-----END ${label}-----\n`;

it.each<[PemOption, unknown]>([
  ['cert', undefined],
  ['cert', pem('CERTIFICATE')],
  ['cert', [pem('TRUSTED CERTIFICATE')]],
  ['cert', pem('PRIVATE KEY') + pem('CERTIFICATE')], // one file with both
  ['key', pem('PRIVATE KEY') + pem('CERTIFICATE')],
  ['key', pem('RSA PRIVATE KEY')],
  ['key', [{ pem: pem('ENCRYPTED PRIVATE KEY'), passphrase: 'x' }]],
  ['ca', [Buffer.from(pem('X509 CERTIFICATE'))]],
])('the label of %s passes: %#', (name, value) => {
  const checks = new OptionChecks();
  expect(checkPem(checks, name, value)).toBe(true);
  expect(() => checks.done()).not.toThrow();
});
