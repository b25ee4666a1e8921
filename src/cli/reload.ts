import type { SharedAuth } from '../gateway/credentials.ts';
import type { Gateway } from '../gateway/server.ts';
import { failureOf } from './failure.ts';
import type { ServeLog } from './log.ts';

export interface Reloading {
  readonly gateway: Pick<Gateway, 'setAuth' | 'reloadTls'>;
  readonly logging: ServeLog;
  /** Reads the shared secret again, where it comes from a file. */
  readonly readAuth: () => SharedAuth;
}

/**
 * Makes what SIGHUP does: the log file is opened again (it was moved away), certificate and shared secret are read
 * again. Sessions of an old secret end only when it changed. What cannot be read leaves everything as it is.
 */
export function makeReload({ gateway, logging, readAuth }: Reloading, before: SharedAuth): () => void {
  let current = before;
  return () => {
    try {
      logging.reopen();
      gateway.reloadTls();
      const next = readAuth();
      if (JSON.stringify(next) !== JSON.stringify(current)) gateway.setAuth(next);
      current = next;
      logging.log.info('read certificate and shared secret again');
    } catch (error) {
      logging.log.error({ err: error }, `not reloaded, all stays as it was: ${failureOf(error).message}`);
    }
  };
}
