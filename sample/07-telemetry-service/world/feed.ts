/** Events of an SSE response, as they arrive. */
export async function* eventsOf<T>(url: string, signal?: AbortSignal): AsyncGenerator<T> {
  const { body } = await fetch(url, { headers: { accept: 'text/event-stream' }, ...(signal && { signal }) });
  let text = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop()!;
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) yield JSON.parse(data.slice('data: '.length)) as T;
    }
  }
}
