/**
 * What every store must do, as data: `antechamber/testing`. It needs no test runner, so a store that is not ours is
 * held to the same rules:
 *
 *     for (const { name, check } of storeContract) it(name, () => check(freshOpen()));
 *
 * Each check gets an `open` of its own. Called twice within one check it opens the same backing twice, as two processes
 * would; in another check it starts empty. The check closes what it opened.
 */
import { changeChecks } from './contract-changes.ts';
import { feedChecks } from './contract-feed.ts';
import type { StoreCheck } from './contract-fixtures.ts';
import { memoChecks } from './contract-memos.ts';
import { pruneChecks } from './contract-prune.ts';
import { queryChecks } from './contract-queries.ts';
import { togetherChecks } from './contract-together.ts';

export type { StoreCheck } from './contract-fixtures.ts';

export const storeContract: readonly StoreCheck[] = [
  ...changeChecks,
  ...togetherChecks,
  ...queryChecks,
  ...feedChecks,
  ...memoChecks,
  ...pruneChecks,
];
