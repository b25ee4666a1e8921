/** Where it is told that an embedder's callback failed; a pino logger fits. */
export interface FailureLog {
  error(fields: object, message: string): void;
}

/**
 * Calls an embedder back. What that throws, or rejects with later, is logged as `failure` with `fields`, and changes
 * nothing: what it is told of has happened by then.
 */
export function callEmbedder(
  log: FailureLog,
  failure: string,
  call: () => unknown,
  fields: object = {},
): void {
  const failed = (err: unknown): void => {
    try {
      log.error({ ...fields, err }, failure);
    } catch {
      // The log is the embedder's, too. Nobody is left to be told.
    }
  };
  try {
    const answer = call();
    // An async function passes for one that answers nothing, and a rejection that nobody hears ends the process.
    if (answer instanceof Promise) answer.catch(failed);
  } catch (error) {
    failed(error);
  }
}
