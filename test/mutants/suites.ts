/** The tests that must notice, in groups that know of each other nothing: what each expects is stated anew. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** Of the tests' full names; all when absent. */
  readonly only?: string;
}

/** Which suites judge a mistake, the quickest first. */
export const SUITES: Readonly<Record<'connection' | 'authorization' | 'runtime', readonly Suite[]>> = {
  connection: [
    { name: 'rules', files: ['test/machines/connection.test.ts'], only: '^(?!every event in every state)' },
    { name: 'model', files: ['test/model/connection.test.ts'] },
    { name: 'gateway', files: ['test/gateway', 'test/stories/seed.test.ts'] },
    { name: 'catalogue', files: ['test/catalogue'] },
    { name: 'table', files: ['test/machines/connection.test.ts'], only: '^every event in every state' },
  ],
  authorization: [
    { name: 'rules', files: ['test/machines/authorization.test.ts', 'test/machines/stories.test.ts'] },
    { name: 'authority', files: ['test/authority'] },
    { name: 'gateway', files: ['test/gateway', 'test/stories/seed.test.ts'] },
    { name: 'catalogue', files: ['test/catalogue'] },
    { name: 'model', files: ['test/model/authorization.test.ts'] },
  ],
  runtime: [
    {
      name: 'units',
      files: ['test/protocol', 'test/authority', 'test/store', 'test/machines/policy.test.ts'],
    },
    { name: 'gateway', files: ['test/gateway', 'test/stories/seed.test.ts'] },
    { name: 'catalogue', files: ['test/catalogue'] },
    { name: 'model', files: ['test/model'] },
  ],
};
