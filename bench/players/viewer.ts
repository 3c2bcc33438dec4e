// Looks at the inspector of somebody else: reads what it is sent, as the page does.
import { play, playerParameters } from '../harness/player.js';

export interface ViewerParameters {
  readonly page: string;
}

const { page } = playerParameters<ViewerParameters>();
const response = await fetch(`${page}/snapshots`);
const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
let looking = response.ok;
let snapshots = 0;

async function read(): Promise<void> {
  for (let next = await reader.read(); !next.done; next = await reader.read())
    snapshots += next.value.split('event: snapshot').length - 1;
  looking = false;
}

/** Snapshots so far. @throws Error when there will be no more */
function seen(): number {
  if (!looking) throw new Error(`The inspector does not let it look: ${response.status}`);
  return snapshots;
}

void read();
play({ seen });
