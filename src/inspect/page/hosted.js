import { byId, hear } from './frames.js';

const OURS = /^https:\/\/([a-z0-9-]+\.)*stately\.ai$/;
/** Frames that came before the inspector was there; the first of them are the actors as they stand. */
const MOST_HELD = 5000;

const iframe = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'));
/** @type {any[]} */
let held = [];
let origin = '';

/** @param {any} frame */
function pass(frame) {
  iframe.contentWindow?.postMessage(frame, origin);
}

addEventListener('message', (event) => {
  if (event.source !== iframe.contentWindow || !OURS.test(event.origin)) return;
  if (event.data?.type !== '@statelyai.connected') return;
  origin = event.origin;
  for (const frame of held) pass(frame);
  held = [];
});
iframe.src = 'https://stately.ai/inspect';

hear(
  (frame) => {
    if (origin) pass(frame);
    else if (held.length < MOST_HELD) held.push(frame);
  },
  (status) => {
    byId('status').textContent = status;
  },
);
