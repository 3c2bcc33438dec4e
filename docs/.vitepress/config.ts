import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { writeLlmsFiles } from './llms.js';
import { repositoryLinks } from './repository-links.js';
import { sidebar } from './sidebar.js';
import { slug } from './slug.js';

const repository = 'https://github.com/nestjs-mqtt-transport/nestjs-mqtt-transport';
const base = '/nestjs-mqtt-transport/';
const address = `https://nestjs-mqtt-transport.github.io${base}`;
/** Made by TypeDoc in docs/public, and not a page of VitePress. */
const apiReference = /^\/api\//;

export default defineConfig({
  title: 'nestjs-mqtt-transport',
  description: 'MQTT 5.0 and 3.1.1 transport for NestJS microservices',
  lang: 'en',
  base,
  cleanUrls: true,
  ignoreDeadLinks: [apiReference],
  sitemap: { hostname: address },
  markdown: {
    languageAlias: { conf: 'ini' },
    anchor: { slugify: slug },
    config: (markdown) => repositoryLinks(markdown, repository),
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/quick-start' },
      { text: 'Recipes', link: '/recipes/validation' },
      { text: 'Options', link: '/reference/options' },
      { text: 'API', link: '/api/index.html', target: '_self' },
    ],
    sidebar: sidebar.map(({ text, pages }) => ({
      text,
      items: pages.map(({ text: name, page }) => ({ text: name, link: `/${page}` })),
    })),
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/docs/:path` },
    footer: { message: 'MIT licence' },
  },
  async buildEnd({ srcDir, outDir }) {
    await cp(join(srcDir, 'performance.json'), join(outDir, 'performance.json'));
    await writeLlmsFiles(srcDir, outDir, address);
  },
});
