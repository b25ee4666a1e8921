import { byId, hear } from './frames.js';

/** The one origin that `@statelyai/inspect` itself goes to. */
const INSPECTOR = 'https://stately.ai';

const iframe = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'));
/**
 * How each actor was introduced and how it stands, by session: the inspector may load late, or again, and forgets all
 * that it was told.
 *
 * @type {Map<string, any[]>}
 */
const live = new Map();
let isConnected = false;

/** @param {any} frame */
function remember(frame) {
  const { type, sessionId, snapshot } = frame;
  if (type === '@xstate.actor') live.set(sessionId, [frame]);
  else if (snapshot?.status === 'stopped') live.delete(sessionId);
  else if (snapshot) live.set(sessionId, [...(live.get(sessionId) ?? []).slice(0, 1), frame]);
}

/** @param {any} frame */
function pass(frame) {
  iframe.contentWindow?.postMessage(frame, INSPECTOR);
}

addEventListener('message', (event) => {
  if (event.source !== iframe.contentWindow || event.origin !== INSPECTOR) return;
  if (event.data?.type !== '@statelyai.connected') return;
  isConnected = true;
  for (const frame of [...live.values()].flat()) pass(frame);
});
iframe.src = `${INSPECTOR}/inspect`;

hear(
  (frame) => {
    remember(frame);
    if (isConnected) pass(frame);
  },
  (status) => {
    byId('status').textContent = status;
  },
);
