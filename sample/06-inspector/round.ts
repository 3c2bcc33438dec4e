interface Snapshot {
  readonly deadLetters: { readonly all: number };
  readonly handlers: { readonly shown: readonly { readonly template: string; readonly failures: number }[] };
}

/** Reads the page like a browser, until it shows the broken sensor. @returns the problems */
export async function playRound(address: string): Promise<string[]> {
  const problems: string[] = [];
  const page = await (await fetch(address)).text();
  if (!page.includes('<title>MQTT inspector</title>')) problems.push('the page is missing');
  const response = await fetch(`${address}/snapshots`);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const snapshots = text.split('\n').filter((line) => line.startsWith('data: '));
    text = text.slice(text.lastIndexOf('\n\n') + 2);
    for (const line of snapshots) {
      const { deadLetters, handlers } = parsed(line) ?? { deadLetters: { all: 0 }, handlers: { shown: [] } };
      if (deadLetters.all === 0) continue;
      const failing = handlers.shown.filter(({ failures }) => failures > 0).map(({ template }) => template);
      if (failing.join() !== 'greenhouse/{house}/temperature') problems.push(`failures of ${failing.join()}`);
      return problems;
    }
  }
  return [...problems, 'the event stream ended early'];
}

/** Undefined for an incomplete line. */
function parsed(line: string): Snapshot | undefined {
  try {
    return JSON.parse(line.slice('data: '.length)) as Snapshot;
  } catch {
    return undefined;
  }
}
