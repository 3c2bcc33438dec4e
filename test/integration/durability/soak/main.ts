// Run by start.mjs: prints what became of the messages as JSON; exit code 1 when something is wrong with it.
import { Random } from '../../../support/random.js';
import { problemsOf } from './problems.js';
import { runSoak } from './run-soak.js';

const [messages = '200000', protocolVersion = '5'] = process.argv.slice(2);
const { gc } = globalThis as { gc?: () => void };

const random = Random.fromEnvironment();
try {
  const result = await runSoak({
    messages: Number(messages),
    protocolVersion: Number(protocolVersion) as 4 | 5,
    random,
    collectGarbage: gc!,
  });
  const problems = problemsOf(result);
  process.stdout.write(`${JSON.stringify({ seed: random.seed, ...result, problems }, undefined, 2)}\n`);
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${String(error)} (SEED=${random.seed})\n`, () => process.exit(1)); // what goes on would go on for ever
}
