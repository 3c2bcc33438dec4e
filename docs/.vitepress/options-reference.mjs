// Writes docs/reference/options.md from the docstrings of the exported option types: `npm run docs:reference`.
// With --check it writes nothing, and fails when the page is out of date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = join(root, 'docs/reference/options.md');

/** Where each type is given, and the order of the page. Types that are not listed follow, with their entry point as scope. */
const SCOPES = {
  MqttConnectionOptions: 'server, client, module',
  ReconnectOptions: '`reconnect` of a server, client or module',
  MqttCredentials: 'what `credentials()` returns',
  MqttPayloadOptions: 'server, client, module',
  MqttServerOptions: 'server, module',
  RedeliveryOptions: '`redelivery` of a server or module',
  Qos0BufferOptions: '`qos0Buffer` of a server or module',
  MqttSubscriptionOptions:
    'server (`subscribeOptions`), controller and method (`@MqttSubscription()`), pattern (extras of `@EventPattern()` and `@MessagePattern()`)',
  RetryOptions: '`retry` of a subscription',
  MqttClientOptions: 'client, module',
  MqttPublishOptions: 'server and client (`publishOptions`), publisher, one message',
  PublishDefaults: '`publishOptions` of a server, client or module',
  MqttRecordOptions: 'one message: `publish()`, `request()`, `publisher()`, `MqttRecord`',
  MqttResponseOptions: 'one reply: `MqttResponse`',
  PublishToOptions: 'one method: `@PublishTo()`',
  MessagesOptions: 'one ad-hoc subscription: `messages()`',
  MqttModuleOptions: 'module: `forRoot()`, and what the factory of `forRootAsync()` returns',
  MqttModuleExtras: 'module: `forRoot()` and `forRootAsync()`',
  MqttModuleAsyncOptions: 'module: `forRootAsync()`',
};
const IS_OPTIONS = /(Options|Extras|Credentials|Defaults)$/;

const entryPoints = ['', ...readdirSync(join(root, 'lib'))].filter((name) =>
  existsSync(join(root, 'lib', name, 'index.ts')),
);
const types = entryPoints.flatMap((name) => exportedOptions(join(root, 'lib', name, 'index.ts'), name));
const known = new Set(types.map(({ name }) => name));
const order = Object.keys(SCOPES);
types.sort((a, b) => rank(a) - rank(b) || a.entry.localeCompare(b.entry) || a.name.localeCompare(b.name));

const contents = await format(
  `# Options

Generated from the docstrings by \`npm run docs:reference\`; do not edit.

Every option of every entry point, with its unit and its default. Durations are whole milliseconds and may be of any length, unless the unit
is s (seconds), which MQTT itself counts in. Options are checked when they are given: a wrong one is reported with
[\`InvalidOptionsError\`](errors.md#invalidoptionserror), together with all other problems.

${types.map(section).join('\n')}`,
  { ...(await resolveConfig(page)), parser: 'markdown' },
);

if (process.argv.includes('--check')) {
  if (!existsSync(page) || readFileSync(page, 'utf8') !== contents) {
    console.error('docs/reference/options.md is out of date. Run: npm run docs:reference');
    process.exitCode = 1;
  }
} else writeFileSync(page, contents);

function rank({ name }) {
  const place = order.indexOf(name);
  return place < 0 ? order.length : place;
}

/** The option types that an entry point exports, each with the declaration that holds its docstrings. */
function exportedOptions(index, entry) {
  return parse(index)
    .statements.filter(
      (statement) => ts.isExportDeclaration(statement) && statement.exportClause && statement.moduleSpecifier,
    )
    .flatMap(({ exportClause, moduleSpecifier }) => {
      const names = exportClause.elements.map(({ name }) => name.text).filter((name) => IS_OPTIONS.test(name));
      const path = join(dirname(index), moduleSpecifier.text.replace(/\.js$/, '.ts'));
      return names.map((name) => ({ name, entry, declaration: declarationOf(name, path) }));
    });
}

