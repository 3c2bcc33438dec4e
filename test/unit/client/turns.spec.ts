import { describe, expect, it } from '@jest/globals';
import { Turns } from '../../../lib/client/turns.js';

describe('Turns', () => {
  it('lets one at a time have a thing, in the order in which they came, whoever leaves in between', async () => {
    const turns = new Turns<string>();
    const had: string[] = [];
    for (const member of ['a', 'b', 'c', 'd']) void turns.take('topic', member).then(() => had.push(member));
    await Promise.resolve();
    expect(had).toEqual(['a']);
    turns.leave('topic', 'b'); // while it waits
    turns.leave('topic', 'a');
    await Promise.resolve();
    expect(had).toEqual(['a', 'c']);
    turns.leave('topic', 'nobody');
    turns.leave('topic', 'c');
    await Promise.resolve();
    expect(had).toEqual(['a', 'c', 'd']);
    turns.leave('topic', 'd');
    await turns.take('topic', 'e');
  });

  it('keeps things apart', async () => {
    const turns = new Turns<string>();
    await turns.take('one', 'a');
    await expect(turns.take('two', 'a')).resolves.toBeUndefined();
  });
});
