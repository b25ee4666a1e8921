import type { Inspector } from '../inspect/inspector.ts';
import { CliError, EXIT } from './exit.ts';

/** The live actors of a running `serve`, for whoever has the address. */
export interface ServeInspection {
  readonly inspector: Inspector;
  /** Lets people look from now on; what to tell them. Rejects when it cannot listen. */
  serve(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Loaded only where it is wanted. */
export async function openInspection({ port }: { readonly port: number }): Promise<ServeInspection> {
  const [{ Inspector }, { startInspectorServer }] = await Promise.all([
    import('../inspect/inspector.ts'),
    import('../inspect/inspector-server.ts'),
  ]);
  const inspector = new Inspector();
  let stopServer: () => Promise<void> = async () => {};
  return {
    inspector,
    serve: async () => {
      const server = await startInspectorServer(inspector, { port }).catch((cause: Error) => {
        const message = `the inspector cannot listen (${cause.message}); name another port with --inspect`;
        throw new CliError(EXIT.failed, 'inspect', message, { cause });
      });
      stopServer = server.stop;
      return [
        `inspector: ${server.url}`,
        `  in the Stately inspector, whose page is then sent all of it: ${server.hostedUrl}`,
      ];
    },
    stop: () => stopServer(),
  };
}
