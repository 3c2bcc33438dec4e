import { expect, it } from '@jest/globals';
import { optionalPackage, requiredPackage } from '../../../lib/asyncapi/optional-package.js';

const missing = async (): Promise<never> => {
  throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
};

const broken = async (): Promise<never> => {
  throw new TypeError('broken');
};

it('is undefined if it is not installed', async () => {
  expect(await optionalPackage(missing)).toBeUndefined();
  expect(await optionalPackage(async () => 'loaded')).toBe('loaded');
});

it('rethrows errors of the package', async () => {
  await expect(optionalPackage(broken)).rejects.toThrow('broken');
});

it('says what to install', async () => {
  await expect(requiredPackage('yaml', 'A document in YAML', missing)).rejects.toThrow(
    'A document in YAML needs the package yaml, which is not installed. Install it: npm install yaml',
  );
});
