/** The token of the address, which is taken out of it: it would stay in the history otherwise. A reload has it still. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    sessionStorage.setItem('token', given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem('token') ?? '';
}

/**
 * Hears every frame, until the gateway stops.
 *
 * @param {(frame: any) => void} onFrame
 * @param {(status: string) => void} onStatus
 */
export function hear(onFrame, onStatus) {
  const socket = new WebSocket(`ws://${location.host}/?token=${encodeURIComponent(takeToken())}`);
  let wasOpen = false;
  socket.onopen = () => {
    wasOpen = true;
    onStatus('connected');
  };
  socket.onmessage = ({ data }) => onFrame(JSON.parse(data));
  socket.onclose = () =>
    onStatus(
      wasOpen
        ? 'the gateway has stopped; its next start gives another address'
        : 'refused: use the address that the gateway gave at its start',
    );
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
