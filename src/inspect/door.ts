import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** An answer to who may not come in. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Decides who may look. */
export interface Door {
  /** Lets a viewer in; never told to anybody but who started the inspector. */
  readonly token: string;
  /** Null for a request that came by one of our names. Somebody else's name that was made to point here (DNS
   * rebinding) is none. */
  refusesPage(request: IncomingMessage): Refusal | null;
  /** Null for a viewer: our name, our page or no page at all, and the token. */
  refusesViewer(request: IncomingMessage): Refusal | null;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The door of a server on this port of loopback. */
export function openDoor(port: number): Door {
  const token = randomBytes(32).toString('base64url');
  const expected = digest(token);
  // Browsers leave out the port that is everybody's.
  const hosts = ['127.0.0.1', 'localhost'].map((name) => (port === 80 ? name : `${name}:${port}`));
  const origins = hosts.map((host) => `http://${host}`);
  const refusesPage = ({ headers }: IncomingMessage): Refusal | null =>
    hosts.includes(headers.host ?? '')
      ? null
      : { status: 421, text: `this inspector goes by ${hosts.join(' and ')} only` };
  return {
    token,
    refusesPage,
    refusesViewer: (request) => {
      const refused = refusesPage(request);
      if (refused) return refused;
      const { origin } = request.headers;
      if (origin !== undefined && !origins.includes(origin)) {
        return { status: 403, text: 'pages of other origins may not look' };
      }
      // The path is a stranger's, and `new URL` throws at some of them.
      const [, query] = (request.url ?? '').split('?');
      const given = new URLSearchParams(query).get('token') ?? '';
      // Digests have one length, so that the comparison tells nothing of the token's.
      if (!timingSafeEqual(digest(given), expected)) {
        return {
          status: 401,
          text: 'the token is missing or wrong: use the address that was given at the start',
        };
      }
      return null;
    },
  };
}
