import { useEffect, useState } from 'preact/hooks';

export type View = 'waiting' | 'devices' | 'fleet';

export interface Route {
  readonly view: View;
  /** Of the device that is shown by itself. */
  readonly deviceId: string | null;
  /** Of the request to go to, with its revision or without. */
  readonly requestId: string | null;
}

function read(): Route {
  const [, view = '', id] = location.hash.split('/');
  if (view === 'device' && id) return { view: 'devices', deviceId: id, requestId: null };
  const requestId = view === 'request' && id ? id : null;
  return { view: view === 'devices' || view === 'fleet' ? view : 'waiting', deviceId: null, requestId };
}

export function linkTo(view: View): string {
  return `#/${view}`;
}

export function linkToDevice(deviceId: string): string {
  return `#/device/${deviceId}`;
}

/** All that wait, where it is empty. */
export function linkToRequest(requestId: string): string {
  return requestId === '' ? linkTo('waiting') : `#/request/${requestId}`;
}

export function go(link: string): void {
  location.hash = link;
}

export function useRoute(): Route {
  const [route, follow] = useState(read);
  useEffect(() => {
    const changed = (): void => {
      follow(read());
      scrollTo(0, 0);
      // The link that led here may be gone: whoever uses keys or listens begins at the new view.
      document.getElementById('main')?.focus({ preventScroll: true });
    };
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
