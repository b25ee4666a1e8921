/** The machines and the policy: pure, without I/O, time or randomness. Read connection.ts and authorization.ts first. */
export * from './authorization.ts';
export type * from './authorization-events.ts';
export * from './connection.ts';
export type * from './connection-setup.ts';
export type * from './denial.ts';
export * from './policy.ts';
export * from './record.ts';
export * from './verdict.ts';
export * from './vocabulary.ts';
