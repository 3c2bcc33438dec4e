// Prints "N passed, N failed" from the file that jest wrote. A suite that could not even start counts as one failure.
import { readFileSync } from 'node:fs';

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {}; // jest never got to the end
  }
}

const {
  numPassedTests = 0,
  numFailedTests = 0,
  numRuntimeErrorTestSuites = 0,
  success = false,
} = readResults(process.argv[2]);

if (!success || numPassedTests === 0) process.exitCode = 1;
console.log(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`);
