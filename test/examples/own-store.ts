import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { storeContract } from 'antechamber/testing';
import { openTimedStore } from './timed-store.ts';

/** Rejects with the first rule that the store breaks. A test runner would make one test of each. */
export async function checkOwnStore(folder: string, onSaved: (ms: number) => void) {
  for (const { check } of storeContract) {
    // Each rule begins with an empty store, and may open it twice, as two processes would.
    const path = join(folder, `${randomUUID()}.sqlite`);
    await check(() => openTimedStore(path, onSaved));
  }
}