function declarationOf(name, path) {
  const found = parse(path).statements.find(
    (statement) =>
      (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) && statement.name.text === name,
  );
  if (!found) throw new Error(`${path} declares no type ${name}`);
  return found;
}

function parse(path) {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function section({ name, entry, declaration }) {
  const doc = docOf(declaration);
  const scope = SCOPES[name] ?? `\`nestjs-mqtt-transport${entry && `/${entry}`}\``;
  const lines = [`## ${name}`, '', `**Scope:** ${scope}.`, '', doc, ''];
  if (ts.isTypeAliasDeclaration(declaration))
    return [...lines, `It is ${cell(linked(code(declaration.type)))}.`, ''].join('\n');
  const bases = (declaration.heritageClauses ?? [])
    .flatMap(({ types: list }) => list)
    .map((type) => linked(code(type)));
  if (bases.length > 0) lines.push(`And everything of ${bases.join(' and ')}.`, '');
  const options = declaration.members.filter(ts.isPropertySignature);
  if (options.length === 0) return lines.join('\n');
  lines.push('| option | type | unit | default | meaning |', '| --- | --- | --- | --- | --- |');
  return [...lines, ...options.map((option) => row(option, doc)), ''].join('\n');
}

function row(option, docOfType) {
  const { meaning, fallback } = split(docOf(option));
  const isRequired = !option.questionToken;
  const name = option.name.getText();
  const columns = [
    `\`${name}\``,
    linked(code(option.type)),
    unitOf(name, docOf(option), docOfType, option.type.getText()),
    fallback ?? (isRequired ? 'required' : 'none'),
    meaning || docOfReferenced(option.type.getText()) || '-',
  ];
  return `| ${columns.map(cell).join(' | ')} |`;
}

/** An option without words of its own is explained by its type. */
function docOfReferenced(type) {
  const referenced = types.find(({ name }) => name === type);
  return referenced && docOf(referenced.declaration);
}

/** The sentence that begins with "Default" is the default; what remains is the meaning. */
function split(doc) {
  const found = /(?:^|(?<=[.;] ))[Dd]efault(?: is|:)? (.*?)(?:\.(?= [A-Z]|$)|$)/.exec(doc);
  if (!found) return { meaning: doc };
  const meaning = `${doc.slice(0, found.index)}${doc.slice(found.index + found[0].length)}`
    .replace(/;\s*$/, '.')
    .trim();
  return { meaning, fallback: found[1] };
}

function unitOf(name, doc, docOfType, type) {
  if (!/number/.test(type)) return '';
  if (/bytes/i.test(name) || /\bin bytes\b/.test(doc)) return 'bytes';
  if (/milliseconds/i.test(doc) || name.endsWith('Ms') || (/milliseconds/.test(docOfType) && /delay/i.test(name)))
    return 'ms';
  return /\bseconds\b/i.test(doc) ? 's' : '';
}

function docOf(node) {
  const [comment] = (node.jsDoc ?? []).slice(-1);
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? '';
  return text
    .replace(/\{@link ([\w.]+)\}/g, '`$1`')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*(?!- )/g, ' ').trim())
    .join('\n\n');
}

function code(node) {
  return `\`${node
    .getText()
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')}\``;
}

/** A type that this page explains links to its place. */
function linked(text) {
  if (text.includes('IClientOptions')) return mqttJsOptions();
  const name = [...known].find((type) => new RegExp(`\\b${type}\\b`).test(text));
  return name ? `[${text}](#${name.toLowerCase()})` : text;
}

/** The connection takes the options of MQTT.js, except those that the source lists. */
function mqttJsOptions() {
  const { type } = declarationOf('OwnedByTransport', join(root, 'lib/options/connection-options.ts'));
  const owned = type.types.map((member) => `\`${member.literal.text}\``).join(', ');
  return `[the options of MQTT.js](https://github.com/mqttjs/MQTT.js#client-options), except those that the transport decides: ${owned}`;
}

function cell(content) {
  return content.replace(/\n+/g, ' ').replace(/(?<!\\)\|/g, '\\|');
}
