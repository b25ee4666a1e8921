// Runs inside a fresh installation: the shipped store against the shipped contract.
import { randomUUID } from 'node:crypto';
import { openSqliteStore } from 'antechamber/store/sqlite';
import { storeContract } from 'antechamber/testing';

for (const { name, check } of storeContract) {
  const path = `${randomUUID()}.sqlite`;
  await check(() => openSqliteStore({ path })).catch((cause) => {
    throw new Error(`the store breaks the rule: ${name}`, { cause });
  });
}
process.stdout.write(`${storeContract.length} rules\n`);
