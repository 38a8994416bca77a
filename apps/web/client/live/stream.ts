import type { MyPageResource } from '@jumun/contracts';

/** Beats come every five seconds. */
const SILENCE_MS = 15_000;
const RETRY_MS = 3_000;

export type LiveState = 'connecting' | 'live' | 'polling';

export interface StreamListener {
  /** Where the stream begins anew: what was shown may be old. */
  onGap(): void;
  /** An order's present state. */
  onPage(page: MyPageResource): void;
  onState(state: LiveState): void;
}

/** Makes the browser's connection; tests give another. */
export type Connect = (url: string) => EventSource;

/**
 * Follows the live view (`GET /myPages/events`). The browser reconnects by itself and says from where on; where it gives up, or
 * nothing is heard for too long, the stream is opened again, and until then its listener is told to poll.
 * @returns ends it
 */
export function followView(
  url: string,
  listener: StreamListener,
  connect: Connect = address => new EventSource(address),
): () => void {
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function heard(): void {
    clearTimeout(silence);
    silence = setTimeout(reopen, SILENCE_MS);
  }

  function open(): void {
    const it = connect(url);
    source = it;
    heard();
    it.addEventListener('hello', event => {
      heard();
      listener.onState('live');
      if (!(JSON.parse(event.data) as { resumed: boolean }).resumed) listener.onGap();
    });
    it.addEventListener('myPage', event => {
      heard();
      listener.onPage(JSON.parse(event.data) as MyPageResource);
    });
    it.addEventListener('beat', heard);
    it.addEventListener('error', () => {
      listener.onState('polling');
      // Where it is still connecting, the browser tries again by itself, with the last event's id.
      if (it.readyState === it.CLOSED) reopen();
    });
  }

  function reopen(): void {
    listener.onState('polling');
    source?.close();
    clearTimeout(silence);
    clearTimeout(retry);
    retry = setTimeout(open, RETRY_MS);
  }

  listener.onState('connecting');
  open();
  return () => {
    source?.close();
    clearTimeout(silence);
    clearTimeout(retry);
  };
}
