/** The tests that must notice, in groups that know of each other nothing: what each expects is stated anew. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** Of the tests' full names; all when absent. */
  readonly only?: string;
}

/** What judges any mistake. */
const BEYOND: readonly Suite[] = [
  { name: 'simulation', files: ['test/simulate'] },
  { name: 'gateway', files: ['test/gateway', 'test/stories/seed.test.ts'] },
  { name: 'catalogue', files: ['test/catalogue'] },
  { name: 'explorer', files: ['test/explore'] },
];

const UNITS: Suite = {
  name: 'units',
  files: ['test/protocol', 'test/authority', 'test/store', 'test/machines/policy.test.ts'],
};
const MODEL: Suite = {
  name: 'model',
  files: ['test/model/connection.test.ts', 'test/model/authorization.test.ts'],
};

/** What a mistake is in: a machine's table, the gateway, or what lies below it. */
export type Family = 'connection' | 'authorization' | 'gateway' | 'core';

/** Which suites judge a mistake, those first that are quick to notice it. */
export const SUITES: Readonly<Record<Family, readonly Suite[]>> = {
  connection: [
    { name: 'rules', files: ['test/machines/connection.test.ts'], only: '^(?!every event in every state)' },
    { name: 'table', files: ['test/machines/connection.test.ts'], only: '^every event in every state' },
    { name: 'model', files: ['test/model/connection.test.ts'] },
    { name: 'every event', files: ['test/model/every-event.test.ts'] },
    ...BEYOND,
  ],
  authorization: [
    { name: 'stories', files: ['test/machines/stories.test.ts'] },
    { name: 'rules', files: ['test/machines/authorization.test.ts'] },
    { name: 'authority', files: ['test/authority'] },
    { name: 'model', files: ['test/model/authorization.test.ts'] },
    { name: 'every call', files: ['test/model/every-call.test.ts'] },
    ...BEYOND,
  ],
  core: [UNITS, ...BEYOND, MODEL],
  gateway: [...BEYOND, UNITS, MODEL],
};
