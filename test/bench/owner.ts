/** An owner in a process of its own, who approves on the same SQLite file (`antechamber devices approve`). */
import type { Authority } from '../../src/authority/authority.ts';
import { answerCommands } from './child.ts';
import { approveAs, openAuthority } from './house.ts';

let authority: Authority | undefined;

answerCommands<{ readonly folder: string; readonly requestId: string }>(
  {
    open: async ({ folder }) => {
      authority = await openAuthority(folder);
    },
    /** Gives the moment at which the approval began, on the clock that all processes of a machine share. */
    approve: async ({ requestId }) => {
      if (!authority) throw new Error('open first');
      const startedNs = process.hrtime.bigint();
      await approveAs(authority, requestId);
      return String(startedNs);
    },
  },
  () => authority?.store.close(),
);
