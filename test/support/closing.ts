import { afterEach } from '@jest/globals';

type Close = () => unknown;

const toClose: Close[] = [];

/** What a test opens is closed when it ends, the latest first, whether it passed or not. */
export function closeAfterTest(close: Close): void {
  toClose.push(close);
}

afterEach(async () => {
  const errors: unknown[] = [];
  for (const close of toClose.splice(0).toReversed()) {
    try {
      await close();
    } catch (error) {
      errors.push(error); // the others are closed all the same
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `Closing failed: ${errors.map(String).join('; ')}`);
});
