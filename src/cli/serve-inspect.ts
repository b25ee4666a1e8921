import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecretFile } from '../authority/keys.ts';
import type { Inspector } from '../inspect/inspector.ts';
import type { InspectorServer } from '../inspect/inspector-server.ts';
import { CliError, EXIT } from './exit.ts';

/** The live actors of a running `serve`, for whoever has the address. */
export interface ServeInspection {
  readonly inspector: Inspector;
  /** Lets people look from now on; what to tell them. Rejects when it cannot listen. */
  serve(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Loaded only where it is wanted. `isShown`: the addresses are printed; otherwise they are left in `folder`, because
 * what a service prints is kept, and read by others. */
export async function openInspection(
  { port }: { readonly port: number },
  { folder, isShown }: { readonly folder: string; readonly isShown: boolean },
): Promise<ServeInspection> {
  const [{ Inspector }, { startInspectorServer }] = await Promise.all([
    import('../inspect/inspector.ts'),
    import('../inspect/inspector-server.ts'),
  ]);
  const inspector = new Inspector();
  const path = join(folder, 'inspect-url');
  let server: InspectorServer | undefined;
  return {
    inspector,
    serve: async () => {
      server = await startInspectorServer(inspector, { port }).catch((cause: Error) => {
        const message = `the inspector cannot listen (${cause.message}); name another port with --inspect`;
        throw new CliError(EXIT.failed, 'inspect', message, { cause });
      });
      if (isShown) return shownLines(server);
      writeSecretFile(path, addressesOf(server));
      return [`inspector: its addresses are in ${path}`];
    },
    stop: async () => {
      if (!server) return;
      removeOwn(path, addressesOf(server));
      await server.stop();
    },
  };
}

function shownLines({ url, hostedUrl }: InspectorServer): readonly string[] {
  return [`inspector: ${url}`, `  in the Stately inspector, whose page is then sent all of it: ${hostedUrl}`];
}

/** One a line: our own page, then the one of the Stately inspector. */
function addressesOf({ url, hostedUrl }: InspectorServer): string {
  return `${url}\n${hostedUrl}\n`;
}

/** Another gateway on the folder may have put its own there. */
function removeOwn(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
