import { get, type IncomingMessage } from 'node:http';

/** The values of an event stream. The connection closes when the consumer's loop ends. */
export async function* framesOf<T>(url: string): AsyncGenerator<T> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false }, resolve).once('error', reject); // fetch() reconnects when the stream ends
  });
  try {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk);
      const frames = text.split('\n\n');
      text = frames.pop()!;
      for (const frame of frames) yield JSON.parse(frame.split('\ndata: ')[1]!) as T;
    }
  } finally {
    response.destroy();
  }
}
