import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [swc.vite()], // dependency injection needs decorator metadata, which esbuild does not emit
  test: { include: ['test/*.vitest.ts'], hookTimeout: 30_000, testTimeout: 20_000 },
});
