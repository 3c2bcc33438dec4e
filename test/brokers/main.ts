// Run by start.mjs: the conformance application on brokers that are started here; exit code 1 when one is not as expected.
import 'reflect-metadata';
import { DEVIATIONS } from './deviations.js';
import { keep } from './document.js';
import type { BrokerKind } from './launchers/broker-kind.js';
import { BROKER_KINDS } from './launchers/broker-kinds.js';
import { runChecks } from './run-checks.js';
import { problemOf } from './verdict.js';

/** Only these checks, by a regular expression: for working on them. The document is left alone then. */
const only = process.env['CHECKS'] ? new RegExp(process.env['CHECKS']) : undefined;
const inCi = Boolean(process.env['CI']);

/** @returns whether it is as expected, or is not there and need not be */
async function tryBroker(kind: BrokerKind): Promise<boolean> {
  const { name, title } = kind;
  const missing = kind.missing();
  if (missing !== undefined) {
    say(`${title}: not here. It takes ${missing}`);
    return !inCi;
  }
  await kind.prepare?.();
  const begin = performance.now();
  const broker = await kind.launch();
  const started = performance.now();
  try {
    const results = await runChecks(broker.url, only);
    const problems = results.flatMap((result) => {
      const problem = problemOf(DEVIATIONS[name] ?? [], result);
      return problem === undefined
        ? []
        : [`${result.check.name} (${result.version === 5 ? '5.0' : '3.1.1'}) ${problem}`];
    });
    const cannot = results.filter(({ outcome }) => outcome.result === 'cannot').length;
    say(
      `${title} ${broker.version}: started in ${seconds(begin, started)}, ${results.length} checks in ${seconds(started, performance.now())}, ` +
        `${cannot} beyond the broker, ${problems.length} not as expected`,
    );
    for (const problem of problems) say(`  ${problem}`);
    if (problems.length === 0 && !only && !inCi) await keep(name, broker.version, results);
    return problems.length === 0;
  } finally {
    await broker.close();
  }
}

function seconds(from: number, to: number): string {
  return `${((to - from) / 1_000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(asked: readonly string[]): Promise<boolean> {
  const unknown = asked.filter((name) => !BROKER_KINDS.some((kind) => kind.name === name));
  if (unknown.length > 0)
    throw new Error(
      `No such broker: ${unknown.join(', ')}. There are ${BROKER_KINDS.map(({ name }) => name).join(', ')}`,
    );
  let fine = true;
  for (const kind of BROKER_KINDS) {
    if (asked.length > 0 && !asked.includes(kind.name)) continue;
    fine = (await tryBroker(kind)) && fine;
  }
  return fine;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)); // the brokers end with it
try {
  const fine = await main(process.argv.slice(2));
  process.exit(fine ? 0 : 1); // what a check has left open would hold it
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`, () => process.exit(1));
}
