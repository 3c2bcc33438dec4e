import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [swc.vite()], // injection by type needs the metadata of decorators, which esbuild does not write
  test: { include: ['test/*.vitest.ts'], hookTimeout: 30_000, testTimeout: 20_000 },
});
