import 'reflect-metadata';
import { BROKER_KINDS } from './launchers/broker-kinds.js';
import { runChecks } from './run-checks.js';
for (const kind of BROKER_KINDS.filter(({ name }) => process.argv.includes(name))) {
  const b = await kind.launch();
  const only = process.env['ONLY'];
  for (const { check, version, outcome, tookMs } of await runChecks(b.url, only ? new RegExp(only) : undefined)) {
    const more =
      outcome.result === 'cannot'
        ? outcome.said
        : outcome.result === 'fails'
          ? String((outcome.error as Error).stack).slice(0, 700)
          : '';
    console.log(kind.name, version, check.name, outcome.result, Math.round(tookMs), more);
  }
  await b.close();
}
process.exit(0);
