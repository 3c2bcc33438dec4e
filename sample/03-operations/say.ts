/** Prints one line with its source. */
export function say(who: string, what: string): void {
  console.log(`${who.padEnd(8)} | ${what}`);
}
